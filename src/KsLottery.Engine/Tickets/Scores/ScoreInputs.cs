namespace KsLottery.Engine.Tickets;

/// <summary>What a <see cref="TicketScore"/> is computed from.</summary>
[Flags]
public enum ScoreInputs
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary>The base tensor.</summary>
    Base = 1,
    /// <summary>The tuned tensor.</summary>
    Tuned = 2,
    /// <summary>How often a text holds each token.</summary>
    TokenCounts = 4,
    /// <summary>A seed.</summary>
    Seed = 8,
}
