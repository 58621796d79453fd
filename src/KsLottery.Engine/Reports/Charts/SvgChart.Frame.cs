using System.Text;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Reports;

/// <summary>What stands around a plot: axes and their names, the names of vertical lines, the legend.</summary>
internal sealed partial class SvgChart
{
    /// <summary>The most of a colour that a number can be read on.</summary>
    public const double LegibleOpacity = 0.7;

    private const double NameHeight = 42, LineHeight = 19, TitleHeight = 26, SymbolWidth = 24, ScaleWidth = 84;
    private const int PictureScale = 4, ScaleSteps = 12;

    private readonly List<(string Symbol, double Width, string Text)> _legend = [];
    private readonly List<Rule> _rules = [];

    /// <summary>Says below the plot what a line stands for.</summary>
    public void LegendLine(string text, string color, int dash = 0) =>
        _legend.Add(($"<path class=\"line {color}{DashOf(dash)}\" d=\"M0 -4h18\"/>", SymbolWidth, text));

    /// <summary>Says below the plot what a dot stands for.</summary>
    public void LegendDot(string text, string color, bool isHollow = false) =>
        _legend.Add(($"<circle class=\"{(isHollow ? "ring" : "fill")} {color}\" cx=\"8\" cy=\"-4\" r=\"{(isHollow ? "4.4" : "3.4")}\"/>",
            SymbolWidth, text));

    /// <summary>Says below the plot what a short stroke stands for.</summary>
    public void LegendMark(string text, string color) =>
        _legend.Add(($"<path class=\"line {color}\" d=\"M8 -10v12\"/>", SymbolWidth, text));

    /// <summary>Says below the plot what the strength of a colour stands for, weakest to strongest.</summary>
    /// <param name="text">From where to where, and of what.</param>
    /// <param name="faintest">The weakest of it, 0 to 1.</param>
    /// <param name="strongest">The strongest.</param>
    /// <param name="color">The colour; that of pictures by default.</param>
    public void LegendScale(string text, double faintest = 0, double strongest = 1, string color = "picture")
    {
        double step = (ScaleWidth - 8) / ScaleSteps;
        string bars = string.Concat(Enumerable.Range(0, ScaleSteps).Select(i => $"<rect class=\"fill {color}\" "
            + $"fill-opacity=\"{Digits.Place(faintest + ((strongest - faintest) * i / (ScaleSteps - 1)))}\" "
            + $"x=\"{Digits.Place(i * step)}\" y=\"-10\" width=\"{Digits.Place(step)}\" height=\"11\"/>"));
        _legend.Add(($"{bars}<rect class=\"frame\" x=\"0\" y=\"-10\" width=\"{Digits.Place(ScaleWidth - 8)}\" height=\"11\"/>", ScaleWidth,
            text));
    }

    /// <summary>Writes the drawing.</summary>
    /// <param name="isFile">Whether it is a file of its own, with title, style and paper, or a part of a page that has them.</param>
    public string ToSvg(bool isFile)
    {
        (string legend, double legendHeight) = Legend();
        double height = _bottom + NameHeight + legendHeight;
        double above = (Y.Label.Length > 0 ? NoteHeight : 0) + (NoteHeight * _rules.Count(r => r.Name.Length > 0));
        double head = -above - (isFile ? TitleHeight : 0);
        StringBuilder svg = new();
        svg.Append($"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 {Digits.Place(head)} {Digits.Place(Width)} "
            + $"{Digits.Place(height - head)}\" role=\"img\" aria-label=\"{Markup.Encode($"{_title}. {_description}")}\">\n");
        if (isFile)
        {
            svg.Append($"<title>{Markup.Encode(_title)}</title>\n<style>{ChartStyle.Css}</style>\n")
                .Append($"<rect class=\"paper\" x=\"0\" y=\"{Digits.Place(head)}\" width=\"100%\" height=\"100%\"/>\n")
                .Append($"<text class=\"title\" x=\"6\" y=\"{Digits.Place(head + 17)}\">{Markup.Encode(_title)}</text>\n");
        }
        WriteAxes(svg, -above);
        svg.Append(_marks);
        WriteRules(svg);
        return svg.Append(_notes).Append(legend).Append("</svg>\n").ToString();
    }

    private void WriteAxes(StringBuilder svg, double head)
    {
        (string left, string right, string floor) = (Digits.Place(_left), Digits.Place(_right), Digits.Place(_bottom));
        double free = double.NegativeInfinity;
        // From the top, so that the end of the axis has its number.
        foreach (Tick tick in Y.Ticks.Reverse())
        {
            string y = Digits.Place(Up(tick.Value));
            if (Up(tick.Value) < free) continue;
            if (Y.HasGrid) svg.Append($"<line class=\"grid\" x1=\"{left}\" x2=\"{right}\" y1=\"{y}\" y2=\"{y}\"/>\n");
            if (tick.Label.Length == 0) continue;
            free = Up(tick.Value) + NoteHeight - 1;
            svg.Append($"<text class=\"tick\" x=\"{Digits.Place(_left - 6)}\" y=\"{Digits.Place(Up(tick.Value) + 4.5)}\" "
                + $"text-anchor=\"end\">{Markup.Encode(Cut(tick.Label))}</text>\n");
        }
        svg.Append($"<line class=\"axis\" x1=\"{left}\" x2=\"{right}\" y1=\"{floor}\" y2=\"{floor}\"/>\n");
        free = double.PositiveInfinity;
        // From the right, so that the end of the axis has its number.
        foreach (Tick tick in X.Ticks.Reverse())
        {
            double x = Right(tick.Value), half = LetterWidth * VisibleText.Width(tick.Label) / 2;
            string at = Digits.Place(x);
            svg.Append($"<line class=\"axis\" x1=\"{at}\" x2=\"{at}\" y1=\"{floor}\" y2=\"{Digits.Place(_bottom + 4)}\"/>\n");
            if (tick.Label.Length == 0 || x + half > free) continue;
            free = x - half - 6;
            svg.Append($"<text class=\"tick\" x=\"{at}\" y=\"{Digits.Place(_bottom + 18)}\" "
                + $"text-anchor=\"middle\">{Markup.Encode(tick.Label)}</text>\n");
        }
        double wide = LetterWidth * VisibleText.Width(X.Label) / 2;
        double middle = Math.Clamp((_left + _right) / 2, Math.Min(2 + wide, Width / 2), Math.Max(Width - 2 - wide, Width / 2));
        svg.Append($"<text class=\"name\" x=\"{Digits.Place(middle)}\" y=\"{Digits.Place(_bottom + 36)}\" "
            + $"text-anchor=\"middle\">{Markup.Encode(X.Label)}</text>\n");
        if (Y.Label.Length > 0)
            svg.Append($"<text class=\"name\" x=\"2\" y=\"{Digits.Place(head + 11)}\">{Markup.Encode(Y.Label)}</text>\n");
    }

    private (string Svg, double Height) Legend()
    {
        StringBuilder svg = new();
        double x = 2, y = _bottom + NameHeight + 12;
        foreach ((string symbol, double symbolWidth, string text) in _legend)
        {
            string shown = Markup.Cut(text, (int)((Width - 4 - symbolWidth) / LetterWidth));
            double width = symbolWidth + (LetterWidth * VisibleText.Width(shown)) + 10;
            if (x > 2 && x + width > Width) (x, y) = (2, y + LineHeight);
            svg.Append($"<g transform=\"translate({Digits.Place(x)} {Digits.Place(y)})\">{symbol}"
                + $"<text x=\"{Digits.Place(symbolWidth)}\">{Markup.Encode(shown)}</text></g>\n");
            x += width;
        }
        return (svg.ToString(), _legend.Count == 0 ? 0 : y + 8 - _bottom - NameHeight);
    }

    /// <summary>Vertical lines from their names above the plot downwards, each name in a line of its own, so placed that no line goes
    /// through a name.</summary>
    private void WriteRules(StringBuilder svg)
    {
        Rule[] named = [.. _rules.Where(r => r.Name.Length > 0).OrderBy(r => r.X)];
        double Baseline(int place) => -2 - (NoteHeight * (named.Length - 1 - place));
        (Rule Rule, bool IsLeft)[] placed = Placed(named);
        foreach (Rule rule in _rules)
        {
            int place = Array.FindIndex(placed, p => p.Rule == rule);
            string x = Digits.Place(rule.X), top = Digits.Place(place < 0 ? Top : Baseline(place) - 9);
            svg.Append($"<line class=\"rule {rule.Color}\" x1=\"{x}\" x2=\"{x}\" y1=\"{top}\" y2=\"{Digits.Place(_bottom)}\"/>\n");
        }
        foreach ((int i, (Rule rule, bool isLeft)) in placed.Index())
            svg.Append($"<text class=\"note {rule.Color}\" x=\"{Digits.Place(isLeft ? rule.X - 4 : rule.X + 4)}\" "
                + $"y=\"{Digits.Place(Baseline(i))}\" text-anchor=\"{(isLeft ? "end" : "start")}\">{Markup.Encode(rule.Name)}</text>\n");
    }

    /// <summary>The order from the top, and the side of each name: those at the right of their lines from the left, those at the left
    /// from the right; of the ways to share them out the first in which no lower line crosses a name.</summary>
    private static (Rule Rule, bool IsLeft)[] Placed(Rule[] rules)
    {
        (Rule, bool)[] first = [.. rules.Select(r => (r, false))];
        for (int left = 0; left < 1 << rules.Length; left++)
        {
            (Rule Rule, bool IsLeft)[] sides = [.. rules.Select((r, i) => (r, (left >> i & 1) == 1))];
            (Rule Rule, bool IsLeft)[] placed = [.. sides.Where(s => !s.IsLeft), .. sides.Where(s => s.IsLeft).Reverse()];
            if (placed.Index().All(p => Fits(p.Item) && !placed.Take(p.Index).Any(above => Crosses(above.Rule, p.Item)))) return placed;
        }
        return first;

        static double End((Rule Rule, bool IsLeft) name) =>
            name.Rule.X + ((name.IsLeft ? -1 : 1) * (5 + (LetterWidth * VisibleText.Width(name.Rule.Name))));

        static bool Fits((Rule Rule, bool IsLeft) name) => End(name) is >= 0 and <= Width;

        // The line of a name that stands higher goes down past all lower names.
        static bool Crosses(Rule line, (Rule Rule, bool IsLeft) name) => name.IsLeft ? line.X < name.Rule.X && line.X > End(name)
            : line.X > name.Rule.X && line.X < End(name);
    }

    private sealed record Rule(double X, string Name, string Color);
}
