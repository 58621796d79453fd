namespace KsLottery.Engine.Reports;

/// <summary>What a report shows beside what its folder holds.</summary>
public sealed record ReportOptions
{
    /// <summary>The row whose distributions before and after are drawn, one that the ticket's patch holds; null takes the best.</summary>
    public int? Row { get; init; }

    /// <summary>How often each token occurs in some data, by id; null leaves the chart of frequencies out. Ids beyond its end never
    /// occur.</summary>
    public IReadOnlyList<long>? Occurrences { get; init; }

    /// <summary>Whether <see cref="Report.WriteFolder"/> also writes the steps of all trainings for TensorBoard.</summary>
    public bool HasTensorBoard { get; init; }
}
