namespace KsLottery.Engine.Tickets;

/// <summary>How often a text holds a row's token: "Frequency Tuning" of KS-Lottery (arXiv 2402.02801). A token that it never holds has no
/// rank.</summary>
internal sealed record FrequencyScore : TicketScore
{
    public override string Name => "frequency";

    internal override string Meaning => "how often a text holds a row’s token";

    public override ScoreInputs Inputs => ScoreInputs.TokenCounts;

    public override bool RanksZero => false;

    internal override UnitScores Of(ScoreSource source, int threads = 0, CancellationToken cancellationToken = default)
    {
        source.ThrowIfLacks(this);
        if (!source.IsRows || source.TokenCounts!.Count != source.Grid.Count)
            throw new ArgumentException($"{source.Name}: the score '{Name}' is of the rows of an embedding, one for each token, not of "
                + $"{source.Grid}, with counts of {source.TokenCounts!.Count} tokens. Take rows as units, or another score.");
        return new(source, [.. source.TokenCounts.Select(count => (double)count)]) { RanksZero = RanksZero };
    }
}
