namespace KsLottery.Engine.Text.Corpora;

/// <summary>Where the two sides of a pair stand in a file, and what happens to a pair that lacks one.</summary>
public sealed record ParallelTextOptions
{
    /// <summary>The column of a tab-separated file that holds the source, from 1.</summary>
    public int SourceColumn { get; init; } = 1;

    /// <summary>The column of a tab-separated file that holds the target, from 1.</summary>
    public int TargetColumn { get; init; } = 2;

    /// <summary>The property that holds the source, such as <c>en</c>, of a JSON object itself or of its object <c>translation</c>.
    /// Where one of the keys is named, an object's other forms do not count, and the other key is <c>source</c> or <c>target</c> by
    /// default.</summary>
    public string? SourceKey { get; init; }

    /// <summary>The property that holds the target, such as <c>da</c>.</summary>
    public string? TargetKey { get; init; }

    /// <summary>Whether a pair with an empty or missing side is left out and counted instead of being an error.</summary>
    public bool SkipIncomplete { get; init; }
}
