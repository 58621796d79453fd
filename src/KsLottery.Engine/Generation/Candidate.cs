namespace KsLottery.Engine.Generation;

/// <summary>A token that may come next, and how good that would be.</summary>
/// <param name="Score">The weight of the token, or the log probability of the sequence that it makes.</param>
/// <param name="Beam">The beam that it continues.</param>
/// <param name="Token">The token.</param>
internal readonly record struct Candidate(double Score, int Beam, int Token) : IComparable<Candidate>
{
    /// <summary>Best first; of equals that of the lower beam, then the lower token.</summary>
    public int CompareTo(Candidate other) =>
        other.Score.CompareTo(Score) is var score and not 0 ? score
        : Beam.CompareTo(other.Beam) is var beam and not 0 ? beam
        : Token.CompareTo(other.Token);
}
