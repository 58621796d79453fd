using System.Diagnostics;

namespace KsLottery.Engine.Reports;

/// <summary>Every chart that a page may hold, in its order: its section, the names of its figures, and how they are drawn.</summary>
internal static class PageCharts
{
    private static readonly (string Section, IReadOnlyList<string> Names, Func<ReportContent, IEnumerable<Figure?>> Draw)[] All =
    [
        ("ticket", [CountHistogram.Name], c => [c.Rows is { } rows ? CountHistogram.Draw(rows) : null]),
        ("ticket", [RowsById.Name], c => [c.Rows is { } rows ? RowsById.Draw(rows) : null]),
        ("ticket", [RowDistributions.Name], c => [DrawRow(c)]),
        ("ticket", [RowsByFrequency.Name],
            c => [c is { Rows: { } rows, Occurrences: { } occurrences } ? RowsByFrequency.Draw(rows, occurrences) : null]),
        ("ticket", [QuantilePlot.Name], c => [c.Rows is { } rows ? QuantilePlot.Draw(rows) : null]),
        ("ticket", [TicketSize.Name], c => [c.Rows is { } rows ? TicketSize.Draw(rows) : null]),
        ("ticket", [UpdateMap.Name], c => [c is { Rows: { } rows, Values: { } values } ? UpdateMap.Draw(rows, values) : null]),
        ("units", [UnitShareMap.Name], c => [c.Units is { } units ? UnitShareMap.Draw(units.Ticket) : null]),
        ("units", [UnitShares.KindName], c => [c.Units is { } units ? UnitShares.DrawKinds(units.Ticket) : null]),
        ("units", [UnitShares.LayerName], c => [c.Units is { } units ? UnitShares.DrawLayers(units.Ticket) : null]),
        ("units", [UnitMoves.Name], c => [c.Units is { } units ? UnitMoves.Draw(units) : null]),
        ("units", [UnitPlaces.Name], c => [c.Units is { } units ? UnitPlaces.Draw(units) : null]),
        ("tickets", [TicketOverlap.Name], c => [TicketOverlap.Draw(c.Tickets)]),
        ("tickets", [TicketOverlap.UnitName], c => [TicketOverlap.Draw(c.Masks)]),
        ("certificate", [CertifiedCurve.Name], c => [c.Positions.Count > 0 ? CertifiedCurve.Draw(c.Positions) : null]),
        ("certificate", [AlphaSweepChart.Name], c => [c.Sweep.Count > 0 ? AlphaSweepChart.Draw(c.Sweep) : null]),
        ("arms", [.. Enumerable.Range(0, ScoresByRows.MaxTasks).SelectMany(i =>
            (string[])[ScoresByRows.NameOf(ScoresByRows.Name, i), ScoresByRows.NameOf(ScoresByRows.LossName, i)])], ScoresByRows.DrawAll),
        ("training", [.. Enumerable.Range(0, LossCurves.MaxCharts).Select(LossCurves.NameOf), LossCurves.PretrainingName],
            LossCurves.Draw),
        ("sparsity", [SparsityCurve.Name, SparsityCurve.ScoreName], c => SparsityCurve.Draw(c.Sparsities)),
        ("tensors", [TensorShiftMap.Name], c => [TensorShiftMap.Draw(c.Tensors)]),
    ];

    /// <summary>The names that figures may have, whatever there is to show.</summary>
    public static IEnumerable<string> Names => All.SelectMany(chart => chart.Names);

    /// <summary>The figures of a section, as far as there is something to show.</summary>
    public static IEnumerable<Figure> Draw(string section, ReportContent content)
    {
        foreach (var chart in All.Where(chart => chart.Section == section))
            foreach (Figure figure in chart.Draw(content).OfType<Figure>())
                yield return chart.Names.Contains(figure.Name) ? figure
                    : throw new UnreachableException($"{figure.Name} is none of {string.Join(", ", chart.Names)}");
    }

    private static Figure? DrawRow(ReportContent content)
    {
        if (content is not { Rows: { } rows, Values: { } values }) return null;
        return (content.Row ?? rows.Best.Select(e => (int?)e.Id).FirstOrDefault()) is { } id && values.Find(id) is var (before, after)
            ? RowDistributions.Draw(rows, id, before, after)
            : null;
    }
}
