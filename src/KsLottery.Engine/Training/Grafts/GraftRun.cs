using System.Diagnostics;
using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Training;

/// <summary>Learns the few elements of a fine-tune that, taken into the base, keep what it learned: skill localization by
/// grafting.</summary>
/// <remarks>
/// <para>
/// Source: Panigrahi et al., ICML 2023 (arXiv 2302.06600). θ = base + γ·(tuned − base) with the mask γ of <see cref="SigmoidMask"/>; γ₀
/// is 1 where |tuned − base| is above the smallest of the largest that the share counts. A step is S −= rate · dL/dS, without an
/// optimizer; then γ is rounded, and the rounded mask of the lowest held-out loss, the base patch's among them, is the graft. Nothing is
/// trained: values of the graft are those of the tuned checkpoint.
/// </para>
/// <para>
/// The folder holds <c>training.json</c>, <c>metrics.jsonl</c> and the saved state from the start, at the end the files of a ticket of
/// elements as <see cref="TicketFolder"/> writes them. A run that was cancelled or killed at any moment goes on to the same bytes.
/// </para>
/// </remarks>
public sealed class GraftRun : IDisposable
{
    private readonly Checkpoint _base, _tuned;
    private readonly IOperations _operations;
    private readonly GraftRunOptions _options;
    private readonly RunFolder _folder;
    private readonly UnitTicketResult _found;
    private readonly LlamaWeights _weights;
    private readonly LlamaModel _model;
    private readonly GradientSum _gradients;
    private readonly BatchSchedule _batches;
    private readonly IReadOnlyList<TokenBatch> _evaluation;
    private readonly GraftedValues[] _parts;
    private readonly Dictionary<string, string> _settings;
    private readonly long _maxElements;
    private GraftPosition _position = new(0, double.NaN, double.NaN, 0, double.PositiveInfinity, double.NaN, double.NaN, double.NaN);
    private long _started, _firstStep, _saved = Stopwatch.GetTimestamp();

    /// <summary>Prepares a run; nothing is written yet.</summary>
    /// <param name="baseModel">The base, which is not changed and must outlive the run, as must the tuned one.</param>
    /// <param name="tuned">The tuned checkpoint, whose tensors have the names and shapes of the base's.</param>
    /// <param name="training">What the mask learns from.</param>
    /// <param name="evaluation">What decides which mask is the best: at least one sample that was held out.</param>
    /// <param name="operations">The device.</param>
    /// <param name="options">How it goes.</param>
    /// <param name="cancellationToken">Stops while candidates are chosen and fingerprints are taken.</param>
    /// <exception cref="InvalidDataException">The folder's run, which is to go on, has other settings; names the first.</exception>
    /// <exception cref="IOException">The folder holds another run or other files.</exception>
    /// <exception cref="ArgumentException">There is no sample, the base patch is empty, tensors differ in shape, or a number is out of its
    /// range.</exception>
    /// <exception cref="KeyNotFoundException">A pattern fits no tensor, or the tuned checkpoint lacks one.</exception>
    /// <exception cref="CheckpointFormatException">The base is not what its configuration says.</exception>
    /// <exception cref="NotSupportedException">The base is no LLaMA-type model that is computed here.</exception>
    public GraftRun(Checkpoint baseModel, Checkpoint tuned, IReadOnlyList<TokenSequence> training, IReadOnlyList<TokenSequence> evaluation,
        IOperations operations, GraftRunOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(baseModel);
        ArgumentNullException.ThrowIfNull(tuned);
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(evaluation);
        ArgumentNullException.ThrowIfNull(operations);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (evaluation.Count == 0)
            throw new ArgumentException("the best mask is that of the lowest held-out loss, and no sample is held out. Give some.",
                nameof(evaluation));
        (_base, _tuned, _operations, _options) = (baseModel, tuned, operations, options);
        _folder = new(options.Out, options.Resume);
        Config = LlamaConfig.Load(baseModel);
        _batches = new(training, options.BatchSize, options.MicroBatchRows, options.Seed);
        _evaluation = BatchSchedule.Pack(evaluation, options.MicroBatchRows);
        _found = FindCandidates(cancellationToken);
        _weights = LlamaWeights.Open(baseModel, Config, operations);
        try
        {
            ThrowIfUnread();
            _weights.MakeTrainable(TrainingScope.Mask(_found.Ticket.Mask));
            _parts = [.. _weights.Trainable.Select((weight, i) => Read(weight, i, cancellationToken))];
            ChoosePatch();
            _settings = new(
            [
                new("version", LibraryVersion.Current), new("gradient-sum", "tree"), new("device", operations.Name),
                new("scope", "graft"), .. options.Settings,
                new("ticket", ToTicket([]).Ticket.Signature), new("steps", Text(options.Steps)),
                new("micro-batch", Text(options.MicroBatchRows)), new("recompute", options.Recompute ? "true" : "false"),
                new("config", Fingerprint.OfFile(TrainedCheckpoint.ConfigPath(baseModel), cancellationToken)),
                new("base", FingerprintOf(baseModel, pair => pair.Base, t => t.BaseFingerprint, cancellationToken)),
                new("tuned", FingerprintOf(tuned, pair => pair.Tuned, t => t.TunedFingerprint, cancellationToken)),
                new("samples", TrainingSession.FingerprintOf(training)), new("evaluation", TrainingSession.FingerprintOf(evaluation)),
            ]);
            _maxElements = options.MaxShare?.CountOf(ScopeElements) ?? long.MaxValue;
            if (options.MaxShare is { } max) _settings["max-share"] = max.ToString();
            _folder.ThrowIfOther(_settings);
            _model = new(_weights, operations, options.Recompute);
            _gradients = new(_model, operations);
        }
        catch
        {
            _weights.Dispose();
            throw;
        }
    }

    /// <summary>The base's shape.</summary>
    public LlamaConfig Config { get; }

    /// <summary>The elements of all tensors that are chosen from.</summary>
    public long ScopeElements => _found.Ticket.UnitCount;

    /// <summary>How many elements have a mask that learns.</summary>
    public long CandidateCount => _found.Ticket.Count;

    /// <summary>The elements of the base patch.</summary>
    public long PatchElements => _parts.Sum(p => p.PatchCount);

    /// <summary>Steps that see every sample once.</summary>
    public int StepsPerEpoch => _batches.StepsPerEpoch;

    /// <summary>Learns to the end, from the saved state where there is one, and writes the ticket.</summary>
    /// <param name="progress">Reports every step.</param>
    /// <param name="cancellationToken">Stops between parts of a step and between pieces of a file; the state is saved.</param>
    /// <exception cref="NotFiniteNumberException">Loss or gradients became infinite or NaN.</exception>
    /// <exception cref="CheckpointFormatException">A weight is NaN or infinite; names the tensor and the row.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; a run with the same settings that resumes ends with the same
    /// bytes.</exception>
    public GraftSummary Run(IProgress<GraftProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        _folder.Begin(_settings);
        if (File.Exists(_folder.StatePath)) _position = GraftState.Read(_folder.StatePath, _settings, _parts);
        else
            _position = _position with
            {
                BaseLoss = LossOf(_base, cancellationToken),
                TunedLoss = LossOf(_tuned, cancellationToken),
            };
        using (MetricsWriter metrics = new(_folder.MetricsPath, _position.Step)) Learn(metrics, progress, cancellationToken);
        GraftSummary summary = Write(cancellationToken);
        _folder.Finish(_settings, summary.WriteTo);
        return summary;
    }

    /// <summary>Gives the device's memory back.</summary>
    public void Dispose()
    {
        _gradients.Dispose();
        _model.Dispose();
        _weights.Dispose();
    }

    private void Learn(MetricsWriter metrics, IProgress<GraftProgress>? progress, CancellationToken cancellationToken)
    {
        (_started, _firstStep) = (Stopwatch.GetTimestamp(), _position.Step);
        try
        {
            // A step whose evaluation was cancelled has no line yet.
            if (metrics.LastStep < _position.Step) Evaluate();
            while (_position.Step < _options.Steps)
            {
                Next(cancellationToken);
                Evaluate();
                if (Stopwatch.GetElapsedTime(_saved) >= _options.SaveEvery) Save();
            }
        }
        catch (OperationCanceledException)
        {
            Save();
            throw;
        }
        Save();

        void Evaluate()
        {
            double loss = EvaluateRounded(cancellationToken);
            StepMetrics line = Describe(_position) with { EvalLoss = loss };
            metrics.Write(line);
            progress?.Report(new(_options.Steps, line, _parts.Sum(p => p.BestCount), Remaining()));
        }

        void Save()
        {
            metrics.Flush();
            GraftState.Write(_folder.StatePath, _position, _settings, _parts);
            _folder.RememberState(_settings);
            _saved = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Steps S along the gradient at the relaxed mask.</summary>
    private void Next(CancellationToken cancellationToken)
    {
        IReadOnlyList<TokenBatch> batches = _batches.GetStep(_position.Step);
        Put(part => part.Mix(_options.Bias));
        double loss = _gradients.Fill(batches, new Objective().Of(batches), cancellationToken: cancellationToken);
        double squares = _parts.Sum(part => _operations.SumOfSquares(part.Weight.Gradient));
        if (!double.IsFinite(loss) || !double.IsFinite(squares))
            throw _model.NotFinite($"step {_position.Step + 1}: the loss of the grafted model, {loss}, or its gradient");
        squares = 0;
        foreach (GraftedValues part in _parts)
        {
            float[] gradient = new float[part.Scores.Length];
            _operations.Download(gradient, part.Weight.Gradient);
            squares += part.Step(gradient, _options.LearningRate, _options.Bias);
        }
        _position = _position with { Step = _position.Step + 1, Loss = loss, Norm = Math.Sqrt(squares) };
    }

    private double EvaluateRounded(CancellationToken cancellationToken)
    {
        Put(part => part.Round(_options.Bias));
        double loss = Trainer.Evaluate(_model, _evaluation, cancellationToken);
        if (_position.Step == 0) _position = _position with { PatchLoss = loss };
        if (loss < _position.BestLoss && _parts.Sum(p => p.CountKept(_options.Bias)) <= _maxElements)
        {
            foreach (GraftedValues part in _parts) part.KeepBest(_options.Bias);
            _position = _position with { BestStep = _position.Step, BestLoss = loss };
        }
        return loss;
    }

    private delegate ReadOnlySpan<float> ValuesOf(GraftedValues part);

    private void Put(ValuesOf values)
    {
        foreach (GraftedValues part in _parts) _operations.Upload(part.Weight.Value, values(part));
        _weights.PutLearned();
    }

    private GraftSummary Write(CancellationToken cancellationToken)
    {
        UnitTicketResult graft = ToTicket([.. _parts.Select(part => part.ToMask(part.Weight.Name))]);
        IReadOnlyList<string> files = TicketFolder.WriteFiles(_folder.Path, graft, out string? whyNoPatch, cancellationToken);
        return new()
        {
            StepCount = _position.Step,
            BestStep = _position.BestStep,
            ScopeElements = ScopeElements,
            CheckpointElements = graft.Ticket.CheckpointParameters,
            CandidateCount = CandidateCount,
            PatchElements = PatchElements,
            Elements = graft.Ticket.Count,
            BaseLoss = _position.BaseLoss,
            TunedLoss = _position.TunedLoss,
            PatchLoss = _position.PatchLoss,
            Loss = _position.BestLoss,
            PeakBytes = _operations.PeakAllocatedBytes,
            WhyNoPatch = whyNoPatch,
            Files = files,
        };
    }

    /// <summary>The elements that moved farthest.</summary>
    private UnitTicketResult FindCandidates(CancellationToken cancellationToken) => TicketFinder.Find(_base, _tuned, new()
    {
        Scope = new(_options.Tensors ?? AllThatIsRead(), TicketUnit.Elements),
        Score = TicketScore.Named("movement"),
        Selection = new TopShare(_options.Candidates),
    }, cancellationToken: cancellationToken);

    /// <summary>Every tensor once: buffers are not learned, and of a tied head the embedding is.</summary>
    private TensorChoice AllThatIsRead()
    {
        string[] others = [.. _base.Tensors.Select(t => t.Name).Where(name => name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal)
            || (Config.IsTied && name.EndsWith(LlamaWeights.HeadName, StringComparison.Ordinal))).Select(name => $",!{name}")];
        return TensorChoice.Parse($"*{string.Concat(others)}");
    }

    private void ThrowIfUnread()
    {
        HashSet<string> known = [.. _weights.All.Select(w => w.Name)];
        if (_found.Ticket.Mask.Tensors.FirstOrDefault(t => t.Units.Count > 0 && !known.Contains(t.Name)) is { } other)
            throw new ArgumentException($"{_base.Path}: the model does not read {CheckpointFormatException.Quote(other.Name)}. Leave it "
                + $"out (!{other.Name}).");
    }

    private GraftedValues Read(Weight weight, int number, CancellationToken cancellationToken)
    {
        (Tensor before, Tensor after) = _found.Pairs.First(pair => pair.Base.Name == weight.Name);
        return new(weight, _found.Ticket.Mask.Find(weight.Name)!, before, after,
            new(SplitMix64.Mix(_options.Seed) + (ulong)number), cancellationToken);
    }

    /// <summary>As the authors' code: what moved farther than the last that the share counts.</summary>
    private void ChoosePatch()
    {
        long count = _options.Share.CountOf(ScopeElements);
        float[] movements = new float[CandidateCount];
        int next = 0;
        foreach (GraftedValues part in _parts)
            for (int i = 0; i < part.Scores.Length; i++) movements[next++] = part.MovementOf(i);
        Array.Sort(movements);
        if (count > 0)
            foreach (GraftedValues part in _parts) part.ChoosePatch(movements[^(int)Math.Min(count, movements.Length)]);
        if (movements is [] or [.., 0])
            throw new ArgumentException($"none of the {ScopeElements} elements that are chosen from moved. Name a model that was tuned, or "
                + "the tensors that were.");
        if (count == 0 || PatchElements == 0)
            throw new ArgumentException($"{_options.Share} of {ScopeElements} elements is {count}, and none moved farther than the last "
                + "of these. Take a larger share.");
    }

    /// <summary>The candidates' ticket with other elements, and with how these were found.</summary>
    private UnitTicketResult ToTicket(IReadOnlyList<TensorMask> masks)
    {
        Dictionary<string, TensorMask> byName = masks.ToDictionary(m => m.Name);
        return _found with
        {
            Ticket = _found.Ticket with
            {
                Recipe = _found.Ticket.Recipe with
                {
                    Selection = new TopShare(_options.Share),
                    Graft = new(_options.Candidates, _options.LearningRate, _options.Bias, _options.BatchSize, _options.Seed),
                },
                Tensors = [.. _found.Ticket.Tensors.Select(t => t with
                {
                    Mask = byName.GetValueOrDefault(t.Name) ?? t.Mask with { Units = IndexSet.Empty(t.Mask.Grid.Count) },
                })],
            },
        };
    }

    private double LossOf(Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        using LlamaWeights weights = LlamaWeights.Open(checkpoint, LlamaConfig.Load(checkpoint), _operations);
        using LlamaModel model = new(weights, _operations);
        return Trainer.Evaluate(model, _evaluation, cancellationToken);
    }

    private StepMetrics Describe(GraftPosition position) => new(position.Step, (double)position.Step / _batches.StepsPerEpoch)
    {
        Loss = double.IsNaN(position.Loss) ? null : position.Loss,
        GradientNorm = double.IsNaN(position.Norm) ? null : position.Norm,
        LearningRate = position.Step == 0 ? null : _options.LearningRate,
    };

    private TimeSpan Remaining()
    {
        long done = _position.Step - _firstStep;
        return done <= 0 ? Timeout.InfiniteTimeSpan : Stopwatch.GetElapsedTime(_started) / done * (_options.Steps - _position.Step);
    }

    /// <summary>One fingerprint of all tensors, of which those of the scope have theirs.</summary>
    private string FingerprintOf(Checkpoint checkpoint, Func<(Tensor Base, Tensor Tuned), Tensor> side, Func<TensorTicket, string> print,
        CancellationToken cancellationToken)
    {
        Dictionary<string, string> known = _found.Pairs.Zip(_found.Ticket.Tensors).DistinctBy(p => side(p.First).Name)
            .ToDictionary(p => side(p.First).Name, p => print(p.Second));
        return Fingerprint.OfLines(checkpoint.Tensors.Select(t => known.TryGetValue(t.Name, out string? taken) ? $"{t.Name} {taken}"
            : $"{t.Name} {Fingerprint.OfTensor(t, FingerprintKind.Tree, cancellationToken)}"));
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
