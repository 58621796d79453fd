using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Operations;

/// <summary>Some elements of dW += dyᵀ·x alone, a sampled dense-dense product, with the bits that <see cref="MatMul"/> gives
/// them.</summary>
/// <remarks>
/// <see cref="Gemm"/> sums an element in blocks of products, each block in one chain. No chain can be cut, but the blocks of an element
/// are independent: they are the lanes of vectors here, and are added one by one afterwards. For that columns of x and dy become lines,
/// those of x all at once, those of dy a few at a time.
/// </remarks>
internal static class SampledMatMul
{
    private const int Panel = SampledPacking.MaxColumns;

    /// <summary>What a multiply-add in one lane takes, and what a float of a line takes.</summary>
    private const double ElementCost = 24, LineCost = 18;

    [ThreadStatic] private static AlignedScratch<float> _lines;

    /// <summary>Whether this takes less time than all elements by <see cref="MatMul"/>.</summary>
    /// <remarks>In multiply-adds of the whole product that take as long: see <c>bench/results</c>, sampled products.</remarks>
    public static bool IsFaster(int rows, long elements, int outputs, int inputs)
    {
        if (rows == 0) return false;
        SampledShape shape = new(rows);
        double lanes = Math.Min(SampledShape.MaxLanes, (double)rows / shape.Depth);
        return (elements * ElementCost / lanes) + (((long)outputs + inputs) * LineCost) < (double)outputs * inputs;
    }

    /// <summary>How many floats the lines of x take.</summary>
    public static long ScratchLength(int rows, int inputs) => rows == 0 ? 0 : (long)inputs * new SampledShape(rows).Line;

    /// <summary>gradient[i·width + j] += Σ dy[m, r]·x[m, c], where r·inputs + c is element runs[i]·width + j of dW.</summary>
    /// <param name="pool">Who works.</param>
    /// <param name="gradient">The elements.</param>
    /// <param name="outputGradient">dy, (M, outputs).</param>
    /// <param name="input">x, (M, inputs).</param>
    /// <param name="runs">Which elements, ascending.</param>
    /// <param name="width">Elements of a run, a divisor of <paramref name="inputs"/>.</param>
    /// <param name="outputs">Columns of dy.</param>
    /// <param name="inputs">Columns of x.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public static void BackwardWeight(WorkerPool pool, DeviceSpan gradient, DeviceSpan outputGradient, DeviceSpan input,
        ReadOnlyMemory<int> runs, int width, int outputs, int inputs, DeviceSpan scratch)
    {
        int all = (int)(input.Length / inputs), perRow = inputs / width;
        if (all == 0 || runs.IsEmpty) return;
        SampledShape shape = new(all);
        for (int start = 0; start < all; start += shape.Rows)
        {
            int first = start, rows = Math.Min(shape.Rows, all - first);
            pool.Share(Panels(inputs), (long)rows * Panel, (from, to) =>
            {
                for (int column = (int)from * Panel; column < Math.Min((int)to * Panel, inputs); column += Panel)
                {
                    int count = Math.Min(Panel, inputs - column);
                    Pack(input, inputs, first, rows, column, count, shape, isGradient: false,
                        scratch.Write((long)column * shape.Line, (long)count * shape.Line));
                }
            });
            pool.Share(Panels(outputs), (long)rows * (Panel + (gradient.Length / Panels(outputs))), (from, to) =>
            {
                for (int row = (int)from * Panel; row < Math.Min((int)to * Panel, outputs); row += Panel)
                {
                    int count = Math.Min(Panel, outputs - row), begin = Find(runs.Span, (long)row * perRow),
                        end = Find(runs.Span, (long)(row + count) * perRow);
                    if (begin == end) continue;
                    if (_lines.Length < Panel * shape.Line) _lines = new(Panel * shape.Line);
                    Pack(outputGradient, outputs, first, rows, row, count, shape, isGradient: true, _lines.Span);
                    SampledSums sums = new(shape, ((rows - 1) / shape.Depth) + 1, _lines.Span, scratch.Read(),
                        gradient.Write((long)begin * width, (long)(end - begin) * width));
                    Sum(ref sums, runs.Span[begin..end], width, row, perRow, shape.Line);
                }
            });
        }
    }

    /// <summary>Sums the elements of some rows.</summary>
    private static void Sum(ref SampledSums sums, ReadOnlySpan<int> runs, int width, int firstRow, int perRow, nint line)
    {
        int row = -1;
        foreach (int run in runs)
        {
            int column = run - (row * perRow);
            if (row < 0 || column >= perRow)
            {
                sums.EndRow();
                (row, column) = int.DivRem(run, perRow);
            }
            for (int j = 0; j < width; j++) sums.Add((row - firstRow) * line, ((column * width) + j) * line);
        }
        sums.End();
    }

    private static void Pack(DeviceSpan source, int stride, int firstRow, int rows, int column, int columns, SampledShape shape,
        bool isGradient, Span<float> lines)
    {
        ReadOnlySpan<float> values = source.Read(((long)firstRow * stride) + column, ((long)(rows - 1) * stride) + columns);
        SampledPacking.Pack(in MemoryMarshal.GetReference(values), stride, rows, columns, isGradient, shape,
            ref MemoryMarshal.GetReference(lines));
    }

    /// <summary>How many runs lie before a number.</summary>
    private static int Find(ReadOnlySpan<int> runs, long before)
    {
        if (before > int.MaxValue) return runs.Length;
        int place = runs.BinarySearch((int)before);
        return place < 0 ? ~place : place;
    }

    private static int Panels(int columns) => ((columns - 1) / Panel) + 1;
}
