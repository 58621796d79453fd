using System.Diagnostics;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Training;

/// <summary>Trains what a model's scope names, a step at a time.</summary>
/// <remarks>
/// A step's loss is the mean over all targets of its sequences, however they are packed, as <see cref="Objective"/> has it, and the
/// distance to the start where that counts.
/// Where a scope's weights learn, they, their gradients and what <see cref="OptimizerState"/> keeps are F32 of the same size; nothing else
/// of the model is copied. Gradients of a step's micro-batches are
/// added as <see cref="GradientSum"/> says, whoever computes them: of several ranks each has all weights and makes the same step. Steps
/// depend on the seed, the data and the settings alone, not on threads or ranks, so that a run that goes on from a saved state ends with
/// the same bytes.
/// </remarks>
internal sealed class Trainer : IDisposable
{
    private readonly LlamaModel _model;
    private readonly IOperations _operations;
    private readonly BatchSchedule _batches;
    private readonly TrainerOptions _options;
    private readonly IReadOnlyList<Weight> _weights;
    private readonly OptimizerState _optimizer;
    private readonly BasePenalty _penalty;
    private readonly Regrowth? _regrowth;
    private readonly AppliedMask? _mask;
    private readonly GradientSum _gradients;

    /// <param name="model">The model, whose weights learn.</param>
    /// <param name="operations">Its device.</param>
    /// <param name="batches">What each step sees.</param>
    /// <param name="options">How to step.</param>
    /// <param name="ranks">The processes that share each step; null for one by itself.</param>
    /// <exception cref="InvalidOperationException">No weight of the model learns.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public Trainer(LlamaModel model, IOperations operations, BatchSchedule batches, TrainerOptions options, RankGroup? ranks = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(operations);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (model.Weights.Scope is null) throw new InvalidOperationException("no weight learns. Call MakeTrainable first.");
        (_model, _operations, _batches, _options, _weights) = (model, operations, batches, options, model.Weights.Trainable);
        _gradients = new(model, operations, ranks);
        _optimizer = new(_weights, operations, options);
        _mask = options.Policy?.Apply(model.Weights, _optimizer, operations);
        _mask?.Begin();
        Step = options.FirstStep;
        _penalty = new(_weights, operations, options, model.Weights.All.Sum(w => w.Value.Length));
        if (model.Weights.Scope.IsRegrown) _regrowth = new(model, operations, _optimizer, options.Regrowth, options.Schedule.StepCount);
    }

    /// <summary>Steps done.</summary>
    public long Step { get; private set; }

    /// <summary>The step behind which it began.</summary>
    public long FirstStep => _options.FirstStep;

    /// <summary>Steps that were done here, not in an earlier process.</summary>
    public long StepsHere { get; private set; }

    /// <summary>Epochs done, with their fraction.</summary>
    public double Epoch => (double)Step / _batches.StepsPerEpoch;

    /// <summary>Steps of the whole training.</summary>
    public long StepCount => _options.Schedule.StepCount;

    /// <summary>The last step that was done, null before the first; of a restored one the speed is not known.</summary>
    public StepMetrics? Last { get; private set; }

    /// <summary>Whether all steps are done.</summary>
    public bool IsDone => Step >= StepCount;

    /// <summary>How many values are kept beside those that learn and their gradients.</summary>
    public long StateLength => _optimizer.Length + _penalty.Length + (_regrowth?.Length ?? 0) + (_mask?.Length ?? 0);

    /// <summary>Bytes beside the device's memory.</summary>
    public long HostBytes => _regrowth?.HostBytes ?? 0;

    /// <summary>Bytes that this rank has handed to others.</summary>
    public long BytesSent => _gradients.BytesSent;

    /// <summary>The number of weights that learn, k·d for a ticket's rows.</summary>
    public long ParameterCount => _weights.Sum(w => w.Value.Length);

    /// <summary>Does the next step.</summary>
    /// <returns>The step's loss, gradient norm, learning rate and speed.</returns>
    /// <exception cref="InvalidOperationException">All steps are done.</exception>
    /// <exception cref="InvalidDataException">Loss or gradients of the first step are infinite or NaN, as the base gives them.</exception>
    /// <exception cref="Checkpoints.CheckpointFormatException">A weight of the base is NaN or infinite; names the tensor and the
    /// row.</exception>
    /// <exception cref="NotFiniteNumberException">Loss or gradients became infinite or NaN; the weights are those before the
    /// step.</exception>
    /// <exception cref="OperationCanceledException">Cancelled between micro-batches, on all ranks where one was; the weights are those
    /// before the step.</exception>
    public StepMetrics Next(CancellationToken cancellationToken = default)
    {
        if (IsDone) throw new InvalidOperationException($"all {StepCount} steps are done.");
        long started = Stopwatch.GetTimestamp();
        IReadOnlyList<TokenBatch> batches = _batches.GetStep(Step);
        long rows = batches.Sum(b => (long)b.RowCount);
        _regrowth?.Begin(Step);
        double loss = _gradients.Fill(batches, _options.Objective.Of(batches),
            isDealt: _regrowth?.Listens(Step) != true, cancellationToken);
        loss += _penalty.AddGradient();
        _mask?.MaskGradients();
        double[] squares = [.. _weights.Select(w => _operations.SumOfSquares(w.Gradient))];
        double norm = Math.Sqrt(squares.Sum()), rate = _options.Schedule.At(Step);
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
        {
            _model.Weights.ThrowIfNotFinite();
            _options.Objective.Teacher?.Weights.ThrowIfNotFinite();
            string what = $"step {Step + 1}: the loss is {loss} and the gradient norm {norm}";
            throw Step == FirstStep
                ? new InvalidDataException($"{what}, before anything was learned. {Remedy.ShowNorms}.")
                : new NotFiniteNumberException($"{what}. The training diverged: lower the learning rate, or let the gradients be clipped.");
        }
        for (int i = 0; i < _weights.Count; i++)
            _optimizer.Step(i, ValueOf(_weights[i]), Step + 1, rate,
                _options.ClipOf(_options.ClipsPerTensor ? Math.Sqrt(squares[i]) : norm));
        _model.Weights.PutLearned();
        _regrowth?.End(Step);
        Step++;
        StepsHere++;
        _mask?.End(Step);
        return Last = Describe(loss, norm) with { TokensPerSecond = rows / Stopwatch.GetElapsedTime(started).TotalSeconds };
    }

    /// <summary>The mean loss over the targets of some batches, in nats.</summary>
    /// <exception cref="OperationCanceledException">Cancelled between batches.</exception>
    public static double Evaluate(LlamaModel model, IReadOnlyList<TokenBatch> batches, CancellationToken cancellationToken = default) =>
        Evaluate(model, batches, RankGroup.Alone, cancellationToken);

    /// <summary>The same on all ranks, each of which computes some batches: losses are added in the batches' order.</summary>
    public static double Evaluate(LlamaModel model, IReadOnlyList<TokenBatch> batches, RankGroup ranks,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(batches);
        int[] cuts = [.. Enumerable.Range(0, ranks.Size + 1).Select(rank => (int)((long)batches.Count * rank / ranks.Size))];
        List<double> own = [];
        for (int i = cuts[ranks.Rank]; i < cuts[ranks.Rank + 1]; i++)
            own.Add(ranks.IsStopped(cancellationToken) ? double.NaN : model.Loss(batches[i]));
        double loss = ranks.ShareOrStop([.. own], [.. cuts.Skip(1).Zip(cuts, (end, start) => (long)end - start)], cancellationToken).Sum();
        return loss / batches.Sum(b => (long)b.TargetCount);
    }

    /// <summary>Writes weights and moments, whole or not at all.</summary>
    /// <param name="path">The file, in a folder that exists.</param>
    /// <param name="settings">What the run depends on; <see cref="Restore"/> asks for the same.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path, IReadOnlyDictionary<string, string> settings) =>
        TrainingState.Write(path, new(Step, Last?.Loss ?? double.NaN, Last?.GradientNorm ?? double.NaN), settings, _operations, Parts(),
            _regrowth?.Save() ?? _mask?.Save() ?? []);

    /// <summary>Goes on where a state was saved.</summary>
    /// <param name="path">The state.</param>
    /// <param name="settings">What this run depends on.</param>
    /// <exception cref="InvalidDataException">The state is of another run; the message names the first setting that differs.</exception>
    /// <exception cref="Checkpoints.CheckpointFormatException">The file is damaged.</exception>
    public void Restore(string path, IReadOnlyDictionary<string, string> settings)
    {
        TrainingState.ThrowIfOther(path, settings);
        TrainingState.Position position = TrainingState.Read(path, _operations, Parts(), read =>
        {
            _regrowth?.Restore(read);
            _mask?.Restore(read);
        });
        _model.Weights.PutLearned();
        Step = position.Step;
        Last = Step == FirstStep ? null : Describe(position.Loss, position.GradientNorm);
    }

    /// <summary>Begins with weights and moments of another training's state, at its step, which is <see cref="FirstStep"/>.</summary>
    /// <param name="path">The state.</param>
    /// <exception cref="InvalidDataException">What learns has other shapes there.</exception>
    /// <exception cref="Checkpoints.CheckpointFormatException">The file is damaged, or lacks a weight or its moments.</exception>
    public void Rewind(string path)
    {
        TrainingState.Read(path, _operations, Parts(), read => _regrowth?.Restore(read));
        _model.Weights.PutLearned();
        _mask?.Begin();
    }

    /// <summary>Gives the moments back, and gradients that were kept.</summary>
    public void Dispose()
    {
        _regrowth?.Dispose();
        _gradients.Dispose();
        _optimizer.Dispose();
        _penalty.Dispose();
        _mask?.Dispose();
    }

    /// <summary>The step that was just done.</summary>
    private StepMetrics Describe(double loss, double norm) => new(Step, Epoch)
    {
        Loss = loss,
        GradientNorm = norm,
        LearningRate = _options.Schedule.At(Step - 1),
    };

    /// <summary>What the optimizer changes.</summary>
    private DeviceSpan ValueOf(Weight weight) => _mask?.ValueOf(weight) ?? weight.Value;

    private IEnumerable<TrainingState.Part> Parts()
    {
        for (int i = 0; i < _weights.Count; i++)
        {
            Weight weight = _weights[i];
            yield return new(weight.Name, weight.Shape, ValueOf(weight));
            foreach (TrainingState.Part part in _optimizer.PartsOf(i)) yield return part;
        }
    }
}

/// <summary>How far a training is.</summary>
/// <param name="StepCount">Steps of the whole training.</param>
/// <param name="Step">The step that was just done; its evaluation loss where it was evaluated. Step 0 stands before the first.</param>
/// <param name="Remaining">The time that the rest will take at the pace so far.</param>
public readonly record struct TrainingProgress(long StepCount, StepMetrics Step, TimeSpan Remaining);
