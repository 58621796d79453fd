using KsLottery.Engine.Experiments;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Reproduction;

/// <summary>What a step came to, with one seed.</summary>
/// <param name="Step">The step.</param>
/// <param name="Folder">Where it stands.</param>
internal sealed record MadeStep(RecipeStep Step, string Folder)
{
    /// <summary>The ticket, of a step that makes one, and of one that trains or copies one.</summary>
    public TicketMask? Mask { get; init; }

    /// <summary>The report card, of a step that makes one.</summary>
    public MatrixResult? Card { get; init; }

    /// <summary>The numbers, by their names, of a step that measures.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Measures { get; init; } = [];

    /// <summary>The values that learn, or that differ.</summary>
    public long Parameters { get; init; }

    /// <summary>Steps of its own training.</summary>
    public long StepCount { get; init; }

    /// <summary>What its own training spent.</summary>
    public TrainingCost Cost { get; init; }

    /// <summary>The most memory that its own training held, in bytes.</summary>
    public long PeakBytes { get; init; }

    /// <summary>Whether its training diverged.</summary>
    public bool HasDiverged { get; init; }

    /// <summary>Why there is nothing; null where it was made.</summary>
    public string? Skipped { get; init; }
}

/// <summary>A step cannot be made: that is a finding, and the others go on.</summary>
internal sealed class StepSkippedException(string message) : Exception(message);
