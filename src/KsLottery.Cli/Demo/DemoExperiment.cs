using KsLottery.Cli.Commands;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Corpora;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Models;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Tokens;
using KsLottery.Engine.Training;

namespace KsLottery.Cli.Demo;

/// <summary>The paper's experiment from nothing: text, pairs and a base, and then what <c>kslottery experiment</c> does with them.</summary>
/// <remarks>
/// All of it stands in a folder as the tool's commands write it, <c>experiment.json</c> among it, so that each step can be repeated by hand.
/// </remarks>
/// <param name="settings">Its size.</param>
/// <param name="folder">An empty folder, which everything is written into.</param>
/// <param name="device">Where it is computed.</param>
/// <param name="ui">Hears what happens.</param>
/// <param name="cancel">Stops between steps.</param>
internal sealed class DemoExperiment(DemoSettings settings, string folder, ComputeDevice device, ConsoleUi ui, CancellationToken cancel)
{
    private const string BaseName = "base", TokenizerName = "tokenizer.json", TrainingName = "train.tsv", TestName = "test.tsv";

    private readonly DemoCorpus _corpus = new(DemoSettings.Seed, settings.Target);

    /// <param name="kept">The folder's name where it stays; null where it does not.</param>
    /// <param name="elapsed">How long it took, asked for at the end.</param>
    public void Run(string? kept, Func<TimeSpan> elapsed)
    {
        Pretrain();
        WritePairs(TrainingName, DemoSplit.Training, settings.TrainingPairs);
        WritePairs(TestName, DemoSplit.Test, settings.TestPairs);
        ExperimentPlan plan = new()
        {
            Base = Place(BaseName),
            Template = PromptTemplate.Plain,
            Tasks = [new(settings.Target.Name, Place(TrainingName), Place(TestName), Tongue.English.Name, settings.Target.Name)],
            Seeds = [DemoSettings.Seed],
            Training = DemoSettings.Tuning,
            Rates = DemoSettings.Rates,
            MaxNewTokens = DemoSettings.MaxNewTokens,
            Slots = DemoSettings.Slots,
        };
        Say("the experiment: every arm takes the same steps over the same pairs");
        ui.Flush();
        using ExperimentConsole console = new(ui, plan, ExperimentPart.Whole) { TicketFound = ShowTicket };
        using ExperimentRun run = new(plan, folder, device, console);
        run.Run(cancel);
        new ExperimentReport(run, ui).Write(NumberText.Seconds(elapsed()) + (kept is null
            ? "; demo --keep DIR keeps data, models, ticket and patches to go on with"
            : $"; everything stands in {ConsoleUi.OneLine(kept)}, and experiment.json there says how to do it again"));
    }

    private void Pretrain()
    {
        Say($"a base from generated text, English and {settings.Target.Name}");
        IReadOnlyList<string> documents = _corpus.PretrainText(settings.Characters);
        BpeTrainer.Train(documents, DemoSettings.Vocabulary, BpePattern.Gpt2).Write(Place(""));
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
        TrainingSummary summary;
        ui.Flush();
        using (ProgressLine line = ui.StartProgress()) summary = run.Run(TrainingReport.ShowOn(line), cancel);
        ui.WriteLine($"  {Sizes.Count(config.ParameterCount, "weight")}, {Sizes.Count(text.Training.Sum(s => (long)s.RowCount), "token")} "
            + $"seen {NumberText.Real(settings.Epochs)} times; loss {NumberText.Fixed(summary.EvalLossBefore ?? double.NaN, 2)} before, "
            + $"{NumberText.Fixed(summary.EvalLossAfter ?? double.NaN, 2)} after, on text held out");
    }

    private void WritePairs(string name, DemoSplit split, int count) =>
        AtomicFile.WriteText(Place(name), string.Concat(_corpus.Pairs(count, split).Select(p => $"{p.English}\t{p.Target}\n")), cancel);

    private void ShowTicket(FoundTicket found)
    {
        if (ui.IsJson) return;
        Say("the Kolmogorov-Smirnov test on every row before and after Embed Tuning");
        FindOptions options = new() { Base = BaseName, Tuned = BaseName, ShownOut = Path.GetFileName(found.Folder) };
        new FindReport(ui, options, found.Ticket, found.Rows, found.Tokens)
        {
            TunedTensor = found.Ticket.Origin.Tensor,
            IsEmbedding = true,
            IsTunedTied = found.Ticket.Origin.IsTied,
            Elapsed = found.Rows.Scan.Elapsed,
            Files = [TicketFile.FileName, RowsFile.FileName],
        }.Write();
        ui.Flush();
    }

    private void Say(string what)
    {
        cancel.ThrowIfCancellationRequested();
        ui.WriteLine();
        ui.WriteLine($"== {what}");
    }

    private string Place(string name) => Path.Combine(folder, name);
}
