using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Tickets;

/// <summary>‖tuned‖₂ - ‖base‖₂ over a unit, of a single element |t| - |b|; below 0 where it shrank (Zhou et al., arXiv
/// 1905.01067).</summary>
internal sealed record MagnitudeIncreaseScore : TicketScore
{
    public override string Name => "magnitude-increase";

    internal override string Meaning => "by how much a unit grew, ‖tuned‖ − ‖base‖";

    public override ScoreInputs Inputs => ScoreInputs.Base | ScoreInputs.Tuned;

    internal override ElementKeys Elements => new ElementKeys<Formula>();

    internal override UnitScores Of(ScoreSource source, int threads = 0, CancellationToken cancellationToken = default) =>
        Measure(source, unit => unit.TunedNorm - unit.BaseNorm, threads, cancellationToken);

    /// <summary>|t| - |b|.</summary>
    internal readonly struct Formula : IElementFormula
    {
        public static bool IsSigned => true;

        public static Vector512<T> Of<T>(Vector512<T> before, Vector512<T> after) => Vector512.Abs(after) - Vector512.Abs(before);
    }
}
