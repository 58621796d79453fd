namespace KsLottery.Engine.Reports;

/// <summary>What a report shows beside what its folder holds.</summary>
public sealed record ReportOptions
{
    /// <summary>The row whose distributions before and after are drawn, one that the ticket's patch holds; null takes the best.</summary>
    public int? Row { get; init; }

    /// <summary>How often each token occurs in some data, by id; null leaves the chart of frequencies out. Ids beyond its end never
    /// occur.</summary>
    public IReadOnlyList<long>? Occurrences { get; init; }

    /// <summary>Where the page comes from, names and values such as command line, paths and date, which it shows at its end; without
    /// them the same files give the same bytes.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Origin { get; init; } = [];

    /// <summary>Whether <see cref="Report.WriteFolder"/> also writes the steps of all trainings for TensorBoard.</summary>
    public bool HasTensorBoard { get; init; }
}
