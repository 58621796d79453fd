using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Training;

namespace KsLottery.Demo;

/// <summary>The paper's experiment from nothing: text, pairs and a base, and the plan of what to do with them.</summary>
/// <remarks>All of it stands in a folder as the tool's commands write it, so that each step can be repeated by hand.</remarks>
/// <param name="settings">Its size.</param>
/// <param name="folder">An empty folder, which everything is written into.</param>
public sealed class DemoExperiment(DemoSettings settings, string folder)
{
    private const string BaseName = "base", TokenizerName = "tokenizer.json", TrainingName = "train.tsv", TestName = "test.tsv";

    private readonly DemoCorpus _corpus = new(DemoSettings.Seed, settings.Target);

    /// <summary>Every arm on the pairs; to be run in the same folder once base and pairs are there.</summary>
    public ExperimentPlan Plan => new()
    {
        Base = Place(BaseName),
        Template = PromptTemplate.Plain,
        Tasks = [new(settings.Target.Name, Place(TrainingName), Place(TestName), Language.English.Name, settings.Target.Name)],
        Seeds = [DemoSettings.Seed],
        Training = DemoSettings.Tuning,
        Rates = DemoSettings.Rates,
        MaxNewTokens = DemoSettings.MaxNewTokens,
        Slots = DemoSettings.Slots,
    };

    /// <summary>Generates the text, learns a vocabulary from it, and trains the base.</summary>
    /// <param name="device">Where it is computed.</param>
    /// <param name="progress">Reports each step.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public DemoBase Pretrain(ComputeDevice device, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> documents = _corpus.PretrainText(settings.Characters);
        BpeTrainer.Train(documents, DemoSettings.Vocabulary, BpePattern.Gpt2).Write(folder);
        Tokenizer tokenizer = Tokenizer.Open(Place(TokenizerName));
        LlamaConfig config = new()
        {
            Width = DemoSettings.Width,
            FeedForwardWidth = DemoSettings.FeedForward,
            LayerCount = DemoSettings.Layers,
            Attention = new(DemoSettings.Heads, DemoSettings.Heads, DemoSettings.Width / DemoSettings.Heads),
            VocabularySize = tokenizer.Count,
            MaxLength = DemoSettings.MaxLength,
            NormEpsilon = 1e-5,
            BosTokenId = tokenizer.BosId,
            EosTokenIds = [tokenizer.EosId!.Value],
        };
        TextSequences text = TextSequences.Encode(documents, tokenizer, tokenizer.Count, DemoSettings.Length);
        using PretrainingRun run = new(config, text, device.Operations,
            new() { Plan = settings.Pretraining, Out = Place(BaseName), Tokenizer = Place(TokenizerName) });
        return new(config, text.Training.Sum(s => (long)s.RowCount), run.Run(progress, cancellationToken));
    }

    /// <summary>Writes the pairs to tune and to score on.</summary>
    public void WritePairs(CancellationToken cancellationToken)
    {
        Write(TrainingName, DemoSplit.Training, settings.TrainingPairs);
        Write(TestName, DemoSplit.Test, settings.TestPairs);

        void Write(string name, DemoSplit split, int count) => AtomicFile.WriteText(Place(name),
            string.Concat(_corpus.Pairs(count, split).Select(p => $"{p.English}\t{p.Target}\n")), cancellationToken);
    }

    private string Place(string name) => Path.Combine(folder, name);
}

/// <summary>The base that the demo trained.</summary>
/// <param name="Config">Its shape.</param>
/// <param name="Tokens">Tokens of the text that it learned from.</param>
/// <param name="Summary">What came of the training.</param>
public sealed record DemoBase(LlamaConfig Config, long Tokens, TrainingSummary Summary);
