using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reproduction;

/// <summary>Finds a ticket of what one model keeps when it is pruned; the model itself is not changed.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Recipe">Which weights, by which score, and which of them stay.</param>
/// <param name="Of">The step whose model it is.</param>
public sealed record PruneStep(string Name, TicketRecipe Recipe, string Of) : RecipeStep(Name)
{
    /// <inheritdoc/>
    public override bool IsTicket => true;

    internal override IEnumerable<string> Models => [Of];
}

/// <summary>What becomes of values outside of a ticket while whole tensors learn.</summary>
public enum OutsideTicket
{
    /// <summary>They are 0, see <see cref="Training.ZeroOutside"/>.</summary>
    Zero,
    /// <summary>They learn, and each tensor has the ticket's sum of magnitudes at the start: <see cref="Training.MatchedNorm"/>.</summary>
    MatchL1,
    /// <summary>They learn, and each tensor has the ticket's Euclidean norm at the start.</summary>
    MatchL2,
}
