using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Experiments;

/// <summary>What a base is tuned to in an experiment: a language, say, with its pairs to learn from and to be scored on.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Train">The pairs to learn from, as <see cref="ParallelText.Read(string, ParallelTextOptions?)"/> takes them.</param>
/// <param name="Test">The pairs to be scored on.</param>
/// <param name="SourceLanguage">The English name of the source's language, for the prompt; null where the template needs none.</param>
/// <param name="TargetLanguage">The English name of the target's language.</param>
public sealed record ExperimentTask(string Name, string Train, string Test, string? SourceLanguage = null, string? TargetLanguage = null)
{
    /// <summary>The columns or keys of the pairs.</summary>
    public ParallelTextOptions Pairs { get; init; } = new();

    /// <summary>The name as a part of a folder's.</summary>
    public string Slug => ExperimentArm.SlugOf(Name);
}
