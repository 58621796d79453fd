using System.Xml;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Reports;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Reports;

public sealed class SvgChartTests
{
    private static readonly string[] Hostile =
    [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onload='alert(1)", "]]>", "<!--", "</svg>", "&lt;", "\u202Eevil",
            "\u2066x\u2069",
        "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301", "\0\u0007\u001B[31m", "\uD800", "\uFFFE\uFFFF", "\u2028", "\r\n\t", "مرحبا",
            "👩‍👩‍👧", "\uE000",
    ];

    [Test]
    public void A_chart_is_drawn_as_it_was_approved()
    {
        SvgChart chart = new("Rows & columns", "A little of everything.", Axis.Linear("x", 0, 10), Axis.Rounded("y", 0, 4));
        chart.Bars([(0.5, 1.5, 2), (1.5, 2.5, 4)], SvgChart.Color(0));
        chart.Line([(0, 0), (5, 2), (10, 3.5)], SvgChart.Color(1), dash: 1);
        chart.Steps([(3, 1), (4, 2), (6, 3)], SvgChart.Color(2));
        chart.Band([(6, 1, 2), (8, 1.5, 2.5)], SvgChart.Color(3));
        chart.Cloud([(7, 3), (7.5, 3.2)], isStrong: true, "points");
        chart.Dot(9, 1, SvgChart.Color(5), "a dot");
        chart.Dot(9.5, 1, SvgChart.Color(5), "a ring", isHollow: true);
        chart.TryName(9, 1, "named", SvgChart.Color(5));
        chart.RuleAtX(2, "α = 0.05", "quiet");
        chart.RuleAtY(3, "limit", "quiet");
        chart.Measure(5, 1, 3, "D = 0.5", "");
        chart.Cell((1, 2), (0, 1), 0.5, SvgChart.Color(0), "a field");
        chart.Picture([0, 128, 255, 64], 2, (4, 6), (0, 1));
        chart.Lane(3.6, "a lane", "1.25");
        chart.Guide(3.5);
        chart.Mark(8, 3.5, SvgChart.Color(1));
        chart.LegendLine("a line", SvgChart.Color(1), dash: 1);
        chart.LegendMark("a mark", "quiet");
        chart.LegendScale("0 to 1");
        chart.LegendDot("a dot", SvgChart.Color(5));
        string golden = Path.Combine(SharedData.Root, "tests", "KsLottery.Engine.Tests", "Golden", "chart_golden.svg"),
            actual = chart.ToSvg(isFile: true);
        if (Environment.GetEnvironmentVariable("KSLOTTERY_APPROVE") == "1") File.WriteAllText(golden, actual);
        Assert.That(actual, Is.EqualTo(File.ReadAllText(golden)),
            "if the change is meant, run this test with KSLOTTERY_APPROVE=1, and look at the picture");
    }

    [TestCaseSource(nameof(Hostile))]
    public void Text_of_any_origin_is_shown_and_never_obeyed(string text)
    {
        SvgChart chart = new(text, text, Axis.Linear(text, 0, 1), Axis.Names(text, [text, text]));
        chart.Dot(0.5, 0.5, SvgChart.Color(0), text);
        chart.Cell((0, 1), (0, 1), 1, SvgChart.Color(0), text);
        chart.RuleAtX(0.2, text, SvgChart.Color(0));
        chart.RuleAtY(0.2, text, SvgChart.Color(0));
        chart.Measure(0.3, 0, 1, text, SvgChart.Color(0));
        chart.TryName(0.9, 0.9, text, SvgChart.Color(0));
        chart.Lane(1, text, text);
        chart.LegendScale(text);
        chart.LegendLine(text, SvgChart.Color(0));
        foreach (bool isFile in (bool[])[true, false])
        {
            XmlDocument read = Parsed.Xml(chart.ToSvg(isFile));
            Assert.That(read.SelectNodes("//*[local-name()='script' or local-name()='img']"), Is.Empty);
            Assert.That(read.SelectNodes("//@*[starts-with(name(), 'on')]"), Is.Empty);
            Assert.That(read.InnerText, Does.Not.Contain("\u202E").And.Not.Contain("\u2066").And.Not.Contain("\0"));
            Assert.That(read.GetElementsByTagName("text").Count, Is.GreaterThan(5));
        }
    }

    [Test]
    public void Text_that_was_made_visible_stays_as_it_is()
    {
        foreach (string piece in (string[])["␣the", @"\n", @"\\", @"\u{202E}", @"\xe2", "a b", "漢字"])
            Assert.That(Markup.Visible(piece), Is.EqualTo(piece));
        foreach (string text in Hostile) Assert.That(Markup.Visible(Markup.Visible(text)), Is.EqualTo(Markup.Visible(text)));
    }

    [Test]
    public void A_picture_of_points_does_not_grow_with_their_number()
    {
        SplitMix64 random = new(1);
        List<(double, double)> points = [.. Enumerable.Range(0, 200_000).Select(_ => (random.NextDouble(), random.NextDouble()))];
        SvgChart few = new("few", "", Axis.Linear("x", 0, 1), Axis.Linear("y", 0, 1)),
            many = new("many", "", Axis.Linear("x", 0, 1), Axis.Linear("y", 0, 1));
        few.Cloud([.. points.Take(Density.MaxPoints)], isStrong: false, "points");
        many.Cloud(points, isStrong: false, "points");
        Assert.That(few.ToSvg(false), Has.Length.Matches(Is.LessThan(60_000)).And.Not.Contain("<image"));
        Assert.That(many.ToSvg(false), Has.Length.Matches(Is.LessThan(60_000)).And.Contain("<image"));
    }
}
