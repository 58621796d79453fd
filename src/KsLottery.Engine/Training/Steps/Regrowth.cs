using System.Numerics.Tensors;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Training;

/// <summary>Moves the values that learn through their matrices while they are trained, as a <see cref="RegrowthPlan"/> says.</summary>
/// <remarks>
/// The number of each matrix stays as it is. Beside value, gradient and moments a value takes memory for its place, for what the base has
/// there, and for a candidate with its sum. Whole gradients are looked at one matrix at a time, as the backward pass leaves them.
/// </remarks>
internal sealed class Regrowth : IDisposable
{
    private readonly IOperations _operations;
    private readonly OptimizerState _optimizer;
    private readonly RegrowthPlan _plan;
    private readonly long _stepCount;
    private readonly LlamaModel _model;
    private readonly Part[] _parts;
    private readonly DeviceMemory _scratch;

    /// <param name="model">The model, in whose matrices single values learn.</param>
    /// <param name="operations">Its device.</param>
    /// <param name="optimizer">The moments of what learns.</param>
    /// <param name="plan">How they move.</param>
    /// <param name="stepCount">Steps of the whole training.</param>
    public Regrowth(LlamaModel model, IOperations operations, OptimizerState optimizer, RegrowthPlan plan, long stepCount)
    {
        plan.Validate();
        (_model, _operations, _optimizer, _plan, _stepCount) = (model, operations, optimizer, plan, stepCount);
        _parts = [.. model.Weights.Changing.Select(w => new Part(w, operations))];
        _scratch = operations.Allocate(_parts.Max(p => p.Count));
    }

    /// <summary>How many values are kept on the device.</summary>
    public long Length => _scratch.Length + _parts.Sum(p => p.Start.Length);

    /// <summary>Bytes beside the device's memory, at most: of each value a candidate with its sum, once more while a step adds to it,
    /// and one whole gradient.</summary>
    public long HostBytes => sizeof(float) * ((3 * _parts.Sum(p => (long)p.Count)) + _parts.Max(p => p.Owner.Value.Length));

    /// <summary>Whether a step's gradients are heard: all of them then, in their order, by every rank.</summary>
    public bool Listens(long step) => _plan.Listens(step);

    /// <summary>Before a step's gradients: hears them, where they count.</summary>
    public void Begin(long step)
    {
        _model.WholeGradientHeard = _plan.Listens(step) ? Hear : null;
        // Cancelled, a step leaves no trace.
        foreach (Part part in _parts) part.Heard = part.Sums with { Values = [.. part.Sums.Values] };
    }

    /// <summary>After a step: exchanges values, where that is due.</summary>
    public void End(long step)
    {
        for (int i = 0; i < _parts.Length; i++)
        {
            Part part = _parts[i];
            part.Sums = part.Heard;
            if (!_plan.Ends(step)) continue;
            if (_plan.CountAfter(step, _stepCount, part.Count) is > 0 and int count) Move(i, count);
            part.Sums = Candidates.None;
        }
    }

    /// <summary>What a state saves beside the values themselves.</summary>
    public IEnumerable<TrainingState.Numbers> Save() => _parts.SelectMany(p => (TrainingState.Numbers[])
    [
        new($"{p.Name}.places", p.Runs.Places),
        .. p.Sums.Places.Length == 0 ? (TrainingState.Numbers[])[] :
        [
            new($"{p.Name}.candidates", p.Sums.Places), new($"{p.Name}.sums", [.. p.Sums.Values.Select(BitConverter.SingleToInt32Bits)]),
        ],
    ]);

    /// <summary>Goes on where it was saved; the values themselves are restored already, and not yet put in their places.</summary>
    public void Restore(Func<string, int[]?> read)
    {
        foreach (Part part in _parts)
        {
            part.Runs.Move(read($"{part.Name}.places")
                ?? throw new InvalidDataException($"the state does not say which values of {part.Name} learn. Begin the run anew."));
            _operations.EmbeddingForward(part.Start, part.Owner.Value, part.Runs.Places, 1);
            part.Sums = new(read($"{part.Name}.candidates") ?? [],
                [.. (read($"{part.Name}.sums") ?? []).Select(BitConverter.Int32BitsToSingle)]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _model.WholeGradientHeard = null;
        _scratch.Dispose();
        foreach (Part part in _parts) part.Start.Dispose();
    }

    private void Hear(Weight weight, DeviceSpan gradient)
    {
        Part part = Array.Find(_parts, p => p.Owner == weight)!;
        if (part.Heard.Places.Length == 0)
        {
            float[] whole = Download(gradient);
            int[] largest = LargestValues.Find(whole, part.Count);
            part.Heard = new(largest, [.. largest.Select(place => whole[place])]);
            return;
        }
        DeviceSpan some = _scratch.Span.Slice(0, part.Count);
        _operations.EmbeddingForward(some, gradient, part.Heard.Places, 1);
        TensorPrimitives.Add(part.Heard.Values, Download(some), part.Heard.Values);
    }

    private void Move(int index, int count)
    {
        Part part = _parts[index];
        DeviceSpan values = part.Runs.Weight.Value, start = part.Start, other = _scratch.Span.Slice(0, part.Count);
        float[] changes = Download(values);
        TensorPrimitives.Subtract(changes, Download(start), changes);
        Exchange exchange = Exchange.Choose(part.Runs.Places, changes, part.Sums.Places, part.Sums.Values, count);
        // The whole matrix is the base for a moment.
        _operations.ScatterRows(part.Owner.Value, start, part.Runs.Places, 1);
        _operations.EmbeddingForward(start, part.Owner.Value, exchange.Places, 1);
        _operations.Copy(other, start);
        _operations.EmbeddingForward(other, values, exchange.From, 1);
        _operations.Copy(values, other);
        _optimizer.Move(index, exchange.From, other);
        part.Runs.Move(exchange.Places);
        part.Runs.Put();
    }

    private float[] Download(DeviceSpan span)
    {
        float[] values = new float[span.Length];
        _operations.Download(values, span);
        return values;
    }

    /// <summary>Places, ascending, and the sums of their gradients.</summary>
    private sealed record Candidates(int[] Places, float[] Values)
    {
        public static Candidates None { get; } = new([], []);
    }

    /// <summary>The values of one matrix.</summary>
    private sealed class Part
    {
        public Part(Weight owner, IOperations operations)
        {
            (Owner, Runs) = (owner, owner.Runs!);
            Start = operations.Allocate(Count);
            operations.Copy(Start, Runs.Weight.Value);
        }

        public Weight Owner { get; }

        public LearnedRuns Runs { get; }

        /// <summary>What the base has at their places.</summary>
        public DeviceMemory Start { get; }

        /// <summary>The sums of all steps that were done.</summary>
        public Candidates Sums { get; set; } = Candidates.None;

        /// <summary>The same with what the step under way has given so far.</summary>
        public Candidates Heard { get; set; } = Candidates.None;

        public string Name => Owner.Name;

        public int Count => Runs.Weight.Rows;
    }
}
