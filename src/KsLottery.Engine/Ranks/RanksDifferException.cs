namespace KsLottery.Engine.Ranks;

/// <summary>Ranks hold different values of what must be one everywhere.</summary>
/// <remarks>The message names two ranks with both values.</remarks>
public sealed class RanksDifferException : Exception
{
    /// <summary>Describes one difference.</summary>
    /// <param name="message">What differs, on which ranks, and the next step.</param>
    public RanksDifferException(string message)
        : base(message)
    {
    }
}
