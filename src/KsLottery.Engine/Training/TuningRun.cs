using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Training;

/// <summary>Tunes a base on samples: the whole model, its embedding or low-rank adapters, merged, to a checkpoint, a ticket's rows or the
/// values of a mask to a patch.</summary>
/// <remarks>
/// Adapters are also kept by themselves, in the folder <c>adapter</c>, as PEFT loads them.
/// The folder holds <c>training.json</c>, <c>metrics.jsonl</c> and the saved state from the start, the result at the end. A run that was
/// cancelled or killed at any moment goes on to the same bytes. What does not learn has the same fingerprint before and after, the values
/// outside of a mask in the memory that learned as well.
/// </remarks>
public sealed class TuningRun : IDisposable
{
    private readonly Checkpoint _base, _start;
    private readonly LlamaWeights _weights;
    private readonly IOperations _operations;
    private readonly TuningOptions _options;
    private LearnedPart _learned;
    private readonly TrainingSession _session;
    private readonly FrozenModel? _teacher;

    /// <summary>Prepares a run; nothing is written yet.</summary>
    /// <param name="baseModel">The base, which is not changed and must outlive the run.</param>
    /// <param name="scope">What learns.</param>
    /// <param name="training">What to train on.</param>
    /// <param name="evaluation">What to evaluate on; may be empty.</param>
    /// <param name="operations">The device.</param>
    /// <param name="options">How it goes.</param>
    /// <param name="cancellationToken">Stops while fingerprints are taken.</param>
    /// <exception cref="InvalidDataException">The folder's run, which is to go on, has other settings; names the first.</exception>
    /// <exception cref="IOException">The folder holds another run or other files, or a file is absent.</exception>
    /// <exception cref="ArgumentException">There is no sample, a teacher has other tokens, a mask is not of the
    /// base's tensors, a scope that writes a checkpoint starts with a patch, a policy or a rewind point does not go with the scope, or a
    /// number is out of its range.</exception>
    /// <exception cref="CheckpointFormatException">The base is not what its configuration says.</exception>
    /// <exception cref="NotSupportedException">The base is no LLaMA-type model that is computed here.</exception>
    public TuningRun(Checkpoint baseModel, TrainingScope scope, IReadOnlyList<TokenSequence> training,
        IReadOnlyList<TokenSequence> evaluation,
        IOperations operations, TuningOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(baseModel);
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(evaluation);
        ArgumentNullException.ThrowIfNull(operations);
        ArgumentNullException.ThrowIfNull(options);
        (_base, _operations, _options) = (baseModel, operations, options);
        _start = options.Start?.Checkpoint ?? baseModel;
        ThrowIfUnfit(baseModel, scope, options);
        RunFolder folder = new(options.Out, options.Resume, options.KeepFinished);
        Config = LlamaConfig.Load(baseModel);
        options.Plan.Objective.ThrowIfNothingCounts(training, Config.VocabularySize);
        _weights = LlamaWeights.Open(_start, Config, operations);
        try
        {
            _weights.MakeTrainable(scope);
            (Scope, IndexSet? rows) = (_weights.Scope!, _weights.Ticket?.Rows);
            _learned = new(_weights, _start);
            LearnedFingerprint = _learned.FingerprintOfLearned(_start, cancellationToken);
            // A second copy of a tied embedding does not have the patch, and the memory that learns has.
            FrozenFingerprint = _learned.IsAll(_start) ? null : _start == baseModel || rows is not null
                ? _learned.FingerprintOfFrozen(_start, cancellationToken)
                : _learned.FingerprintOfFrozen(_start, _weights, operations, cancellationToken);
            if (options.Teacher is { } teacher)
            {
                _teacher = new(teacher, operations);
                _teacher.ThrowIfOtherTokens(options.Tokenizer is { } own ? TokenTable.Open(own) : TokenTable.FindBeside(baseModel.Path));
            }
            _session = new(folder, _weights, operations, training, evaluation, options,
            [
                new("dtype", options.KeepTypes ? "keep" : "f32"), new("rows", string.Join(' ', rows ?? IndexSet.Empty(0))),
                new("config", Fingerprint.OfFile(TrainedCheckpoint.ConfigPath(baseModel), cancellationToken)),
                new("base", LearnedFingerprint), new("frozen", FrozenFingerprint ?? "nothing"),
                .. Scope.Units is null || rows is not null ? (KeyValuePair<string, string>[])[]
                    : [new("mask", new TicketMask(_weights.Changing.Select(w => w.Runs!.Mask.ToElements())).TakeFingerprint())],
                .. Scope.Rank == 0 ? (KeyValuePair<string, string>[])[]
                    : [new("rank", string.Create(CultureInfo.InvariantCulture, $"{Scope.Rank}|seed:{Scope.Seed}")
                        + (Scope.Layers is { } layers ? $"|layers:{string.Join(',', layers)}" : ""))],
                .. !Scope.IsRegrown ? (KeyValuePair<string, string>[])[] : [new("regrowth", options.Plan.Regrowth.ToString())],
                .. options.Start is null ? (KeyValuePair<string, string>[])[]
                    : [new("payload", TicketPayload.Delta.ToName())],
                .. _teacher is null ? (KeyValuePair<string, string>[])[]
                    : [new("teacher", _teacher.TakeFingerprint(cancellationToken))],
            ], Scope is { Units: null, Rank: 0 } ? (path, cancel) => WriteCheckpoint(path, cancel) : null, _teacher?.Model);
        }
        catch
        {
            _teacher?.Dispose();
            _weights.Dispose();
            throw;
        }
    }

    /// <summary>What learns, by the name that it has once the base is known.</summary>
    public TrainingScope Scope { get; }

    /// <summary>The base's shape.</summary>
    public LlamaConfig Config { get; }

    /// <summary>The number of weights that learn, k·d for a ticket's rows.</summary>
    public long ParameterCount => _session.ParameterCount;

    /// <summary>Steps of the whole training.</summary>
    public long StepCount => _session.StepCount;

    /// <summary>Lines of metrics of a run that is to go on but was cut off before its first saved state; it begins again, and they are
    /// written anew.</summary>
    public int LostSteps => _session.Folder.LostSteps;

    /// <summary>In what the training differs from that whose state it begins with, a sentence each.</summary>
    public IReadOnlyList<string> Notes => _session.Notes;

    /// <summary>Steps that see every sample once.</summary>
    public int StepsPerEpoch => _session.Batches.StepsPerEpoch;

    /// <summary>About what the device will give out, in bytes; the mapped weights of the base not counted.</summary>
    public long EstimatedBytes => _session.EstimatedBytes;

    /// <summary>The fingerprint of the values that will learn, as the base has them, or <see cref="TuningOptions.Start"/>.</summary>
    public string LearnedFingerprint { get; }

    /// <summary>The fingerprint of all others; null where everything learns. Where values moved it is that of those outside of the last
    /// ones, once the run is done.</summary>
    public string? FrozenFingerprint { get; private set; }

    /// <summary>Bytes that say which values learn, beside the device's memory; where they move also what is known of others.</summary>
    internal long HostBytes => _session.HostBytes + _weights.Changing.Sum(w => w.Runs?.IndexBytes ?? 0);

    /// <summary>Trains to the end, from the saved state where there is one, and writes the result.</summary>
    /// <param name="progress">Reports every step.</param>
    /// <param name="cancellationToken">Stops between parts of a step and between chunks of a file; the state is saved.</param>
    /// <exception cref="InvalidDataException">Loss or gradients of the first step are infinite or NaN, as the base gives them.</exception>
    /// <exception cref="NotFiniteNumberException">Loss or gradients became infinite or NaN; the state before that step is saved. A loss
    /// that ended far above its start is none: see <see cref="TrainingSummary.HasDiverged"/>.</exception>
    /// <exception cref="FrozenWeightsChangedException">What must not learn changed.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; a run with the same settings that resumes ends with the same
    /// bytes.</exception>
    public TrainingSummary Run(IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        TrainingSummary summary = _session.Run(() => Write(cancellationToken), () => FrozenFingerprint, progress, cancellationToken);
        FrozenFingerprint = summary.FrozenFingerprint;
        return summary;
    }

    /// <summary>Gives the device's memory back.</summary>
    public void Dispose()
    {
        _session.Dispose();
        _teacher?.Dispose();
        _weights.Dispose();
    }

    private TrainedFiles Write(CancellationToken cancellationToken)
    {
        if (_weights.Ticket is { } ticket)
        {
            ThrowIfFrozenChanged(_start, cancellationToken);
            return WritePatch([Fill(PatchSource.OfRows(_base.GetTensor(ticket.Weight.Name), ticket.Rows), ticket.Weight)],
                cancellationToken);
        }
        if (_weights.Scope is { Units: not null })
        {
            if (Scope.IsRegrown)
            {
                // What learns at the end is not what learned first.
                _learned = new(_weights, _start);
                FrozenFingerprint = _learned.FingerprintOfFrozen(_start, cancellationToken);
            }
            string after = _learned.FingerprintOfFrozen(_start, _weights, _operations, cancellationToken);
            if (after != FrozenFingerprint) throw new FrozenWeightsChangedException(_base.Path, FrozenFingerprint!, after);
            return WritePatch([.. _weights.Changing.Select(w =>
                Fill(new(_base.GetTensor(w.Name), w.Runs!.Mask, TicketPayload.Replace), w.Runs.Weight))], cancellationToken);
        }
        bool isLowRank = _weights.Scope is { Rank: > 0 };
        if (isLowRank) AdapterFolder.Write(_weights, _operations, _options.Out, _base.Path, cancellationToken);
        _weights.MergeAdapters();
        TrainedFiles files = WriteCheckpoint(_options.Out, cancellationToken);
        if (isLowRank) files = files with { Names = [AdapterFolder.Name, .. files.Names] };
        using Checkpoint written = Checkpoint.Open(_options.Out);
        ThrowIfFrozenChanged(written, cancellationToken);
        return files;
    }

    private TrainedFiles WriteCheckpoint(string folder, CancellationToken cancellationToken) => TrainedCheckpoint.Write(_base, _weights,
        _operations, folder, _options.KeepTypes, _options.Tokenizer, cancellationToken);

    private static void ThrowIfUnfit(Checkpoint baseModel, TrainingScope scope, TuningOptions options)
    {
        if (options.Start is not { } start) return;
        if (start.Base != baseModel)
            throw new ArgumentException($"the patch to start with is in place in {start.Base.Path}, the base is {baseModel.Path}. Put it "
                + "in place in the base.", nameof(options));
        if (scope is { Units: null })
            throw new ArgumentException($"scope {scope.Name} writes a checkpoint, which would hold the patch to start with as well. Apply "
                + "that patch first, and train what it gives.", nameof(scope));
    }

    /// <summary>What was learned as a patch says it: the values, or where another patch was in place what they add to it.</summary>
    private PatchSource Fill(PatchSource source, Weight learned)
    {
        float[] values = new float[learned.Value.Length];
        _operations.Download(values, learned.Value);
        source = source with { Values = values };
        return _options.Start is null ? source
            : source with { Payload = TicketPayload.Delta, Start = _start.GetTensor(source.Base.Name) };
    }

    private TrainedFiles WritePatch(IReadOnlyList<PatchSource> tensors, CancellationToken cancellationToken)
    {
        TicketPatch.Write(_session.Folder.Place(TicketPatch.FileName), tensors,
            new() { Signature = _options.Signature, IsTied = _base.IsTied }, cancellationToken);
        if (_options.Ticket is not { } given) return new([TicketPatch.FileName]);
        string path = TicketFile.PathOf(given);
        string name = $"ticket{Path.GetExtension(path).ToLowerInvariant()}";
        byte[] bytes = File.ReadAllBytes(path);
        AtomicFile.Write(_session.Folder.Place(name), stream => stream.Write(bytes), cancellationToken);
        return new([name, TicketPatch.FileName]);
    }

    private void ThrowIfFrozenChanged(Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        if (FrozenFingerprint is null) return;
        string after = _learned.FingerprintOfFrozen(checkpoint, cancellationToken);
        if (after != FrozenFingerprint) throw new FrozenWeightsChangedException(checkpoint.Path, FrozenFingerprint, after);
    }
}

/// <summary>How a base is tuned, and what goes along with the result.</summary>
public sealed record TuningOptions : RunOptions
{
    /// <summary>Whether trained tensors are rounded to the type that the base stores them in; else they are F32. A patch is always
    /// F32.</summary>
    public bool KeepTypes { get; init; }

    /// <summary>The base with a patch in place, from which rows or a mask are trained; null for the base itself. The result is a patch of
    /// differences (<see cref="TicketPayload.Delta"/>): what was learned on top of that patch, for <see cref="PatchMerging"/> to add to it.
    /// It must outlive the run.</summary>
    public PatchedCheckpoint? Start { get; init; }

    /// <summary>The model whose distribution is learned beside the targets, of the same vocabulary and with weights that stay; null for
    /// none. It must outlive the run. How much it counts says <see cref="TrainingPlan.Objective"/>.</summary>
    public Checkpoint? Teacher { get; init; }

    /// <summary>The ticket file that goes along with a patch, null for none.</summary>
    public string? Ticket { get; init; }

    /// <summary>The line that says how the rows were chosen, for the patch.</summary>
    public string Signature { get; init; } = "";
}
