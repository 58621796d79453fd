using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Tickets;

/// <summary>‖w‖₂ over a unit, of a single element |w|: of the base, as one-shot pruning of a pretrained model takes it, or of the tuned
/// tensor, as the lottery ticket hypothesis does (Frankle and Carbin, arXiv 1803.03635).</summary>
/// <param name="IsTuned">Whether w is the tuned tensor.</param>
internal sealed record MagnitudeScore(bool IsTuned) : TicketScore
{
    public override string Name => IsTuned ? "tuned-magnitude" : "magnitude";

    internal override string Meaning => IsTuned ? "how large a unit is in the tuned checkpoint, ‖tuned‖"
        : "how large a unit is in the base, ‖base‖";

    public override ScoreInputs Inputs => IsTuned ? ScoreInputs.Tuned : ScoreInputs.Base;

    internal override ElementKeys Elements => IsTuned ? new ElementKeys<TunedFormula>() : new ElementKeys<Formula>();

    internal override UnitScores Of(ScoreSource source, int threads = 0, CancellationToken cancellationToken = default)
    {
        if (source is { IsRows: true, Scan: not null })
            return Measure(source, unit => IsTuned ? unit.TunedNorm : unit.BaseNorm, threads, cancellationToken);
        source.ThrowIfLacks(this);
        ScoreSource own = source with { Base = IsTuned ? source.Tuned! : source.Base, Tuned = null };
        double[] norms = [.. UnitMeasures.Of(own, threads, cancellationToken).Select(unit => unit.BaseNorm)];
        return new(source, [.. norms.Select(norm => double.IsFinite(norm) ? norm : double.NaN)]);
    }

    /// <summary>|b|.</summary>
    internal readonly struct Formula : IElementFormula
    {
        public static Vector512<T> Of<T>(Vector512<T> before, Vector512<T> after) => Vector512.Abs(before);
    }

    /// <summary>|t|.</summary>
    internal readonly struct TunedFormula : IElementFormula
    {
        public static Vector512<T> Of<T>(Vector512<T> before, Vector512<T> after) => Vector512.Abs(after);
    }
}
