namespace KsLottery.Engine.Reports;

/// <summary>The colour of each method, the same in every chart of a page.</summary>
/// <param name="content">What the page shows.</param>
internal sealed class MethodColors(ReportContent content)
{
    private readonly string[] _methods =
        [.. content.Arms.Select(a => a.Method).Concat(content.Trainings.Where(t => !t.IsPretraining).Select(t => t.Method)).Distinct()];

    /// <summary>A method's place; those of ten places in a row have a colour each.</summary>
    public int PlaceOf(string method) => Math.Max(0, Array.IndexOf(_methods, method));

    /// <summary>A method's colour.</summary>
    public string Of(string method) => SvgChart.Color(PlaceOf(method));
}
