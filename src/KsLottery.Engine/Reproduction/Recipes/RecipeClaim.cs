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

/// <summary>A step's gain over the base, as a share of another's gain.</summary>
/// <param name="Says">The claim in words.</param>
/// <param name="Arm">The step.</param>
/// <param name="Of">The step whose gain is the whole.</param>
/// <param name="Task">The task.</param>
/// <param name="Measure">The measure, by its name in files.</param>
/// <param name="Bound">The share.</param>
/// <param name="IsBelow">Whether the share must lie below the bound, and not at it or above.</param>
public sealed record GainClaim(string Says, string Arm, string Of, string Task, string Measure, double Bound, bool IsBelow)
    : RecipeClaim(Says)
{
    internal override IEnumerable<string> Models => [Arm, Of];
}

/// <summary>How much better a step does than another, in the measure's own unit.</summary>
/// <param name="Says">The claim in words.</param>
/// <param name="Arm">The step.</param>
/// <param name="Than">The other.</param>
/// <param name="Task">The task.</param>
/// <param name="Measure">The measure.</param>
/// <param name="Margin">By how much at least, above 0.</param>
public sealed record DifferenceClaim(string Says, string Arm, string Than, string Task, string Measure, double Margin) : RecipeClaim(Says)
{
    internal override IEnumerable<string> Models => [Arm, Than];
}

/// <summary>Outside of some tickets a step's model has the base's bits.</summary>
/// <param name="Says">The claim in words.</param>
/// <param name="Arm">The step.</param>
/// <param name="Outside">The tickets.</param>
public sealed record UnchangedClaim(string Says, string Arm, IReadOnlyList<string> Outside) : RecipeClaim(Says)
{
    internal override IEnumerable<string> Models => [Arm];

    internal override IEnumerable<string> Tickets => Outside;
}

/// <summary>What the paper claims and is not run here.</summary>
/// <param name="Says">The claim in words.</param>
/// <param name="Why">Why not.</param>
public sealed record OpenClaim(string Says, string Why) : RecipeClaim(Says);
