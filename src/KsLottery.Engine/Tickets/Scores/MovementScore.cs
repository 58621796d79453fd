using System.Runtime.Intrinsics;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Tickets;

/// <summary>The mean of |tuned - base| over a unit; of a single element |Δ|, by which LoTA (arXiv 2406.16797) and composable sparse
/// fine-tuning (Ansell et al., 2022) select.</summary>
internal sealed record MovementScore : TicketScore
{
    public override string Name => "movement";

    internal override string Meaning => "how far a unit’s values moved, the mean of |tuned − base|";

    public override ScoreInputs Inputs => ScoreInputs.Base | ScoreInputs.Tuned;

    internal override ElementKeys Elements => new ElementKeys<MovementFormula>();

    internal override UnitScores Of(ScoreSource source, int threads = 0, CancellationToken cancellationToken = default)
    {
        source.ThrowIfLacks(this);
        if (source is { IsRows: true, Scan.Pairing: { IsPlain: false } pairing })
            return new(source, OfPaired(source, pairing, threads, cancellationToken));
        double[] values = new double[source.Grid.Count];
        UnitBands.Visit(source, () => new Visitor(source.Grid, values), isGathering: false, threads, cancellationToken);
        return new(source, values);
    }

    /// <summary>Of rows that stand against others than those of their number; a dropped one has no score.</summary>
    private static double[] OfPaired(ScoreSource source, RowPairing pairing, int threads, CancellationToken cancel)
    {
        int[] paired = [.. pairing.Paired()];
        double[] values = new double[pairing.BaseRows];
        Array.Fill(values, double.NaN);
        (RowMatrix before, RowMatrix after) = pairing.Select(RowMatrix.FromTensor(source.Base), RowMatrix.FromTensor(source.Tuned!));
        RowChunks.Run(before, after, threads, _ =>
        {
            float[] a = new float[before.Width], b = new float[before.Width];
            return (row, count, x, y) =>
            {
                for (int i = 0; i < count; i++)
                {
                    ElementCodec.Of(before.ElementType).Widen(x.Slice(i * before.RowBytes, before.RowBytes), a);
                    ElementCodec.Of(after.ElementType).Widen(y.Slice(i * after.RowBytes, after.RowBytes), b);
                    values[paired[row + i]] = Mean(SumOf(a, b), before.Width);
                }
            };
        }, cancel);
        return values;
    }

    private static double SumOf(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        double sum = 0;
        for (int i = 0; i < before.Length; i++) sum += Math.Abs((double)after[i] - before[i]);
        return sum;
    }

    private static double Mean(double sum, long count) => double.IsFinite(sum) ? sum / count : double.NaN;

    private sealed class Visitor(UnitGrid grid, double[] values) : IUnitVisitor
    {
        private long _first;
        private int _count;

        public void Begin(long first, int count)
        {
            (_first, _count) = (first, count);
            values.AsSpan((int)first, count).Clear();
        }

        public void Visit(int unit, ReadOnlySpan<float> before, ReadOnlySpan<float> after) =>
            values[_first + unit] += SumOf(before, after);

        public void End()
        {
            for (long unit = _first; unit < _first + _count; unit++) values[unit] = Mean(values[unit], grid.SizeOf(unit));
        }
    }
}

/// <summary>|t - b|.</summary>
internal readonly struct MovementFormula : IElementFormula
{
    public static Vector512<T> Of<T>(Vector512<T> before, Vector512<T> after) => Vector512.Abs(after - before);
}
