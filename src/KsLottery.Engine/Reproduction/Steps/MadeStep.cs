using KsLottery.Engine.Checkpoints;
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

    /// <summary>Makes a step; where it cannot be made, it says why.</summary>
    /// <param name="step">The step.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="made">What was made, by names.</param>
    /// <param name="make">Makes it.</param>
    /// <exception cref="ArgumentException">The recipe asks for what there is not; names the step.</exception>
    public static MadeStep Of(RecipeStep step, string folder, IReadOnlyDictionary<string, MadeStep> made, Func<MadeStep> make)
    {
        try
        {
            foreach (string input in step.Models.Concat(step.Tickets))
                if (made.GetValueOrDefault(input) is { Skipped: not null })
                    throw new StepSkippedException($"\"{input}\" is not there");
            MadeStep own = make();
            return step.IsTicket && own.Mask!.Count == 0 ? throw new StepSkippedException("no unit is in the ticket") : own;
        }
        catch (StepSkippedException reason)
        {
            return new(step, folder) { Skipped = reason.Message };
        }
        // Of a loss that is no number there is no model; the others go on.
        catch (NotFiniteNumberException fault)
        {
            return new(step, folder) { Skipped = fault.Message, HasDiverged = true };
        }
        // What was trained may have diverged and hold values that are none; what is made of it is left out with it.
        catch (CheckpointFormatException fault) when (step.Models.Any(m => made.GetValueOrDefault(m) is { HasDiverged: true }))
        {
            return new(step, folder) { Skipped = fault.Message, HasDiverged = true };
        }
        // A message of the library knows nothing of recipes.
        catch (Exception fault) when (fault is ArgumentException or KeyNotFoundException)
        {
            throw new ArgumentException($"the step {step.Name}: {fault.Message.Split(" (Parameter", 2)[0]}", fault);
        }
    }
}

/// <summary>A step cannot be made: that is a finding, and the others go on.</summary>
internal sealed class StepSkippedException(string message) : Exception(message);
