namespace KsLottery.Engine.Reproduction;

/// <summary>Measures after how many steps a <see cref="MadeNetwork"/> had memorised and generalised, and against another.</summary>
/// <remarks>A number is infinite where a training came to its end before.</remarks>
/// <param name="Name">Its name.</param>
/// <param name="Of">The training.</param>
/// <param name="Task">The task.</param>
public sealed record PaceStep(string Name, string Of, string Task) : MeasureStep(Name, Task)
{
    internal const string ToMemorise = "steps_to_memorise", ToGeneralise = "steps_to_generalise", Over = "steps_over";

    internal static IReadOnlyList<string> Names { get; } = [ToMemorise, ToGeneralise, Over];

    /// <summary>The training whose steps to generalise <c>steps_over</c> is a multiple of; null for the same.</summary>
    public string? Than { get; init; }

    /// <summary>It has generalised where so much is right; null for the network's <see cref="MadeNetwork.RightShare"/>.</summary>
    public double? RightShare { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Measures => Names;

    internal override IEnumerable<string> Models => Than is null ? [Of] : [Of, Than];
}

/// <summary>What ends the training of a <see cref="MadeNetwork"/> before its last step.</summary>
public enum NetworkEnd
{
    /// <summary>It has memorised.</summary>
    Memorised,
    /// <summary>It has generalised.</summary>
    Generalised,
}
