using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Ranks;

namespace KsLottery.Engine.Rows;

/// <summary>The Euclidean norms of a matrix's rows, summed up.</summary>
/// <param name="RowCount">R.</param>
/// <param name="Min">The smallest norm of a finite row; NaN where there is none.</param>
/// <param name="Median">The median norm.</param>
/// <param name="Max">The largest norm.</param>
/// <param name="Zero">Rows of zeros alone.</param>
/// <param name="NearlyZero">Further rows whose norm is below 1e-4 of the median: dead, as tokens are that training never saw.</param>
/// <param name="NonFinite">Rows with a NaN or an infinity, which have no norm.</param>
internal sealed record RowNorms(long RowCount, double Min, double Median, double Max, long Zero, long NearlyZero, long NonFinite)
{
    /// <summary>Whether a tensor is a matrix whose rows can be tested.</summary>
    public static bool Has(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.Shape.Count == 2 && tensor.ElementType.IsReadable() && tensor.Scale?.Obstacle is null
            && tensor.RowShape is { Rows: > 0, Width: >= 1 and <= KsRowKernels.MaximumWidth };
    }

    /// <summary>Reads all rows, on all processors.</summary>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static RowNorms Of(RowMatrix matrix, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        return Of(matrix, Each(matrix, threads: 0, cancellationToken));
    }

    /// <summary>Reads all rows, each rank those of its number; collective.</summary>
    /// <returns>The norms on rank 0, null on others.</returns>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static RowNorms? Of(RankGroup ranks, RowMatrix matrix, CancellationToken cancellationToken)
    {
        RowRange own = RowRange.OfPart(matrix.RowCount, ranks.Rank + 1, ranks.Size);
        double[] norms = Each(matrix.Slice(own.First, own.Count), threads: 0, cancellationToken);
        byte[][] all = RankBlobs.Gather(ranks, MemoryMarshal.AsBytes(norms.AsSpan()).ToArray());
        return ranks.Rank == 0 ? Of(matrix, [.. all.SelectMany(bytes => MemoryMarshal.Cast<byte, double>(bytes).ToArray())]) : null;
    }

    private static RowNorms Of(RowMatrix matrix, double[] each)
    {
        double[] norms = [.. each.Where(double.IsFinite).Order()];
        if (norms.Length == 0) return new(matrix.RowCount, double.NaN, double.NaN, double.NaN, 0, 0, matrix.RowCount);
        double median = norms[norms.Length / 2];
        long zero = norms.LongCount(n => n == 0);
        long nearlyZero = norms.LongCount(n => n < median * RowScan.NearlyZero) - (median > 0 ? zero : 0);
        return new(matrix.RowCount, norms[0], median, norms[^1], zero, nearlyZero, matrix.RowCount - norms.Length);
    }

    /// <summary>The norm of each row, by row number; NaN or infinite where the row is not finite.</summary>
    internal static double[] Each(RowMatrix matrix, int threads, CancellationToken cancellationToken)
    {
        double[] norms = new double[matrix.RowCount];
        RowChunks.Run(matrix, null, threads, _ => (row, count, bytes, _) =>
        {
            for (int i = 0; i < count; i++)
                norms[row + i] = Math.Sqrt(RowMoments.SquareOf(bytes.Slice(i * matrix.RowBytes, matrix.RowBytes), matrix.ElementType));
        }, cancellationToken);
        return norms;
    }
}
