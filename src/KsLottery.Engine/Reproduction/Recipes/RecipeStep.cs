using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Reproduction;

/// <summary>One step of a recipe: a model, a patch or a ticket that is made from what earlier steps made.</summary>
/// <remarks>A closed list: a system is an order of these; what is truly new in one is a further record here and its case in
/// <c>SeedWork</c>.</remarks>
/// <param name="Name">What tables and later steps call it.</param>
public abstract record RecipeStep(string Name)
{
    /// <summary>The name by which steps begin from the base.</summary>
    public const string Base = "base";

    /// <summary>Whether the step makes a ticket, and no model.</summary>
    public virtual bool IsTicket => false;

    /// <summary>Whether it makes a model, and neither a ticket nor a report card.</summary>
    public virtual bool IsModel => !IsTicket;

    /// <summary>Whether what it makes is scored: a calibration that only a ticket is found in need not be.</summary>
    public bool IsScored { get; init; } = true;

    /// <summary>The earlier steps that give it a model.</summary>
    internal virtual IEnumerable<string> Models => [];

    /// <summary>The earlier steps that give it a ticket.</summary>
    internal virtual IEnumerable<string> Tickets => [];

    /// <summary>The tasks that it needs.</summary>
    internal virtual IEnumerable<string> Tasks => [];

    /// <summary>The step whose model this one's goes on from; null where it begins anew.</summary>
    internal virtual string? Origin => null;

    /// <summary>The steps whose changes its model has beside its own.</summary>
    internal virtual IEnumerable<string> Parts => Origin is null ? [] : [Origin];

    /// <summary>The earlier steps without which it could not have been: what they spent, it spends. A control's ticket is drawn, not
    /// searched for, and costs nothing.</summary>
    internal virtual IEnumerable<string> BuiltOn => [.. Models, .. Tickets];
}

/// <summary>What a training changes.</summary>
public enum TrainedPart
{
    /// <summary>Every weight.</summary>
    Full,
    /// <summary>The input embedding.</summary>
    Embedding,
    /// <summary>The units of a ticket.</summary>
    Ticket,
    /// <summary>Low-rank adapters with as many parameters as a ticket, or as near as their rank allows.</summary>
    Lora,
    /// <summary>As many single values as a ticket has, which move through its tensors while they are trained: SpIEL.</summary>
    Spiel,
}

/// <summary>Trains on the pairs of a task, or on plain text.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Part">What learns.</param>
/// <param name="Task">The task's name; null where a text is given.</param>
public sealed record TrainStep(string Name, TrainedPart Part, string? Task) : RecipeStep(Name)
{
    /// <summary>The text's name; null where a task is given.</summary>
    public string? Text { get; init; }

    /// <summary>The step whose model it begins from.</summary>
    public string From { get; init; } = Base;

    /// <summary>The ticket that learns, or whose number of parameters adapters or values that move have.</summary>
    public string? Ticket { get; init; }

    /// <summary><see cref="TrainingPlan.L1ToBase"/>.</summary>
    public double L1ToBase { get; init; }

    /// <summary>How the values of <see cref="TrainedPart.Spiel"/> move.</summary>
    public RegrowthPlan Regrowth { get; init; } = new();

    /// <summary>The largest learning rate; null for the plan's.</summary>
    public double? LearningRate { get; init; }

    /// <summary>The layers that have adapters, from 0; null for all.</summary>
    public IReadOnlyList<int>? Layers { get; init; }

    /// <summary>The optimizer's weight decay; null for the plan's.</summary>
    public double? WeightDecay { get; init; }

    /// <summary>How many steps it takes, of a <see cref="MadeNetwork"/>; null for the plan's number.</summary>
    public int? Steps { get; init; }

    /// <summary>What ends it before, of a <see cref="MadeNetwork"/>.</summary>
    public NetworkEnd? Until { get; init; }

    /// <summary>How often it goes through the data; null for the plan's.</summary>
    public double? Epochs { get; init; }

    /// <summary>What becomes of values outside of the ticket where whole tensors learn; null where there is no ticket.</summary>
    public OutsideTicket? Outside { get; init; }

    /// <summary>The step whose training keeps the state that this one begins with; null for the model of <see cref="From"/>.</summary>
    /// <remarks>The steps before that state count as its own.</remarks>
    public string? Rewind { get; init; }

    /// <summary>After which of that training's steps.</summary>
    public KeptState RewindTo { get; init; }

    /// <summary>The order of the data, from 1: trainings of one order see the same sequences in every step, those of two do not.</summary>
    public int Order { get; init; } = 1;

    /// <summary>Whether all weights are drawn anew, which no other step's are.</summary>
    public bool Redraws { get; init; }

    /// <summary>The step that it spends as many FLOPs as, all that one's own steps and its search counted; null for the plan's
    /// length.</summary>
    public string? FlopsOf { get; init; }

    internal override IEnumerable<string> Models => ((string?[])[From, FlopsOf, Rewind]).OfType<string>();

    internal override IEnumerable<string> Tickets => Ticket is null ? [] : [Ticket];

    internal override IEnumerable<string> Tasks => Task is null ? [] : [Task];

    internal override string Origin => From;

    internal override IEnumerable<string> BuiltOn => Part == TrainedPart.Ticket || Outside is not null ? [From, Ticket!] : [From];
}

/// <summary>Finds a ticket in what a training changed.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Recipe">Which units, by which score, and which of them win.</param>
/// <param name="Tuned">The step whose model was tuned.</param>
public sealed record FindStep(string Name, TicketRecipe Recipe, string Tuned) : RecipeStep(Name)
{
    /// <inheritdoc/>
    public override bool IsTicket => true;

    /// <summary>The step whose model is compared with.</summary>
    public string From { get; init; } = Base;

    /// <summary>Tickets whose units may not be taken, as in LoTTO.</summary>
    public IReadOnlyList<string> Excluding { get; init; } = [];

    /// <summary>The ticket that it has as many units as; null where the recipe's selection decides.</summary>
    public string? Like { get; init; }

    internal override IEnumerable<string> Models => [From, Tuned];

    internal override IEnumerable<string> Tickets => Like is null ? Excluding : [Like, .. Excluding];

    internal override IEnumerable<string> BuiltOn => [From, Tuned, .. Excluding];
}

/// <summary>How a control's ticket is drawn.</summary>
public enum DrawnUnits
{
    /// <summary>As many units, drawn from all tensors together.</summary>
    Random,
    /// <summary>As many units of every tensor: a mask that was shuffled.</summary>
    Shuffled,
    /// <summary>All other units of the same tensors, as in LoTTO's second way.</summary>
    Others,
    /// <summary>The rows of a text's tokens: a structural row alone.</summary>
    Tokens,
}

/// <summary>Draws a ticket that nobody searched for, as a control of another.</summary>
/// <param name="Name">Its name.</param>
/// <param name="How">How.</param>
public sealed record DrawStep(string Name, DrawnUnits How) : RecipeStep(Name)
{
    /// <inheritdoc/>
    public override bool IsTicket => true;

    /// <summary>The ticket that it has the size of.</summary>
    public string? Like { get; init; }

    /// <summary>The text, for <see cref="DrawnUnits.Tokens"/>.</summary>
    public string? Text { get; init; }

    /// <summary>Tickets whose units may not be taken.</summary>
    public IReadOnlyList<string> Excluding { get; init; } = [];

    internal override IEnumerable<string> Tickets => Like is null ? Excluding : [Like, .. Excluding];

    internal override IEnumerable<string> BuiltOn => [];
}

/// <summary>Takes a ticket's values from a tuned model, without any training: KS-Lottery's Partial Transfer.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Tuned">The step that gives the values.</param>
/// <param name="Ticket">The ticket.</param>
public sealed record CopyStep(string Name, string Tuned, string Ticket) : RecipeStep(Name)
{
    /// <summary>The step whose model they are put into.</summary>
    public string From { get; init; } = Base;

    internal override IEnumerable<string> Models => [From, Tuned];

    internal override IEnumerable<string> Tickets => [Ticket];

    internal override string Origin => From;
}

/// <summary>Moves a trained ticket's values as far as the training did, in random directions: the norm-matched random delta.</summary>
/// <remarks>Units of several values keep the length of each; single values that of each tensor.</remarks>
/// <param name="Name">Its name.</param>
/// <param name="Of">The step that trained a ticket.</param>
public sealed record PerturbStep(string Name, string Of) : RecipeStep(Name)
{
    internal override IEnumerable<string> Models => [Of];

    internal override string Origin => Of;
}

/// <summary>The base's shape with new random weights: what a ticket is worth without what was learned before.</summary>
/// <param name="Name">Its name.</param>
public sealed record ReinitializeStep(string Name) : RecipeStep(Name)
{
    /// <summary>Whether all matrices are normal with one deviation, to the last digits, and not as those of a new model.</summary>
    public bool IsNormal { get; init; }

    internal override IEnumerable<string> Models => [Base];

    internal override IEnumerable<string> BuiltOn => [];
}
