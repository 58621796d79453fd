using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Tickets;

/// <summary>The mean of |tuned - base| over a unit; of a single element |Δ|, by which LoTA (arXiv 2406.16797) and composable sparse
/// fine-tuning (Ansell et al., 2022) select.</summary>
internal sealed record MovementScore : TicketScore
{
    public override string Name => "movement";

    public override ScoreInputs Inputs => ScoreInputs.Base | ScoreInputs.Tuned;

    internal override ElementKeys Elements => new ElementKeys<MovementFormula>();

    internal override UnitScores Of(ScoreSource source, int threads = 0, CancellationToken cancellationToken = default)
    {
        source.ThrowIfLacks(this);
        if (source.Scan is { Pairing.IsPlain: false })
            throw new ArgumentException($"{source.Name}: the score '{Name}' compares tensors of one shape, and rows were paired. "
                + "Take the score 'shift'.");
        double[] values = new double[source.Grid.Count];
        UnitBands.Visit(source, () => new Visitor(source.Grid, values), isGathering: false, threads, cancellationToken);
        return new(source, values);
    }

    private sealed class Visitor(UnitGrid grid, double[] values) : IUnitVisitor
    {
        private long _first;
        private int _count;

        public void Begin(long first, int count)
        {
            (_first, _count) = (first, count);
            values.AsSpan((int)first, count).Clear();
        }

        public void Visit(int unit, ReadOnlySpan<float> before, ReadOnlySpan<float> after)
        {
            double sum = 0;
            for (int i = 0; i < before.Length; i++) sum += Math.Abs((double)after[i] - before[i]);
            values[_first + unit] += sum;
        }

        public void End()
        {
            for (long unit = _first; unit < _first + _count; unit++)
                values[unit] = double.IsFinite(values[unit]) ? values[unit] / grid.SizeOf(unit) : double.NaN;
        }
    }
}

/// <summary>|t - b|.</summary>
internal readonly struct MovementFormula : IElementFormula
{
    public static Vector512<T> Of<T>(Vector512<T> before, Vector512<T> after) => Vector512.Abs(after - before);
}
