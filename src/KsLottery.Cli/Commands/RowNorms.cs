using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;

namespace KsLottery.Cli.Commands;

/// <summary>How long the rows of a matrix are.</summary>
/// <param name="RowCount">R.</param>
/// <param name="Least">The smallest Euclidean norm of a finite row; NaN where there is none.</param>
/// <param name="Median">The median norm.</param>
/// <param name="Greatest">The largest norm.</param>
/// <param name="Zero">Rows of zeros alone.</param>
/// <param name="NearlyZero">Further rows whose norm is below 1e-4 of the median: dead, as tokens are that training never saw.</param>
/// <param name="NonFinite">Rows with a NaN or an infinity, which have no norm.</param>
internal sealed record RowNorms(long RowCount, double Least, double Median, double Greatest, long Zero, long NearlyZero, long NonFinite)
{
    private const double NearlyZeroShare = 1e-4;

    /// <summary>Whether a tensor has rows whose norms can be computed.</summary>
    public static bool Has(Tensor tensor) => tensor.Shape.Count == 2 && tensor.ElementType.IsComputable()
        && tensor.RowShape is { Rows: > 0, Width: >= 1 and <= KsRowKernels.MaximumWidth };

    /// <summary>Reads all rows, on all processors.</summary>
    public static RowNorms Of(Tensor tensor, CancellationToken cancellationToken)
    {
        // A scan of a matrix against itself compares nothing, and gives the norms at the speed of memory.
        RowMatrix rows = RowMatrix.FromTensor(tensor);
        RowScanResult scan = RowScan.Run(rows, rows, cancellationToken: cancellationToken);
        double[] norms = [.. scan.Rows.Where(r => r.State != RowState.NonFinite).Select(r => r.BaseNorm).Order()];
        if (norms.Length == 0) return new(rows.RowCount, double.NaN, double.NaN, double.NaN, 0, 0, rows.RowCount);
        double median = norms[norms.Length / 2];
        long zero = norms.LongCount(n => n == 0);
        long nearlyZero = norms.LongCount(n => n < median * NearlyZeroShare) - (median > 0 ? zero : 0);
        return new(rows.RowCount, norms[0], median, norms[^1], zero, nearlyZero, rows.RowCount - norms.Length);
    }
}
