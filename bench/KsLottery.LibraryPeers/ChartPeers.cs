using System.Globalization;
using System.Xml.Linq;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Reports;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;
using Axis = KsLottery.Engine.Reports.Axis;

namespace KsLottery.LibraryPeers;

/// <summary>A line through 1,000 points as SVG, against OxyPlot and ScottPlot.</summary>
internal static class ChartPeers
{
    public static void Run()
    {
        Console.WriteLine("| | bytes | twice the same bytes | parses as XML | a title with U+0001 |\n|---|---:|---|---|---|");
        Print("ours", Ours);
        Print("OxyPlot", Oxy);
        Print("ScottPlot", Scott);
        Console.WriteLine();
        Turns.Head("theirs");
        Turns.Print("a chart, OxyPlot", () => Ours("loss"), () => Oxy("loss"));
        Turns.Print("a chart, ScottPlot", () => Ours("loss"), () => Scott("loss"));
    }

    private static (double X, double Y)[] Points()
    {
        SplitMix64 random = new(1);
        return [.. Enumerable.Range(1, 1000).Select(i => ((double)i, (3 / Math.Sqrt(i)) + (random.NextDouble() / 10)))];
    }

    private static string Ours(string title)
    {
        SvgChart chart = new(title, "the loss by steps", Axis.Linear("step", 0, 1000), Axis.Linear("loss", 0, 3));
        chart.Line(Points(), SvgChart.Color(0));
        return chart.ToSvg(isFile: true);
    }

    private static string Oxy(string title)
    {
        PlotModel model = new() { Title = title };
        model.Axes.Add(new LinearAxis { Position = AxisPosition.Bottom, Title = "step" });
        model.Axes.Add(new LinearAxis { Position = AxisPosition.Left, Title = "loss" });
        LineSeries line = new();
        line.Points.AddRange(Points().Select(p => new DataPoint(p.X, p.Y)));
        model.Series.Add(line);
        return new SvgExporter { Width = 420, Height = 290 }.ExportToString(model);
    }

    private static string Scott(string title)
    {
        using ScottPlot.Plot plot = new();
        plot.Title(title);
        plot.XLabel("step");
        plot.YLabel("loss");
        double[] x = [.. Points().Select(p => p.X)], y = [.. Points().Select(p => p.Y)];
        plot.Add.ScatterLine(x, y);
        return plot.GetSvgXml(420, 290);
    }

    private static void Print(string name, Func<string, string> draw)
    {
        string first = draw("loss"), second = draw("loss");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {first.Length:N0} | {(first == second ? "yes" : "no")} "
            + $"| {Attempt(() => XDocument.Parse(first))} | {Attempt(() => XDocument.Parse(draw("a\u0001b")))} |"));
    }

    private static string Attempt(Action action)
    {
        try
        {
            action();
            return "yes";
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.Xml.XmlException)
        {
            return $"{e.GetType().Name}";
        }
    }
}
