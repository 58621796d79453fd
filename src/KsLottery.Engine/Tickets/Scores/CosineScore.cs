namespace KsLottery.Engine.Tickets;

/// <summary>1 - cos(base, tuned) over a unit, 0 to 2: how far it turned. A unit that is zero before or after has no cosine.</summary>
internal sealed record CosineScore : TicketScore
{
    public override string Name => "cosine";

    internal override string Meaning => "how far a unit turned, 1 − cos(base, tuned)";

    public override ScoreInputs Inputs => ScoreInputs.Base | ScoreInputs.Tuned;

    internal override UnitScores Of(ScoreSource source, int threads = 0, CancellationToken cancellationToken = default) =>
        Measure(source, unit => 1 - unit.Cosine, threads, cancellationToken);
}
