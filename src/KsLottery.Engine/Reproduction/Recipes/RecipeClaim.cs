namespace KsLottery.Engine.Reproduction;

/// <summary>One thing that a recipe claims of what it makes: that a bound holds, in the mean and in every seed.</summary>
/// <remarks>A closed list, as steps are.</remarks>
/// <param name="Says">The claim in words.</param>
public abstract record RecipeClaim(string Says)
{
    /// <summary>The steps that it is about.</summary>
    internal virtual IEnumerable<string> Models => [];

    /// <summary>The tickets that it is about.</summary>
    internal virtual IEnumerable<string> Tickets => [];
}

/// <summary>A claim on a measure of a step's model.</summary>
/// <param name="Says">The claim in words.</param>
/// <param name="Arm">The step.</param>
/// <param name="Task">The task; empty of a number that a <see cref="MeasureStep"/> makes, which has its own.</param>
/// <param name="Measure">The measure, by its name in files.</param>
public abstract record MeasuredClaim(string Says, string Arm, string Task, string Measure) : RecipeClaim(Says)
{
    /// <summary>The step that makes the report card in which the measure stands; null for one of the scores.</summary>
    public string? Card { get; init; }

    internal override IEnumerable<string> Models => [Arm];

    /// <summary>The tasks that it is about.</summary>
    internal virtual IEnumerable<string> Tasks => [Task];
}

/// <summary>A step's gain over the base, as a share of another's gain.</summary>
/// <param name="Says">The claim in words.</param>
/// <param name="Arm">The step.</param>
/// <param name="Of">The step whose gain is the whole.</param>
/// <param name="Task">The task.</param>
/// <param name="Measure">The measure, by its name in files.</param>
/// <param name="Bound">The share.</param>
/// <param name="IsBelow">Whether the share must lie below the bound, and not at it or above.</param>
public sealed record GainClaim(string Says, string Arm, string Of, string Task, string Measure, double Bound, bool IsBelow)
    : MeasuredClaim(Says, Arm, Task, Measure)
{
    internal override IEnumerable<string> Models => [Arm, Of, RecipeStep.Base];
}

/// <summary>How much better a step does than another, in the measure's own unit.</summary>
/// <param name="Says">The claim in words.</param>
/// <param name="Arm">The step.</param>
/// <param name="Than">The other.</param>
/// <param name="Task">The task.</param>
/// <param name="Measure">The measure.</param>
/// <param name="Margin">By how much at least, above 0.</param>
public sealed record DifferenceClaim(string Says, string Arm, string Than, string Task, string Measure, double Margin)
    : MeasuredClaim(Says, Arm, Task, Measure)
{
    /// <summary>The other's task; null for the same.</summary>
    public string? ThanTask { get; init; }

    internal override IEnumerable<string> Models => [Arm, Than];

    internal override IEnumerable<string> Tasks => [Task, ThanTask ?? Task];
}

/// <summary>Two steps have the same of a measure, but for so much.</summary>
/// <param name="Says">The claim in words.</param>
/// <param name="Arm">The step.</param>
/// <param name="Than">The other.</param>
/// <param name="Task">The task.</param>
/// <param name="Measure">The measure.</param>
/// <param name="Within">By how much they may differ, in the measure's own unit.</param>
public sealed record AgreementClaim(string Says, string Arm, string Than, string Task, string Measure, double Within)
    : MeasuredClaim(Says, Arm, Task, Measure)
{
    internal override IEnumerable<string> Models => [Arm, Than];
}

/// <summary>A bound on a measure itself.</summary>
/// <param name="Says">The claim in words.</param>
/// <param name="Arm">The step.</param>
/// <param name="Task">The task.</param>
/// <param name="Measure">The measure.</param>
/// <param name="Bound">The bound.</param>
/// <param name="IsAtMost">Whether the measure must not lie above the bound; else it must reach it.</param>
public sealed record LevelClaim(string Says, string Arm, string Task, string Measure, double Bound, bool IsAtMost)
    : MeasuredClaim(Says, Arm, Task, Measure);

/// <summary>Outside of some tickets a step's model has the base's bits.</summary>
/// <param name="Says">The claim in words.</param>
/// <param name="Arm">The step.</param>
/// <param name="Outside">The tickets.</param>
public sealed record UnchangedClaim(string Says, string Arm, IReadOnlyList<string> Outside) : RecipeClaim(Says)
{
    internal override IEnumerable<string> Models => [Arm];

    internal override IEnumerable<string> Tickets => Outside;
}

/// <summary>A ticket has at most a part of all values of the tensors that it was chosen from.</summary>
/// <param name="Says">The claim in words.</param>
/// <param name="Ticket">The ticket.</param>
/// <param name="MaxShare">The part, 0 to 1.</param>
public sealed record SizeClaim(string Says, string Ticket, double MaxShare) : RecipeClaim(Says)
{
    internal override IEnumerable<string> Tickets => [Ticket];
}

/// <summary>How two tickets agree, held against a bound itself or against two which take of each tensor as many values as they do, and know
/// nothing of each other.</summary>
/// <param name="Says">The claim in words.</param>
/// <param name="One">The one ticket.</param>
/// <param name="Other">The other.</param>
/// <param name="Measure">The measure, one of <see cref="TicketOverlap.Measures"/>.</param>
/// <param name="Bound">The bound.</param>
/// <param name="IsAtMost">Whether the number must not lie above the bound; else it must reach it.</param>
public sealed record OverlapClaim(string Says, string One, string Other, string Measure, double Bound, bool IsAtMost) : RecipeClaim(Says)
{
    /// <summary>Whether the bound is a multiple of what two by chance come to.</summary>
    public bool IsOverChance { get; init; }

    internal override IEnumerable<string> Tickets => [One, Other];
}

/// <summary>A measure of several steps goes up or down with their order, or with another measure: Spearman's rank correlation, of each
/// seed by itself.</summary>
/// <param name="Says">The claim in words.</param>
/// <param name="Ranked">The measure.</param>
/// <param name="Against">The other, of as many steps; null for the order itself.</param>
/// <param name="Bound">What the correlation must reach; below 0, what it must not lie above. The reverse is the same bound with the other
/// sign.</param>
public sealed record RankClaim(string Says, RankedSteps Ranked, RankedSteps? Against, double Bound) : RecipeClaim(Says)
{
    /// <summary>Both sides.</summary>
    internal IEnumerable<RankedSteps> Sides => ((RankedSteps?[])[Ranked, Against]).OfType<RankedSteps>();

    internal override IEnumerable<string> Models => Sides.SelectMany(s => s.Steps);
}

/// <summary>A measure of several steps.</summary>
/// <param name="Steps">The steps, in their order.</param>
/// <param name="Measure">The measure, by its name in files.</param>
/// <param name="Task">The task; empty of a number that a <see cref="MeasureStep"/> makes.</param>
public sealed record RankedSteps(IReadOnlyList<string> Steps, string Measure, string Task);

/// <summary>What the paper claims and is not run here.</summary>
/// <param name="Says">The claim in words.</param>
/// <param name="Why">Why not.</param>
public sealed record OpenClaim(string Says, string Why) : RecipeClaim(Says);
