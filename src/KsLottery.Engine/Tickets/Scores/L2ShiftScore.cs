namespace KsLottery.Engine.Tickets;

/// <summary>‖tuned - base‖₂ over a unit.</summary>
internal sealed record L2ShiftScore : TicketScore
{
    public override string Name => "shift";

    internal override string Meaning => "how far a unit moved, ‖tuned − base‖";

    public override ScoreInputs Inputs => ScoreInputs.Base | ScoreInputs.Tuned;

    internal override ElementKeys Elements => new ElementKeys<MovementFormula>();

    internal override UnitScores Of(ScoreSource source, int threads = 0, CancellationToken cancellationToken = default) =>
        Measure(source, unit => unit.L2Delta, threads, cancellationToken);
}
