namespace KsLottery.Engine.Tickets;

/// <summary>A number that seed, tensor name and unit decide, the same on every machine.</summary>
/// <param name="RandomSeed">Any value.</param>
internal sealed record RandomScore(ulong RandomSeed) : TicketScore
{
    public override string Name => "random";

    internal override string Meaning => "nothing: a number that seed, tensor and unit decide, as a control";

    public override ScoreInputs Inputs => ScoreInputs.Seed;

    internal override ElementKeys Elements => new RandomKeys(RandomSeed, null);

    internal override UnitScores Of(ScoreSource source, int threads = 0, CancellationToken cancellationToken = default)
    {
        RandomStream stream = new(RandomSeed, source.Name);
        double[] values = new double[source.Grid.Count];
        for (int i = 0; i < values.Length; i++) values[i] = stream[i];
        return new(source, values);
    }
}
