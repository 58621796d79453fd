using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using CommunityToolkit.HighPerformance.Buffers;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Models;

/// <summary>Products of a matrix of magnitudes |W| with a vector, in double, read from its file in chunks of rows.</summary>
/// <remarks>Sums are taken in one order whatever the threads.</remarks>
internal static class AbsoluteProduct
{
    private const int ChunkLength = 1 << 16, MaxBlocks = 64;

    /// <summary>|W|·x.</summary>
    public static double[] Forward(Tensor matrix, double[] input, CancellationToken cancel)
    {
        double[] output = new double[matrix.Shape[0]], padded = Pad(input);
        ForEachBlock(matrix, (_, first, row) => output[first] = Dot(row, padded), cancel);
        return output;
    }

    /// <summary>|W|ᵀ·y.</summary>
    public static double[] Backward(Tensor matrix, double[] output, CancellationToken cancel)
    {
        int columns = (int)matrix.Shape[1];
        double[][] sums = new double[MaxBlocks][];
        ForEachBlock(matrix, (block, first, row) => Add(sums[block] ??= new double[Lanes.RoundUp(columns)], row, output[first]), cancel);
        double[] input = new double[columns];
        foreach (double[]? sum in sums)
            for (int i = 0; sum is not null && i < columns; i++) input[i] += sum[i];
        return input;
    }

    private delegate void VisitRow(int block, long row, ReadOnlySpan<float> values);

    /// <summary>Visits all rows, those of a block in their order.</summary>
    private static void ForEachBlock(Tensor matrix, VisitRow visit, CancellationToken cancel)
    {
        Tensor values = matrix.Values;
        long rows = values.Shape[0], perBlock = (rows + MaxBlocks - 1) / MaxBlocks;
        int columns = (int)values.Shape[1], perChunk = Math.Max(1, ChunkLength / columns);
        SideBySide.ForEach(Enumerable.Range(0, MaxBlocks), threads: 0, block =>
        {
            using MemoryOwner<float> buffer = MemoryOwner<float>.Allocate(perChunk * columns);
            long end = Math.Min(rows, (block + 1) * perBlock);
            for (long row = block * perBlock; row < end; row += perChunk)
            {
                cancel.ThrowIfCancellationRequested();
                int count = (int)Math.Min(perChunk, end - row);
                ReadOnlySpan<float> chunk = ElementValues.Read(values, row * columns, buffer.Span[..(count * columns)]);
                for (int i = 0; i < count; i++) visit(block, row + i, chunk.Slice(i * columns, columns));
            }
        }, cancel);
    }

    private static double[] Pad(double[] vector)
    {
        double[] padded = new double[Lanes.RoundUp(vector.Length)];
        vector.CopyTo(padded, 0);
        return padded;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Dot(ReadOnlySpan<float> row, double[] vector)
    {
        Vector256<double> lower = default, upper = default;
        for (int i = 0; i < row.Length; i += Lanes.Count)
        {
            Vector256<float> w = Vector256.Abs(Lanes.Load(row, i));
            lower += Vector256.WidenLower(w) * Vector256.Create(vector, i);
            upper += Vector256.WidenUpper(w) * Vector256.Create(vector, i + Vector256<double>.Count);
        }
        return Sums.Total(lower + upper);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(double[] sums, ReadOnlySpan<float> row, double factor)
    {
        Vector256<double> factors = Vector256.Create(factor);
        for (int i = 0; i < row.Length; i += Lanes.Count)
        {
            Vector256<float> w = Vector256.Abs(Lanes.Load(row, i));
            int next = i + Vector256<double>.Count;
            (Vector256.Create(sums, i) + (Vector256.WidenLower(w) * factors)).CopyTo(sums, i);
            (Vector256.Create(sums, next) + (Vector256.WidenUpper(w) * factors)).CopyTo(sums, next);
        }
    }
}
