using KsLottery.Engine.Kernels;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>The two distribution functions of one row, and the distance that the test measures.</summary>
internal static class RowDistributions
{
    public const string Name = "row";

    private const int MaxSteps = 400;
    private const double Tail = 0.002;

    public static Figure Draw(TestedRows rows, int id, float[] before, float[] after)
    {
        TicketEntry? entry = rows.Best.FirstOrDefault(e => e.Id == id);
        string name = entry is { Piece.Length: > 0 } ? $"“{entry.Piece}” (row {Digits.Exact(id)})" : $"row {Digits.Exact(id)}";
        string title = $"Before and after: {name}";
        int width = before.Length;
        KsRowOutcome outcome = new KsRowReference(width).Test(before, after);
        float[] x = [.. before.Order()], y = [.. after.Order()];
        (double low, double high) = Range(x, y, outcome.Location);
        SvgChart chart = new(title, $"Distribution functions of {name} before and after; D = "
            + $"{Digits.Fixed((double)outcome.Count / width, 4)}.",
            Axis.Rounded("value of a weight in the row", low, high), Axis.Linear("share of values at or below", 0, 1));
        (low, high) = (chart.X.Low, chart.X.High);
        float[] places = Places(x, y, low, high);
        chart.Steps(places.Select(p => ((double)p, Share(x, p))).Prepend((low, Share(x, (float)low)))
            .Append((high, Share(x, (float)high))), SvgChart.Color(0));
        chart.Steps(places.Select(p => ((double)p, Share(y, p))).Prepend((low, Share(y, (float)low)))
            .Append((high, Share(y, (float)high))), SvgChart.Color(1));
        chart.LegendLine("before", SvgChart.Color(0));
        chart.LegendLine("after", SvgChart.Color(1));
        if (outcome.Count > 0)
            chart.Measure(outcome.Location, Share(x, outcome.Location), Share(y, outcome.Location),
                $"D = {Digits.Count(outcome.Count)}/{Digits.Count(width)} = {Digits.Fixed((double)outcome.Count / width, 4)}", "");
        NumberTable numbers = new("value", "share_before", "share_after");
        foreach (float place in x.Concat(y).Distinct().Order())
            numbers.Add(Digits.Exact(place), Digits.Exact(Share(x, place)), Digits.Exact(Share(y, place)));
        return new(Name, title, $"The row’s {Digits.Count(width, "value")} as a distribution, before and after. The arrow is D, the "
            + $"largest vertical distance, at the value {Digits.Real(outcome.Location)} where it is taken. The order of the values does "
            + "not matter to the test.", chart, numbers);
    }

    /// <summary>The values between which all but a few lie, and where D is taken: one far value would squeeze all others
    /// together.</summary>
    private static (double Low, double High) Range(float[] x, float[] y, float location)
    {
        float[] all = [.. x.Concat(y).Where(float.IsFinite).Order()];
        if (all.Length == 0) return (-1, 1);
        int cut = (int)(Tail * all.Length);
        double low = all[cut], high = all[^(cut + 1)];
        if (float.IsFinite(location)) (low, high) = (Math.Min(low, location), Math.Max(high, location));
        double margin = high > low ? 0.02 * (high - low) : Math.Max(Math.Abs(high), 1e-6);
        return (low - margin, high + margin);
    }

    private static float[] Places(float[] x, float[] y, double low, double high)
    {
        float[] values = [.. x.Concat(y).Distinct().Where(v => v > low && v < high).Order()];
        return values.Length <= MaxSteps ? values
            : [.. Enumerable.Range(1, MaxSteps).Select(i => (float)(low + (i * (high - low) / (MaxSteps + 1))))];
    }

    private static double Share(float[] sorted, float value)
    {
        int low = 0, high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (sorted[middle] <= value) low = middle + 1;
            else high = middle;
        }
        return (double)low / sorted.Length;
    }
}
