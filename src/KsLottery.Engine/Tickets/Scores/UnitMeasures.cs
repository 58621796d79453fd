using System.Runtime.InteropServices;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Tickets;

/// <summary>Norms, shift and cosine of every unit, as a scan measures those of rows; without a test, and h = 0.</summary>
internal static class UnitMeasures
{
    /// <summary>One measurement a unit, from the scan of the rows where there is one.</summary>
    /// <exception cref="NotSupportedException">A tensor's values are not computed with.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static IReadOnlyList<RowResult> Of(ScoreSource source, int threads, CancellationToken cancel)
    {
        if (source.IsRows && source.Scan is { } scan) return scan.Rows;
        RowResult[] results = new RowResult[source.Grid.Count];
        if (source.IsRows && source.Tuned is not null) MeasureRows(source, results, threads, cancel);
        else UnitBands.Visit(source, () => new Visitor(results), isGathering: false, threads, cancel);
        return results;
    }

    /// <summary>Rows: by the code that the scan measures them with, to the same bits.</summary>
    private static void MeasureRows(ScoreSource source, RowResult[] results, int threads, CancellationToken cancel)
    {
        RowMatrix before = RowMatrix.FromTensor(source.Base), after = RowMatrix.FromTensor(source.Tuned!);
        RowChunks.Run(before, after, threads, _ =>
        {
            RowPair pair = new(before.Width, before.ElementType, after.ElementType);
            return (row, count, a, b) =>
            {
                for (int i = 0; i < count; i++)
                    results[row + i] = pair.Describe(KsRowOutcome.Equal,
                        a.Slice(i * before.RowBytes, before.RowBytes), b.Slice(i * after.RowBytes, after.RowBytes));
            };
        }, cancel);
    }

    private sealed class Visitor(RowResult[] results) : IUnitVisitor
    {
        private RowMoments[] _sums = [];
        private long _first;
        private int _count;

        public void Begin(long first, int count)
        {
            (_first, _count) = (first, count);
            if (_sums.Length < count) _sums = new RowMoments[count];
            Array.Clear(_sums, 0, count);
        }

        public void Visit(int unit, ReadOnlySpan<float> before, ReadOnlySpan<float> after)
        {
            RowMoments own = before.Length == 1 ? OfOne(before[0], after[0])
                : RowMoments.Of(MemoryMarshal.AsBytes(before), MemoryMarshal.AsBytes(after), ElementType.F32);
            ref RowMoments sum = ref _sums[unit];
            sum = new(sum.Base + own.Base, sum.Tuned + own.Tuned, sum.Delta + own.Delta, sum.Product + own.Product);
        }

        private static RowMoments OfOne(double before, double after) =>
            new(before * before, after * after, (after - before) * (after - before), before * after);

        public void End()
        {
            for (int i = 0; i < _count; i++)
                results[_first + i] = _sums[i] is { Delta: 0 } same && double.IsFinite(same.Base) ? RowPair.Unchanged(same.Base)
                    : RowPair.Describe(KsRowOutcome.Equal, _sums[i], wasConstant: false);
        }
    }
}
