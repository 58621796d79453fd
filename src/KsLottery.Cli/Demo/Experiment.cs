using KsLottery.Cli.Commands;
using KsLottery.Engine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Corpora;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Models;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Tokens;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli.Demo;

/// <summary>The paper's experiment from nothing: a base, Embed Tuning, the ticket, Partial Transfer and Tuning, and the controls.</summary>
/// <remarks>Every model and patch stands in a folder as the tool's commands write it, so that each step can be repeated by hand.</remarks>
internal sealed class Experiment : IDisposable
{
    private readonly ExperimentSettings _settings;
    private readonly string _folder;
    private readonly ConsoleUi _ui;
    private readonly CancellationToken _cancel;
    private readonly DeviceOption _deviceOption;
    private readonly ComputeDevice _device;
    private readonly DemoCorpus _corpus;

    /// <param name="settings">Its size.</param>
    /// <param name="folder">An empty folder, which everything is written into.</param>
    /// <param name="device">Where it is computed.</param>
    /// <param name="ui">Hears what happens.</param>
    /// <param name="cancel">Stops between steps.</param>
    public Experiment(ExperimentSettings settings, string folder, DeviceOption device, ConsoleUi ui, CancellationToken cancel)
    {
        (_settings, _folder, _ui, _cancel) = (settings, folder, ui, cancel);
        (_deviceOption, _device) = (device, device.Open(DeviceWork.Model));
        _corpus = new(ExperimentSettings.Seed, settings.Target);
    }

    /// <summary>The rows that passed alpha, as <c>find</c> reports them.</summary>
    public Ticket Ticket { get; private set; } = null!;

    /// <summary>The lines of the table so far.</summary>
    public List<ExperimentArm> Arms { get; } = [];

    public void Dispose() => _device.Dispose();

    public void Run()
    {
        Pretrain();
        Tokenizer tokenizer = Tokenizer.Open(Place("base"));
        SampleEncoder encoder = new(tokenizer, tokenizer.Count, ExperimentSettings.MaxLength);
        IReadOnlyList<TrainingSample> training = Encode(encoder, "train.tsv", DemoSplit.Training, _settings.TrainingPairs);
        IReadOnlyList<TrainingSample> test = Encode(encoder, "test.tsv", DemoSplit.Test, _settings.TestPairs);
        TokenSequence[] sequences = [.. training.Select(s => s.Sequence)];
        Scoring score = new(this, tokenizer, test);

        score.Model("base", "base", null, 0);
        Tune("embed", "Embed Tuning: every row of the embedding", TrainingScope.Embedding, ExperimentSettings.Embedding, sequences);
        score.Model("Embed Tuning", "embed", ExperimentSettings.Vocabulary, (long)ExperimentSettings.Vocabulary * ExperimentSettings.Width);
        Find();
        if (Ticket.Entries.Count > 0)
        {
            int[] rows = [.. Ticket.Ids];
            score.Patch("Partial Transfer", Place("ticket"));
            Tune("partial", "Partial Tuning: the ticket's rows from the base", TrainingScope.Ticket(rows), ExperimentSettings.Rows, sequences);
            score.Patch("Partial Tuning", Place("partial"));
            score.RandomDelta("random delta", Place("partial"));
            IReadOnlyList<int> random = RowChoice.Random(tokenizer.Names, tokenizer.Count, rows.Length, ExperimentSettings.Seed);
            Tune("random", "control: as many random rows", TrainingScope.Ticket(random), ExperimentSettings.Rows, sequences);
            score.Patch("random rows", Place("random"));
            IReadOnlyList<int> frequent = RowChoice.MostFrequent(sequences, rows.Length);
            Tune("frequent", "control: as many of the most frequent tokens", TrainingScope.Ticket(frequent), ExperimentSettings.Rows, sequences);
            score.Patch("frequent tokens", Place("frequent"));
        }
        Tune("newline", "control: the newline's row alone", TrainingScope.Ticket(tokenizer.Encode("\n")), ExperimentSettings.Rows, sequences);
        score.Patch("newline alone", Place("newline"));
        Tune("full", "Full Tuning: every weight", TrainingScope.Full, ExperimentSettings.Full, sequences);
        score.Model("Full Tuning", "full", null, LlamaConfig.Load(Place("full")).ParameterCount);
        ExperimentTable.Write(Place(ExperimentTable.FileName), Arms, _cancel);
    }

    private void Pretrain()
    {
        Say($"a base from generated text, English and {_settings.Target.Name}");
        IReadOnlyList<string> documents = _corpus.PretrainText(_settings.Characters);
        BpeTrainer.Train(documents, ExperimentSettings.Vocabulary, BpePattern.Gpt2).Write(Place(""));
        Tokenizer tokenizer = Tokenizer.Open(Place(TokenizerName));
        LlamaConfig config = new()
        {
            Width = ExperimentSettings.Width,
            FeedForwardWidth = ExperimentSettings.FeedForward,
            LayerCount = ExperimentSettings.Layers,
            Attention = new(ExperimentSettings.Heads, ExperimentSettings.Heads, ExperimentSettings.Width / ExperimentSettings.Heads),
            VocabularySize = tokenizer.Count,
            MaxLength = ExperimentSettings.MaxLength,
            NormEpsilon = 1e-5,
            BosTokenId = tokenizer.BosId,
            EosTokenIds = [tokenizer.EosId!.Value],
        };
        TextSequences text = TextSequences.Encode(documents, tokenizer, tokenizer.Count, ExperimentSettings.Length);
        using PretrainingRun run = new(config, text, _device.Operations,
            new() { Plan = _settings.Pretraining, Out = Place("base"), Tokenizer = Place(TokenizerName) });
        TrainingSummary summary = Train(run.Run);
        _ui.WriteLine($"  {Sizes.Count(config.ParameterCount, "weight")}, {Sizes.Count(text.Training.Sum(s => (long)s.RowCount), "token")} "
            + $"seen {NumberText.Real(_settings.Epochs)} times; loss {NumberText.Fixed(summary.EvalLossBefore ?? double.NaN, 2)} before, "
            + $"{NumberText.Fixed(summary.EvalLossAfter ?? double.NaN, 2)} after, on text held out");
    }

    private IReadOnlyList<TrainingSample> Encode(SampleEncoder encoder, string name, DemoSplit split, int count)
    {
        IReadOnlyList<DemoTranslation> pairs = _corpus.Pairs(count, split);
        AtomicFile.WriteText(Place(name), string.Concat(pairs.Select(p => $"{p.English}\t{p.Target}\n")), _cancel);
        return encoder.Encode(ParallelText.Read(Place(name)), PromptTemplate.Plain, Tongue.English.Name, _settings.Target.Name).Samples;
    }

    private void Tune(string name, string what, TrainingScope scope, TrainingPlan plan, TokenSequence[] sequences)
    {
        Say(what);
        using Checkpoint basis = Checkpoint.Open(Place("base"));
        using TuningRun run = new(basis, scope, sequences, [], _device.Operations, new() { Plan = plan, Out = Place(name), Signature = what }, _cancel);
        TrainingSummary summary = Train(run.Run);
        string frozen = summary.FrozenFingerprint is null ? "" : "; all else has the bytes it had";
        _ui.WriteLine($"  {Sizes.Count(summary.ParameterCount, "parameter")}, {Sizes.Count(summary.StepCount, "step")}: loss "
            + $"{NumberText.Fixed(summary.FirstLoss ?? double.NaN, 2)} at the first, {NumberText.Fixed(summary.LastLoss ?? double.NaN, 2)} at the last{frozen}");
    }

    private TrainingSummary Train(Func<IProgress<TrainingProgress>, CancellationToken, TrainingSummary> run)
    {
        _ui.Flush();
        using ProgressLine line = _ui.StartProgress();
        return run(TrainingReport.ShowOn(line), _cancel);
    }

    private void Find()
    {
        Say("the Kolmogorov-Smirnov test on every row before and after Embed Tuning");
        FindOptions options = new() { Base = Place("base"), Tuned = Place("embed"), Out = Place("ticket"), ShownOut = "ticket", Device = _deviceOption };
        FindReport report = FindCommand.Run(options, _ui, _cancel);
        Ticket = report.Ticket;
        if (!_ui.IsJson) report.Write();
    }

    private void Say(string what)
    {
        _cancel.ThrowIfCancellationRequested();
        _ui.WriteLine();
        _ui.WriteLine($"== {what}");
    }

    private string Place(string name) => Path.Combine(_folder, name);

    private const string TokenizerName = "tokenizer.json";

    /// <summary>Scores models and patches on the test pairs.</summary>
    private sealed class Scoring(Experiment experiment, Tokenizer tokenizer, IReadOnlyList<TrainingSample> test)
    {
        public void Model(string name, string folder, int? rows, long parameters)
        {
            using Checkpoint checkpoint = Checkpoint.Open(experiment.Place(folder));
            using LlamaWeights weights = LlamaWeights.Open(checkpoint, LlamaConfig.Load(checkpoint.Path), experiment._device.Operations);
            Add(name, rows, parameters, weights);
        }

        public void Patch(string name, string folder) =>
            Patch(name, folder, (patch, basis, weights) => PatchOverlay.Apply(patch, basis, weights, experiment._cancel));

        /// <summary>The same rows moved as far as a patch moves them, each in a random direction.</summary>
        public void RandomDelta(string name, string folder) => Patch(name, folder, (patch, _, weights) =>
        {
            SplitMix64 random = new(ExperimentSettings.Seed);
            float[] values = new float[patch.Indices.Count * patch.Width], before = new float[patch.Width], after = new float[patch.Width];
            for (int i = 0; i < patch.Indices.Count; i++)
            {
                patch.BaseRows.GetRow<float>(i).CopyTo(before);
                patch.Rows.GetRow<float>(i).CopyTo(after);
                double distance = Math.Sqrt(before.Zip(after, (a, b) => (double)(b - a) * (b - a)).Sum());
                double[] direction = [.. before.Select(_ => random.NextNormal())];
                double scale = distance / Math.Sqrt(direction.Sum(x => x * x));
                for (int c = 0; c < patch.Width; c++) values[(i * patch.Width) + c] = (float)(before[c] + (scale * direction[c]));
            }
            weights.PutRows(patch.Indices, values);
        });

        private void Patch(string name, string folder, Action<RowPatch, Checkpoint, LlamaWeights> put)
        {
            using RowPatch patch = RowPatch.Open(Path.Combine(folder, RowPatch.FileName));
            using Checkpoint basis = Checkpoint.Open(experiment.Place("base"));
            using LlamaWeights weights = LlamaWeights.Open(basis, LlamaConfig.Load(basis.Path), experiment._device.Operations);
            put(patch, basis, weights);
            Add(name, patch.Indices.Count, patch.Indices.Count * (long)patch.Width, weights);
        }

        private void Add(string name, int? rows, long parameters, LlamaWeights weights)
        {
            using LlamaModel model = new(weights, experiment._device.Operations);
            EvaluationOptions options = new()
            {
                Generation = new() { MaxNewTokens = ExperimentSettings.MaxNewTokens, EosIds = StopTokens.Of(model.Config, tokenizer, []) },
                Slots = ExperimentSettings.Slots,
            };
            using ProgressLine line = experiment._ui.StartProgress();
            line.Report(() => $"scoring {name}");
            EvaluationResult result = Evaluator.Run(model, experiment._device.Operations, tokenizer, test, options, cancellationToken: experiment._cancel);
            experiment.Arms.Add(new(name, rows, parameters, result));
        }
    }
}
