using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Models;

/// <summary>Some values of a matrix or vector that learn while all others stay: runs of one width, gathered side by side.</summary>
/// <remarks>
/// Value, gradient and moments exist for the runs alone, and an index for each run. The matrix itself is F32, and the values are scattered
/// back into it after each step. Where few values learn their gradients are summed alone. Else, and below norms and the embedding, a
/// backward pass needs the gradient of the whole matrix for the length of one operation; all matrices take the same memory for it in turn.
/// </remarks>
internal sealed class LearnedRuns
{
    private readonly IOperations _operations;
    private readonly DeviceSpan _whole;
    private readonly int[] _runs;
    private readonly int _width;

    /// <param name="whole">The matrix, in the device's own type.</param>
    /// <param name="mask">What of it learns, at least one value.</param>
    /// <param name="operations">Its device.</param>
    /// <exception cref="NotSupportedException">The matrix has more runs than are counted.</exception>
    /// <param name="isSingle">Whether values stand for themselves, whatever they are neighbours of: so that they can
    /// <see cref="Move"/>.</param>
    internal LearnedRuns(Weight whole, TensorMask mask, IOperations operations, bool isSingle = false)
    {
        Mask = mask;
        Elements = mask.Grid.ToElements(mask.Units);
        (_operations, _whole, _width) = (operations, whole.Value, isSingle ? 1 : WidthOf(Elements, whole.Columns));
        if (Elements.Length / _width > int.MaxValue)
            throw new NotSupportedException($"{whole.Name} has {Elements.Length} values, of which runs of {_width} are to learn; "
                + $"{int.MaxValue} such runs can be told apart. Take wider units.");
        _runs = [.. Elements.Runs.SelectMany(Cut)];
        long length = Elements.Count;
        Weight = new(whole.Name, _runs.Length, _width, operations.Allocate(length), operations.Allocate(length), whole.IsVector);
        operations.EmbeddingForward(Weight.Value, _whole, _runs, _width);
    }

    /// <summary>The units that learn.</summary>
    public TensorMask Mask { get; private set; }

    /// <summary>The values' places in the matrix.</summary>
    public IndexSet Elements { get; private set; }

    /// <summary>The places of single values, ascending.</summary>
    internal int[] Places => _runs;

    /// <summary>Bytes that the places take beside the device's memory: a number for each run, and the sets that these come
    /// from.</summary>
    internal long IndexBytes => (sizeof(int) * (long)_runs.Length) + Elements.CodedBytes
        + (ReferenceEquals(Elements, Mask.Units) ? 0 : Mask.Units.CodedBytes);

    /// <summary>(runs, width), with its gradient.</summary>
    public Weight Weight { get; }

    /// <summary>The widest unit that some elements are made of, as far as it divides a row: C where they are whole rows.</summary>
    internal static int WidthOf(IndexSet elements, int columns)
    {
        long width = columns;
        foreach (IndexRun run in elements.Runs)
        {
            width = Divisor(Divisor(width, run.Start), run.Length);
            if (width == 1) break;
        }
        return (int)width;
    }

    /// <summary>Adds outputGradientᵀ · input to the gradient of the values alone, where the device does that.</summary>
    /// <returns>Whether it did; if not, <see cref="Spread"/> and <see cref="Collect"/> come to the same.</returns>
    internal bool TryBackward(DeviceSpan outputGradient, DeviceSpan input, int rows, int columns) =>
        _operations.TryMatMulBackwardSampled(Weight.Gradient, outputGradient, input, _runs, _width, rows, columns);

    /// <summary>The gradient so far as one of the whole matrix, to which an operation adds; <see cref="Collect"/> follows.</summary>
    internal DeviceSpan Spread(ScratchMemory scratch)
    {
        DeviceSpan gradient = scratch.Get(_whole.Length);
        _operations.Clear(gradient);
        _operations.ScatterRows(gradient, Weight.Gradient, _runs, _width);
        return gradient;
    }

    /// <summary>Keeps the part of a whole gradient that is of values that learn.</summary>
    internal void Collect(DeviceSpan gradient) => _operations.EmbeddingForward(Weight.Gradient, gradient, _runs, _width);

    /// <summary>Lets single values elsewhere learn, as many as before; what they are is the caller's to fill in.</summary>
    internal void Move(int[] places)
    {
        places.CopyTo(_runs, 0);
        Mask = Mask.ToElements() with { Units = IndexSet.Of(Elements.Length, places) };
        Elements = Mask.Units;
    }

    /// <summary>Puts the values that learn in their places.</summary>
    internal void Put() => _operations.ScatterRows(_whole, Weight.Value, _runs, _width);

    private IEnumerable<int> Cut(IndexRun run) => Enumerable.Range((int)(run.Start / _width), (int)(run.Length / _width));

    private static long Divisor(long a, long b)
    {
        while (b != 0) (a, b) = (b, a % b);
        return a;
    }
}
