using System.Globalization;
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Training;

/// <summary>One run from its settings to its result: what tuning and pre-training have in common.</summary>
internal sealed class TrainingSession : IDisposable
{
    /// <summary>So many steps show how much is computed at once.</summary>
    private const int MeasuredSteps = 20;

    private const string OutsideKey = "outside", RewindKey = "rewind", DeviceKey = "device";

    private readonly LlamaModel _model;
    private readonly Trainer _trainer;
    private readonly IOperations _operations;
    private readonly IReadOnlyList<TokenBatch> _evaluation;
    private readonly RunOptions _options;
    private readonly KeptStates _kept;
    private readonly long _keptLength;
    private readonly string? _rewind;
    private readonly long _firstStep;
    private readonly LlamaConfig? _teacher;
    private readonly RankGroup _ranks;
    private readonly RankChecks _checks;
    private readonly Objective _objective;

    /// <param name="folder">Where it runs.</param>
    /// <param name="weights">The weights, whose scope is decided.</param>
    /// <param name="operations">Their device.</param>
    /// <param name="training">What to train on.</param>
    /// <param name="evaluation">What to evaluate on; may be empty.</param>
    /// <param name="options">How it goes.</param>
    /// <param name="settings">What decides the run beside plan, options and data.</param>
    /// <param name="writeModel">Writes the model as it is into a folder; null where none is trained as a whole.</param>
    /// <param name="teacher">The teacher, where the plan has distillation.</param>
    public TrainingSession(RunFolder folder, LlamaWeights weights, IOperations operations, IReadOnlyList<TokenSequence> training,
        IReadOnlyList<TokenSequence> evaluation, RunOptions options, IEnumerable<KeyValuePair<string, string>> settings,
        Action<string, CancellationToken>? writeModel, LlamaModel? teacher = null)
    {
        TrainingPlan plan = options.Plan;
        (Folder, _operations, _options, _teacher, _ranks) = (folder, operations, options, teacher?.Config, options.Ranks);
        Batches = new(training, plan.BatchSize, plan.MicroBatchRows, plan.Seed);
        _evaluation = evaluation.Count == 0 ? [] : BatchSchedule.Pack(evaluation, plan.MicroBatchRows);
        TrainerOptions steps = plan.ToOptions(Batches.StepsPerEpoch) with
        {
            Policy = options.Policy,
            Objective = plan.Objective.With(teacher, weights.Config.VocabularySize),
        };
        ThrowIfUnfit(options, weights.Scope!);
        IReadOnlyDictionary<string, string>? rewound = null;
        if ((_rewind = options.Rewind?.File) is not null)
        {
            (long first, rewound) = TrainingState.Describe(_rewind);
            if (first >= steps.Schedule.StepCount)
                throw new ArgumentException($"{_rewind}: the state is of step {first}, and the training has {steps.Schedule.StepCount} "
                    + "steps. Take an earlier state, or train for longer.", nameof(options));
            steps = steps with { FirstStep = first };
        }
        else if (options.Rewind is { } drawn) weights.Draw(drawn.Seed);
        _kept = new(folder, KeptStates.StepsOf(options.KeepStates, steps.FirstStep, steps.Schedule.StepCount), writeModel);
        _keptLength = writeModel is null ? 0 : weights.All.Sum(w => w.Value.Length);
        _firstStep = steps.FirstStep;
        _model = new(weights, operations, plan.Recompute);
        (_checks, _objective) = (new(_ranks, _model, operations), steps.Objective);
        _trainer = new(_model, operations, Batches, steps, _ranks);
        Settings = new Dictionary<string, string>(
        [
            new("version", LibraryVersion.Current), new("gradient-sum", "tree"), new(DeviceKey, operations.Name),
            new("scope", weights.Scope!.Name), .. options.Settings,
            .. plan.Settings(StepCount), .. settings, new("samples", FingerprintOf(training)), new("evaluation", FingerprintOf(evaluation)),
            .. options.Policy is { } policy ? (KeyValuePair<string, string>[])[new(OutsideKey, policy.Line)] : [],
            .. options.Rewind is { } rewind ? (KeyValuePair<string, string>[])
                [new(RewindKey, _rewind is null ? rewind.ToString() : Fingerprint.OfFile(_rewind))] : [],
        ]);
        Notes = rewound is null ? [] : NotesOf(steps.FirstStep,
            [.. RunSettings.Differences(rewound, Settings).Where(s => s.Key is not (OutsideKey or RewindKey))]);
        ThrowIfRanksDiffer();
        folder.ThrowIfOther(Settings);
        IReadOnlyList<TokenBatch>[] measured =
            [.. Enumerable.Range(0, Math.Min(MeasuredSteps, Batches.StepsPerEpoch)).Select(step => Batches.GetStep(step))];
        TokenBatch[] some = [.. measured.SelectMany(step => step)];
        MicroBatchDeal[] deals = [.. measured.Select(step => new MicroBatchDeal(step.Count, _ranks.Size))];
        Notes = [.. Notes, .. NotesOf(deals)];
        EstimatedBytes = TrainingMemory.Estimate(weights.Config, ParameterCount, _trainer.StateLength,
            [.. weights.Changing.Where(w => w.Runs is not null).Select(w => w.Value.Length)], some.Max(b => b.RowCount),
            Math.Max(some.Max(b => b.TargetCount), _evaluation.Max(b => (int?)b.TargetCount) ?? 0), _evaluation.Max(b => (int?)b.RowCount)
                ?? 0, deals.Max(deal => deal.Waiting), plan.Recompute)
            + deals.Max(deal => GradientExchange.BytesOf(ParameterCount, deal))
            + (_teacher is null ? 0 : TrainingMemory.EstimateTeacher(_teacher, some.Max(b => b.RowCount), some.Max(b => b.TargetCount)));
    }

    public RunFolder Folder { get; }

    public BatchSchedule Batches { get; }

    public IReadOnlyDictionary<string, string> Settings { get; }

    /// <summary>What a reader should know of the state that it begins with, in a sentence; none where there is nothing.</summary>
    public IReadOnlyList<string> Notes { get; }

    public long StepCount => _trainer.StepCount;

    public long ParameterCount => _trainer.ParameterCount;

    public long EstimatedBytes { get; }

    public long HostBytes => _trainer.HostBytes;

    /// <summary>Trains, writes and ends the run; of one that is finished and kept only what its metrics say comes back.</summary>
    /// <param name="write">Writes the files, once all steps are done.</param>
    /// <param name="frozen">Says the fingerprint of what did not learn, once the files are written.</param>
    /// <param name="progress">Reports every step.</param>
    /// <param name="cancellationToken">Stops; the state is saved.</param>
    public TrainingSummary Run(Func<TrainedFiles> write, Func<string?>? frozen, IProgress<TrainingProgress>? progress,
        CancellationToken cancellationToken)
    {
        if (Folder.IsFinished)
        {
            TrainingSummary finished = Summarize(MetricsFile.Read(Folder.MetricsPath), new([]), frozen?.Invoke(), isFinite: true);
            return finished with { HasDiverged = Divergence.StandsIn(Folder.Path) };
        }
        TokenBatch first = Batches.GetStep(0)[0];
        _checks.ThrowIfGradientsDiffer(first, _objective.Of([first]));
        if (_ranks.Writes)
        {
            Folder.Begin(Settings);
            _kept.ThrowIfNoRoom(sizeof(float) * (ParameterCount + _trainer.StateLength + _keptLength));
        }
        new TrainingLoop(_trainer, _model, _evaluation, _options.Plan.EvaluateEvery
            ?? Batches.StepsPerEpoch, Folder, Settings, _options.SaveEvery, _kept, _rewind, _ranks)
            .Run(progress, cancellationToken);
        _ranks.Enter("the writing of what was trained");
        _checks.ThrowIfWeightsDiffer();
        TrainedFiles files = new([]);
        bool isFinite = true;
        _ranks.OnFirst(() =>
        {
            files = write();
            DeviceValues values = new(_operations);
            isFinite = _model.Weights.Changing.All(w => values.AreFinite(w.Value, cancellationToken));
        });
        TrainingSummary summary = _ranks.Size == 1
            ? Summarize(MetricsFile.Read(Folder.MetricsPath), files, frozen?.Invoke(), isFinite)
            : SummarizeFirst(files, frozen?.Invoke(), isFinite);
        if (_ranks.Writes) Folder.Finish(Settings, summary.WriteTo);
        return summary;
    }

    /// <summary>The same on all ranks: what rank 0 wrote and read.</summary>
    private TrainingSummary SummarizeFirst(TrainedFiles files, string? frozen, bool isFinite)
    {
        long inexact = _ranks.Largest(files.InexactValues), overflowed = _ranks.Largest(files.OverflowedValues);
        bool isFiniteOnFirst = _ranks.Largest(isFinite ? 0 : 1) == 0;
        string names = _ranks.FirstText(string.Join('\n', files.Names)), print = _ranks.FirstText(frozen ?? "");
        string metrics = _ranks.FirstText(_ranks.Writes ? File.ReadAllText(Folder.MetricsPath) : "");
        return Summarize(MetricsFile.Parse(Folder.MetricsPath, metrics.Split('\n')), new(names.Split('\n'), inexact, overflowed),
            print.Length > 0 ? print : null, isFiniteOnFirst) with
        {
            Traffic = new(_ranks.Size, _trainer.StepsHere, _ranks.Total(_trainer.BytesSent)),
        };
    }

    private TrainingSummary Summarize(IReadOnlyList<StepMetrics> lines, TrainedFiles files, string? frozen, bool isFinite) =>
        TrainingSummary.From(lines, files, ParameterCount, _operations.PeakAllocatedBytes, frozen, isFinite, CostOf);

    public void Dispose()
    {
        _trainer.Dispose();
        _model.Dispose();
    }

    private static void ThrowIfUnfit(RunOptions options, TrainingScope scope)
    {
        bool isWhole = scope is { Units: null, Rank: 0 }, isNear = options.Plan.L1ToBase > 0 || options.Plan.L2ToBase > 0;
        if (options.Policy is not null && !isWhole)
            throw new ArgumentException($"a policy is for what is outside of a mask where whole tensors learn; the scope is {scope.Name}. "
                + $"Train the scope {TrainingScope.FullName} or {TrainingScope.EmbeddingName}.", nameof(options));
        if (options.Rewind is { Path: null } && scope.Name != TrainingScope.FullName)
            throw new ArgumentException($"all weights are drawn anew, and the scope is {scope.Name}. Train the scope "
                + $"{TrainingScope.FullName}.", nameof(options));
        if (isNear && scope.Rank > 0)
            throw new ArgumentException("adapters have no base to stay near: they begin at random. Train with distances of 0, or "
                + "another scope.", nameof(options));
        if (isNear && scope.IsRegrown)
            throw new ArgumentException("a distance to the start holds values to what they began as, and values that move have no "
                + $"beginning of their own. Train with distances of 0, or the scope {TrainingScope.TicketName}.", nameof(options));
        if (isNear && options.Policy is not null)
            throw new ArgumentException("a distance to the start and a policy for what is outside of a mask contradict each other. "
                + "Leave one of them out.", nameof(options));
    }

    private void ThrowIfRanksDiffer() => RankAgreement.ThrowIfDifferent(_ranks,
    [
        ("the run in its folder", Folder.IsFinished ? "finished" : File.Exists(Folder.StatePath) ? "saved" : "not saved"),
        .. Settings.Where(s => s.Key != DeviceKey).Select(s => (s.Key, s.Value)),
    ]);

    private string[] NotesOf(MicroBatchDeal[] deals) => deals.Max(deal => deal.Count) is var most && most >= _ranks.Size ? []
        : [$"a step has {most} micro-batches of up to {_options.Plan.MicroBatchRows} rows, fewer than the {_ranks.Size} ranks: "
            + $"{_ranks.Size - most} of them stay idle"];

    private static string[] NotesOf(long step, (string Key, string Before, string Now)[] others)
    {
        const int Named = 6, Longest = 16;
        if (others.Length == 0) return [];
        // A fingerprint says nothing to a reader, that it differs does.
        IEnumerable<string> said = others.Take(Named).Select(o => o.Before.Length > Longest || o.Now.Length > Longest ? o.Key
            : $"{o.Key} ({o.Before} there, {o.Now} here)");
        if (others.Length > Named) said = said.Append($"{others.Length - Named} more");
        return [$"the state at step {step} is of a training with other settings: {string.Join(", ", said)}"];
    }

    /// <summary>What the steps of this training take.</summary>
    private TrainingCost CostOf(long steps) => CostUpTo(steps) + (-1 * CostUpTo(_firstStep));

    /// <summary>What steps take from the data's first on: whole epochs, and what was gone through of the last.</summary>
    private TrainingCost CostUpTo(long steps)
    {
        (long epochs, long rest) = Math.DivRem(steps, Batches.StepsPerEpoch);
        return (epochs * PassOver(Batches.Sequences))
            + PassOver([.. Enumerable.Range(0, (int)rest).SelectMany(i => Batches.GetSequences((epochs * Batches.StepsPerEpoch) + i))]);

        TrainingCost PassOver(IReadOnlyList<TokenSequence> sequences)
        {
            TrainingCost cost = TrainingCost.OfPass(_model.Config, sequences, _model.Weights.Scope!);
            return _teacher is null ? cost : cost + TrainingCost.OfTeacher(_teacher, sequences);
        }
    }

    /// <summary>The number of sequences, and SHA-256 over the lengths and tokens of each.</summary>
    internal static string FingerprintOf(IReadOnlyList<TokenSequence> sequences)
    {
        using ContentHash hash = new();
        Span<int> lengths = stackalloc int[2];
        foreach (TokenSequence sequence in sequences)
        {
            (lengths[0], lengths[1]) = (sequence.Tokens.Length, sequence.PromptLength);
            hash.AppendData(MemoryMarshal.AsBytes(lengths));
            hash.AppendData(MemoryMarshal.AsBytes(sequence.Tokens.Span));
        }
        return string.Create(CultureInfo.InvariantCulture, $"{sequences.Count} {Fingerprint.Finish(hash)}");
    }
}
