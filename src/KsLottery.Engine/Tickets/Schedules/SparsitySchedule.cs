using System.Globalization;

namespace KsLottery.Engine.Tickets;

/// <summary>Which part of the weights is pruned at a step or round: <see cref="OneShotSparsity"/>, <see cref="GeometricSparsity"/>,
/// <see cref="CubicSparsity"/> or <see cref="StairSparsity"/>; there are no others.</summary>
public abstract record SparsitySchedule
{
    private protected SparsitySchedule()
    {
    }

    /// <summary>The part of all weights that is pruned then, 0 to 1.</summary>
    /// <param name="time">A step, epoch or round, from 0.</param>
    public abstract double At(long time);

    /// <exception cref="ArgumentOutOfRangeException">It is no part of a whole.</exception>
    private protected static double Part(string name, double value) => value is >= 0 and <= 1 ? value
        : throw new ArgumentOutOfRangeException(name, value, string.Create(CultureInfo.InvariantCulture,
            $"{name} is {value}; a sparsity lies between 0 and 1, for instance 0.5."));
}

/// <summary>All at once, at one step.</summary>
public sealed record OneShotSparsity : SparsitySchedule
{
    /// <param name="sparsity">The part that is pruned, 0 to 1.</param>
    /// <param name="step">When.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is outside its range.</exception>
    public OneShotSparsity(double sparsity, long step = 0) => (Sparsity, Step) = (Part(nameof(sparsity), sparsity), step);

    /// <summary>The part that is pruned.</summary>
    public double Sparsity { get; }

    /// <summary>When.</summary>
    public long Step { get; }

    /// <inheritdoc/>
    public override double At(long time) => time < Step ? 0 : Sparsity;
}

/// <summary>Rounds that each prune the same part of what is left, as iterative magnitude pruning does (Frankle and Carbin, arXiv
/// 1803.03635).</summary>
public sealed record GeometricSparsity : SparsitySchedule
{
    private readonly UnitShare _kept;

    /// <param name="fraction">The part of the survivors that a round prunes.</param>
    public GeometricSparsity(UnitShare fraction) => (Fraction, _kept) = (fraction, new(1 - fraction.Value));

    /// <summary>The part of the survivors that a round prunes.</summary>
    public UnitShare Fraction { get; }

    /// <summary>1 - (1-f)ʳ after r rounds.</summary>
    public override double At(long time) => 1 - Math.Pow((double)_kept.Value, time);

    /// <summary>The survivors of a round: of n weights ⌈f·n⌉ go, f taken as the decimal that it is.</summary>
    public long SurvivorsOf(long count) => _kept.CountOf(count);

    /// <summary>The part of all weights that is left after some rounds, (1-f)ʳ, of which a decimal holds 28 digits.</summary>
    /// <param name="rounds">r, from 0.</param>
    public UnitShare KeptAfter(int rounds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rounds);
        return new(Enumerable.Repeat(_kept.Value, rounds).Aggregate(1m, (product, kept) => product * kept));
    }

    /// <summary>The survivors before the first round and after each.</summary>
    /// <param name="count">How many weights there are.</param>
    /// <param name="rounds">How many rounds.</param>
    public IReadOnlyList<long> Survivors(long count, int rounds)
    {
        long[] left = new long[rounds + 1];
        left[0] = count;
        for (int r = 1; r <= rounds; r++) left[r] = SurvivorsOf(left[r - 1]);
        return left;
    }
}

/// <summary>Fast at first, ever slower towards the end: gradual magnitude pruning (Zhu and Gupta, arXiv 1710.01878).</summary>
/// <remarks>s = sᵢ + (s_f - sᵢ)·(1 - (1 - (t - t₀)/(t_f - t₀))³); sᵢ before t₀, s_f from t_f on. A program that prunes every n steps asks
/// with steps divided by n.</remarks>
public sealed record CubicSparsity : SparsitySchedule
{
    /// <param name="start">t₀.</param>
    /// <param name="end">t_f, not before t₀.</param>
    /// <param name="final">s_f, 0 to 1.</param>
    /// <param name="initial">sᵢ, 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A part is outside its range, or the end lies before the start.</exception>
    public CubicSparsity(long start, long end, double final, double initial = 0)
    {
        if (end < start) throw new ArgumentOutOfRangeException(nameof(end), end, $"the end lies before the start, {start}.");
        (Start, End, Final, Initial) = (start, end, Part(nameof(final), final), Part(nameof(initial), initial));
    }

    /// <summary>t₀.</summary>
    public long Start { get; }

    /// <summary>t_f.</summary>
    public long End { get; }

    /// <summary>s_f.</summary>
    public double Final { get; }

    /// <summary>sᵢ.</summary>
    public double Initial { get; }

    /// <inheritdoc/>
    public override double At(long time)
    {
        if (time < Start) return Initial;
        if (time >= End) return Final;
        double left = (double)(End - time) / (End - Start);
        return Initial + ((Final - Initial) * (1 - (left * left * left)));
    }
}

/// <summary>A little more at the end of each interval, up to a target (SuperTickets, You et al., ECCV 2022).</summary>
/// <remarks>min(target, ⌊(t+1)/every⌋·step).</remarks>
public sealed record StairSparsity : SparsitySchedule
{
    /// <param name="target">What is pruned in the end, 0 to 1.</param>
    /// <param name="every">The length of an interval, at least 1.</param>
    /// <param name="step">What an interval adds, 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public StairSparsity(double target, long every, double step)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(every, 1);
        (Target, Every, Step) = (Part(nameof(target), target), every, Part(nameof(step), step));
    }

    /// <summary>What is pruned in the end.</summary>
    public double Target { get; }

    /// <summary>The length of an interval.</summary>
    public long Every { get; }

    /// <summary>What an interval adds.</summary>
    public double Step { get; }

    /// <inheritdoc/>
    public override double At(long time) => Math.Min(Target, Math.Floor((time + 1) / (double)Every) * Step);
}
