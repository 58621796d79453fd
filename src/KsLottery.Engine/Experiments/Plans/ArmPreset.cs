using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Experiments;

/// <summary>What becomes of the base in an arm.</summary>
internal enum ArmAction
{
    /// <summary>Nothing: the base itself.</summary>
    Keep,
    /// <summary>Every weight is trained.</summary>
    TrainAll,
    /// <summary>The input embedding is trained.</summary>
    TrainEmbedding,
    /// <summary>The arm's rows are trained.</summary>
    TrainRows,
    /// <summary>Low-rank adapters are trained, as large as the arm's rows.</summary>
    TrainAdapters,
    /// <summary>The arm's rows are copied from Embed Tuning.</summary>
    CopyRows,
    /// <summary>The arm's rows are moved as far as Partial Tuning moved them, in random directions.</summary>
    PerturbRows,
}

/// <summary>What the arms of a method do, as data; a new method is a line here.</summary>
/// <param name="Method">The method.</param>
/// <param name="Name">What files call it.</param>
/// <param name="Title">What tables call its arms.</param>
/// <param name="Action">What becomes of the base.</param>
/// <param name="Recipe">By which score it takes rows of the embedding, below alpha or as many as the ticket has; null for none, or for
/// those of a text.</param>
/// <param name="IsControl">Whether an arm is matched with a ticket's size, to be held against it.</param>
internal sealed record ArmPreset(
    ArmMethod Method, string Name, string Title, ArmAction Action, TicketRecipe? Recipe = null, bool IsControl = false)
{
    private static readonly TicketRecipe Ks = new(), Shift = new() { Score = new L2ShiftScore() },
        Random = new() { Score = new RandomScore(0) }, Frequency = new() { Score = new FrequencyScore() };

    /// <summary>All of them, in the order of <see cref="ArmMethod"/>.</summary>
    public static IReadOnlyList<ArmPreset> All { get; } =
    [
        new(ArmMethod.Base, "base", "base", ArmAction.Keep),
        new(ArmMethod.Full, "full", "Full Tuning", ArmAction.TrainAll),
        new(ArmMethod.Embedding, "embedding", "Embed Tuning", ArmAction.TrainEmbedding),
        new(ArmMethod.Transfer, "transfer", "Partial Transfer", ArmAction.CopyRows, Ks),
        new(ArmMethod.Ticket, "ticket", "Partial Tuning", ArmAction.TrainRows, Ks),
        new(ArmMethod.Random, "random", "random rows", ArmAction.TrainRows, Random, IsControl: true),
        new(ArmMethod.Frequent, "frequent", "Frequency Tuning", ArmAction.TrainRows, Frequency, IsControl: true),
        new(ArmMethod.LargestShift, "largest-shift", "largest shift", ArmAction.TrainRows, Shift, IsControl: true),
        new(ArmMethod.Token, "token", "rows of", ArmAction.TrainRows),
        new(ArmMethod.RandomDelta, "random-delta", "random delta", ArmAction.PerturbRows, Ks, IsControl: true),
        new(ArmMethod.LowRank, "lora", "LoRA", ArmAction.TrainAdapters, IsControl: true),
    ];

    /// <summary>Whether an arm takes a ticket's rows themselves.</summary>
    public bool TakesTicket => Recipe?.Score is KsScore;

    /// <summary>Whether its rows are those of a text's tokens.</summary>
    public bool TakesText => Action == ArmAction.TrainRows && Recipe is null;

    /// <summary>Whether it trains anything, so that it has a learning rate.</summary>
    public bool Trains => Action is ArmAction.TrainAll or ArmAction.TrainEmbedding or ArmAction.TrainRows or ArmAction.TrainAdapters;

    /// <summary>Whether its number of rows is its own to choose.</summary>
    public bool HasCount => IsControl || TakesTicket;

    /// <summary>The preset of a method.</summary>
    public static ArmPreset Of(ArmMethod method) => All.First(p => p.Method == method);
}
