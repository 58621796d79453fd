namespace KsLottery.Engine.Tickets;

/// <summary>A ticket was found in another matrix than the one that it is to be used with.</summary>
/// <remarks>The message names both and their fingerprints.</remarks>
public sealed class TicketMismatchException : Exception
{
    internal TicketMismatchException(string message)
        : base(message)
    {
    }
}
