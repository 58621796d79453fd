using KsLottery.Engine.Kernels;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Tickets;

/// <summary>D = h/n of the two-sample Kolmogorov-Smirnov test between a unit's n values before and after, and the relative shift where D is
/// equal: KS-Lottery (arXiv 2402.02801).</summary>
internal sealed record KsScore : TicketScore
{
    public override string Name => "ks";

    internal override string Meaning => "the largest distance D between the distributions of a unit’s values before and after";

    public override ScoreInputs Inputs => ScoreInputs.Base | ScoreInputs.Tuned;

    public override bool HasNull => true;

    public override bool RanksZero => false;

    public override double MinPValue(int unitSize, KsMethod method = KsMethod.Auto) =>
        NullDistribution.ForEqualLengths(unitSize, method).PValue(unitSize);

    internal override UnitScores Of(ScoreSource source, int threads = 0, CancellationToken cancellationToken = default)
    {
        source.ThrowIfLacks(this);
        if (source.Grid.UnitSize > KsRowKernels.MaximumWidth)
            throw new ArgumentException($"{source.Name}: the test takes units of 1 to {KsRowKernels.MaximumWidth} elements, these have "
                + $"{source.Grid.UnitSize}. Take smaller units, or another score.");
        IReadOnlyList<RowResult> units = UnitMeasures.Of(source, threads, cancellationToken);
        int[] counts = [.. units.Select(u => u.IsEligible ? u.Count : -1)];
        if (source.Scan is null || !source.IsRows)
            UnitBands.Visit(source, () => new Visitor(source.Grid, units, counts), isGathering: true, threads, cancellationToken);
        double[] values = new double[counts.Length];
        for (int i = 0; i < counts.Length; i++) values[i] = counts[i] < 0 ? double.NaN : (double)counts[i] / source.Grid.SizeOf(i);
        return new(source, values) { Second = [.. units.Select(u => u.RelativeDelta)], RanksZero = RanksZero, Counts = counts };
    }

    /// <summary>Gathers the values of each unit, and tests them; units that did not change keep h = 0.</summary>
    private sealed class Visitor(UnitGrid grid, IReadOnlyList<RowResult> units, int[] counts) : IUnitVisitor
    {
        private readonly Dictionary<int, IKsRowKernel> _kernels = [];
        private float[] _before = [], _after = [];
        private int[] _used = [];
        private long _first;
        private int _count;

        private int Capacity => (int)grid.UnitSize;

        public void Begin(long first, int count)
        {
            (_first, _count) = (first, count);
            if (_used.Length < count) (_used, _before, _after) = (new int[count], new float[count * Capacity], new float[count * Capacity]);
            Array.Clear(_used, 0, count);
        }

        public void Visit(int unit, ReadOnlySpan<float> before, ReadOnlySpan<float> after)
        {
            int place = (unit * Capacity) + _used[unit];
            before.CopyTo(_before.AsSpan(place));
            after.CopyTo(_after.AsSpan(place));
            _used[unit] += before.Length;
        }

        public void End()
        {
            for (int i = 0; i < _count; i++)
            {
                if (units[(int)(_first + i)].State is not (RowState.Changed or RowState.Degenerate)) continue;
                if (!_kernels.TryGetValue(_used[i], out IKsRowKernel? kernel))
                    _kernels.Add(_used[i], kernel = KsRowKernels.Create(_used[i]));
                counts[_first + i] = kernel.Test(_before.AsSpan(i * Capacity, _used[i]), _after.AsSpan(i * Capacity, _used[i])).Count;
            }
        }
    }
}
