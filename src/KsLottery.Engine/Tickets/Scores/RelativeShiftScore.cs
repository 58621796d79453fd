using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Tickets;

/// <summary>‖tuned - base‖₂ / ‖base‖₂ over a unit; 0 for one that did not change, infinity for one that was zero and changed.</summary>
internal sealed record RelativeShiftScore : TicketScore
{
    public override string Name => "relative-shift";

    internal override string Meaning => "how far a unit moved against its own length, ‖tuned − base‖ / ‖base‖";

    public override ScoreInputs Inputs => ScoreInputs.Base | ScoreInputs.Tuned;

    internal override ElementKeys Elements => new ElementKeys<Formula>();

    internal override UnitScores Of(ScoreSource source, int threads = 0, CancellationToken cancellationToken = default) =>
        Measure(source, unit => unit.RelativeDelta, threads, cancellationToken);

    /// <summary>|t - b| / |b|.</summary>
    internal readonly struct Formula : IElementFormula
    {
        public static Vector512<T> Of<T>(Vector512<T> before, Vector512<T> after)
        {
            Vector512<T> moved = Vector512.Abs(after - before);
            return Vector512.ConditionalSelect(Vector512.Equals(moved, Vector512<T>.Zero), moved, moved / Vector512.Abs(before));
        }
    }
}
