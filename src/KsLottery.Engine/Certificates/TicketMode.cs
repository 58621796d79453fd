namespace KsLottery.Engine.Certificates;

/// <summary>Where the ticket model has its rows from.</summary>
public enum TicketMode
{
    /// <summary>Partial Transfer: from the embed-tuned model.</summary>
    Transfer,

    /// <summary>Partial Tuning: from a training of these rows alone.</summary>
    Tuned,
}
