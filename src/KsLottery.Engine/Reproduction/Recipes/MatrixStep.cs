using KsLottery.Engine.Experiments;

namespace KsLottery.Engine.Reproduction;

/// <summary>Makes a report card of earlier steps' models: each on the pairs of each task, by <see cref="MatrixRun"/>.</summary>
/// <remarks>What a model was trained on are the tasks of all trainings that it is built on. Outputs are written as the plan says, and their
/// first lines are scored.</remarks>
/// <param name="Name">Its name.</param>
/// <param name="Of">The steps, <see cref="RecipeStep.Base"/> among them or not.</param>
/// <param name="Languages">The languages of the tasks, each with a file of it, relative to the folder of a seed.</param>
public sealed record MatrixStep(string Name, IReadOnlyList<string> Of, IReadOnlyList<MatrixLanguage> Languages) : RecipeStep(Name)
{
    /// <inheritdoc/>
    public override bool IsModel => false;

    /// <summary>The tasks whose test pairs are the tests.</summary>
    public required IReadOnlyList<string> Tests { get; init; }

    /// <summary>The step over which gains are counted; null for none.</summary>
    public string? Baseline { get; init; }

    internal override IEnumerable<string> Models => Of;

    internal override IEnumerable<string> Tasks => Tests;
}
