using System.Globalization;
using System.Text;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Reports;

/// <summary>A drawing with two axes, as SVG that needs nothing else: no script, no font, no other file.</summary>
/// <remarks>The same input gives the same text on every machine; coordinates have two digits behind the point.</remarks>
internal sealed class SvgChart
{
    private const double Width = 420, PlotHeight = 230, Top = 12, NameHeight = 42, LineHeight = 18, TitleHeight = 30;
    private const double LetterWidth = 7.2, NoteLetterWidth = 6.5, NoteHeight = 14;
    private const int MaxLabelLength = 22;

    private readonly StringBuilder _marks = new();
    private readonly StringBuilder _notes = new(); // above all marks
    private readonly List<(string Symbol, string Text)> _legend = [];
    private readonly List<(double Left, double Top, double Right, double Bottom)> _taken = [];
    private readonly string _title;
    private readonly string _description;
    private readonly double _left;
    private readonly double _right;
    private readonly double _bottom;

    /// <summary>Starts a drawing.</summary>
    /// <param name="title">What it shows.</param>
    /// <param name="description">What it says, for who cannot see it.</param>
    /// <param name="x">The axis to the right.</param>
    /// <param name="y">The axis upwards.</param>
    /// <param name="margin">Room at the right for names, in letters.</param>
    /// <param name="height">The height of the plot, where the default one does not suit.</param>
    public SvgChart(string title, string description, Axis x, Axis y, int margin = 0, double height = PlotHeight)
    {
        (_title, _description, X, Y) = (title, description, x, y);
        _left = 30 + (LetterWidth * Math.Max(3, y.Ticks.Select(t => VisibleText.Width(Cut(t.Label))).DefaultIfEmpty().Max()));
        _right = Width - 14 - (LetterWidth * Math.Min(margin, MaxLabelLength));
        _bottom = Top + height;
    }

    public Axis X { get; }

    public Axis Y { get; }

    /// <summary>The class of one of the colours, which begin again after the last.</summary>
    public static string Color(int index) => $"c{index % ChartStyle.ColorCount}";

    /// <summary>A line through points.</summary>
    public void Line(IEnumerable<(double X, double Y)> points, string color, bool isDashed = false, bool isThin = false)
    {
        StringBuilder path = new();
        foreach ((double x, double y) in points) path.Append(path.Length == 0 ? 'M' : 'L').Append(At(x, y));
        Path(path, $"line {color}{(isDashed ? " dash" : "")}{(isThin ? " thin" : "")}");
    }

    /// <summary>A staircase: each value holds from its x to the next.</summary>
    public void Steps(IEnumerable<(double X, double Y)> points, string color, bool isDashed = false)
    {
        StringBuilder path = new();
        foreach ((double x, double y) in points)
        {
            if (path.Length == 0) path.Append('M').Append(At(x, y));
            else path.Append('H').Append(Digits.Place(Right(x))).Append('V').Append(Digits.Place(Up(y)));
        }
        Path(path, $"line {color}{(isDashed ? " dash" : "")}");
    }

    /// <summary>The space between two lines over the same x.</summary>
    public void Band(IReadOnlyList<(double X, double Low, double High)> points, string color)
    {
        StringBuilder path = new();
        foreach ((double x, double low, _) in points) path.Append(path.Length == 0 ? 'M' : 'L').Append(At(x, low));
        foreach ((double x, _, double high) in points.Reverse()) path.Append('L').Append(At(x, high));
        Path(path.Append('Z'), $"area {color}");
    }

    /// <summary>Bars side by side from the floor, as one shape.</summary>
    public void Bars(IEnumerable<(double From, double To, double Value)> bars, string color)
    {
        string floor = Digits.Place(_bottom);
        StringBuilder path = new();
        foreach ((double from, double to, double value) in bars)
        {
            double gap = Math.Min(0.6, (Right(to) - Right(from)) / 6);
            path.Append('M').Append(Digits.Place(Right(from) + gap)).Append(' ').Append(floor).Append('V').Append(Digits.Place(Up(value)))
                .Append('H').Append(Digits.Place(Right(to) - gap)).Append('V').Append(floor).Append('Z');
        }
        Path(path, $"fill {color}");
    }

    /// <summary>Points that may be very many: each of its own up to a bound, a picture of their density beyond.</summary>
    public void Cloud(IReadOnlyList<(double X, double Y)> points, string color)
    {
        if (points.Count > Density.MaxPoints)
        {
            Picture(Density.Of(points.Select(p => (X.Place(p.X), Y.Place(p.Y)))), Density.Columns, (X.Low, X.High), (Y.Low, Y.High));
            return;
        }
        StringBuilder path = new();
        foreach ((double x, double y) in points) path.Append('M').Append(At(x, y)).Append("h0");
        Path(path, $"cloud {color}");
    }

    /// <summary>A picture over a part of the plot.</summary>
    /// <param name="opacity">Rows from the top.</param>
    /// <param name="columns">Pixels in a row.</param>
    /// <param name="x">From where to where.</param>
    /// <param name="y">From where to where.</param>
    public void Picture(ReadOnlySpan<byte> opacity, int columns, (double From, double To) x, (double From, double To) y)
    {
        string data = Convert.ToBase64String(PngImage.Encode(opacity, columns, ChartStyle.PictureColor));
        Add($"<image x=\"{Digits.Place(Right(x.From))}\" y=\"{Digits.Place(Up(y.To))}\" "
            + $"width=\"{Digits.Place(Right(x.To) - Right(x.From))}\" height=\"{Digits.Place(Up(y.From) - Up(y.To))}\" "
            + $"preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{data}\"/>");
    }

    /// <summary>A dot that says more when a pointer rests on it.</summary>
    public void Dot(double x, double y, string color, string tip, bool isHollow = false)
    {
        _taken.Add((Right(x) - 4, Up(y) - 4, Right(x) + 4, Up(y) + 4));
        Add($"<circle class=\"{(isHollow ? "ring" : "fill")} {color}\" cx=\"{Digits.Place(Right(x))}\" cy=\"{Digits.Place(Up(y))}\" "
            + $"r=\"{(isHollow ? "3" : "3.4")}\"><title>{Markup.Encode(tip)}</title></circle>");
    }

    /// <summary>A rectangle that says more when a pointer rests on it.</summary>
    public void Cell((double From, double To) x, (double From, double To) y, double opacity, string color, string tip) =>
        Add($"<rect class=\"fill {color}\" fill-opacity=\"{Digits.Place(opacity)}\" x=\"{Digits.Place(Right(x.From) + 0.5)}\" "
            + $"y=\"{Digits.Place(Up(y.To) + 0.5)}\" width=\"{Digits.Place(Right(x.To) - Right(x.From) - 1)}\" "
            + $"height=\"{Digits.Place(Up(y.From) - Up(y.To) - 1)}\"><title>{Markup.Encode(tip)}</title></rect>");

    /// <summary>A vertical line at a value, with its name at the top.</summary>
    public void RuleAtX(double value, string name, string color)
    {
        double x = Right(value);
        Add($"<line class=\"rule {color}\" x1=\"{Digits.Place(x)}\" x2=\"{Digits.Place(x)}\" y1=\"{Digits.Place(Top)}\" "
            + $"y2=\"{Digits.Place(_bottom)}\"/>");
        double width = NoteLetterWidth * VisibleText.Width(name);
        bool isLeft = x + 4 + width > _right;
        double left = isLeft ? x - 4 - width : x + 4, y = Top + 10;
        while (IsTaken(left, left + width, y - NoteHeight, y) && y < _bottom - NoteHeight) y += NoteHeight;
        Note(isLeft ? x - 4 : x + 4, y, name, color, isLeft ? "end" : "start", left, width);
    }

    /// <summary>A horizontal line at a value, with its name at the right end, or at the left one where something stands at the
    /// right.</summary>
    public void RuleAtY(double value, string name, string color)
    {
        double y = Up(value);
        Add($"<line class=\"rule {color}\" x1=\"{Digits.Place(_left)}\" x2=\"{Digits.Place(_right)}\" y1=\"{Digits.Place(y)}\" "
            + $"y2=\"{Digits.Place(y)}\"/>");
        double width = NoteLetterWidth * VisibleText.Width(name);
        if (name.Length == 0) return;
        bool isLeft = IsTaken(_right - 2 - width, _right - 2, y - 14, y - 2) && !IsTaken(_left + 4, _left + 4 + width, y - 14, y - 2);
        Note(isLeft ? _left + 4 : _right - 2, y - 4, name, color, isLeft ? "start" : "end", isLeft ? _left + 4 : _right - 2 - width, width);
    }

    /// <summary>A line with a head at both ends, and what it measures.</summary>
    public void Measure(double x, double from, double to, string name, string color)
    {
        double at = Right(x), low = Math.Max(Up(from), Up(to)), high = Math.Min(Up(from), Up(to));
        string a = Digits.Place(at);
        Add($"<path class=\"line {color}\" d=\"M{a} {Digits.Place(low)}V{Digits.Place(high)}"
            + $"M{Digits.Place(at - 3.5)} {Digits.Place(high + 5)}L{a} {Digits.Place(high)}L{Digits.Place(at + 3.5)} "
            + $"{Digits.Place(high + 5)}M{Digits.Place(at - 3.5)} {Digits.Place(low - 5)}L{a} {Digits.Place(low)}"
            + $"L{Digits.Place(at + 3.5)} {Digits.Place(low - 5)}\"/>");
        double width = NoteLetterWidth * VisibleText.Width(name);
        bool isLeft = at + 8 + width > _right;
        Note(isLeft ? at - 8 : at + 8, ((low + high) / 2) + 4, name, $"{color} strong", isLeft ? "end" : "start", at + 8, width);
    }

    /// <summary>A name beside a point, left out where another one stands already.</summary>
    public bool TryName(double x, double y, string name, string color)
    {
        name = Cut(name);
        double at = Right(x), up = Up(y), width = NoteLetterWidth * VisibleText.Width(name);
        foreach ((double left, string anchor, double text) in ((double, string, double)[])
            [(at + 6, "start", at + 6), (at - 6 - width, "end", at - 6)])
        {
            if (left < _left || left + width > Width - 2) continue;
            if (IsTaken(left, left + width, up - 7, up + 6)) continue;
            Note(text, up + 4, name, color, anchor, left, width);
            return true;
        }
        return false;
    }

    /// <summary>Names in the margin, each joined to its value by a thin line; pushed apart where they would overlap.</summary>
    public void Margin(IEnumerable<(double X, double Y, string Name, string Color)> names)
    {
        (double X, double Y, string Name, string Color)[] sorted = [.. names.OrderByDescending(n => n.Y)];
        int capacity = (int)((_bottom - Top) / NoteHeight);
        double[] places = [.. sorted.Take(capacity).Select(n => Up(n.Y))];
        for (int i = 1; i < places.Length; i++) places[i] = Math.Max(places[i], places[i - 1] + NoteHeight);
        double lowest = _bottom;
        for (int i = places.Length - 1; i >= 0; i--, lowest -= NoteHeight) places[i] = Math.Min(places[i], lowest);
        for (int i = 0; i < places.Length; i++)
        {
            (double x, double y, string name, string color) = sorted[i];
            Add($"<path class=\"line thin quiet\" stroke-opacity=\".5\" "
                + $"d=\"M{Digits.Place(Right(x) + 5)} {Digits.Place(Up(y))}L{Digits.Place(_right + 2)} {Digits.Place(Up(y))}"
                + $"L{Digits.Place(_right + 10)} {Digits.Place(places[i])}\"/>");
            Add($"<text class=\"note {color}\" x=\"{Digits.Place(_right + 12)}\" "
                + $"y=\"{Digits.Place(places[i] + 4)}\">{Markup.Encode(Cut(name))}</text>");
        }
    }

    /// <summary>Says below the plot what a line stands for.</summary>
    public void LegendLine(string text, string color, bool isDashed = false) =>
        _legend.Add(($"<path class=\"line {color}{(isDashed ? " dash" : "")}\" d=\"M0 -4h16\"/>", text));

    /// <summary>Says below the plot what a dot stands for.</summary>
    public void LegendDot(string text, string color, bool isHollow = false) =>
        _legend.Add(($"<circle class=\"{(isHollow ? "ring" : "fill")} {color}\" cx=\"8\" cy=\"-4\" r=\"3.4\"/>", text));

    /// <summary>Writes the drawing.</summary>
    /// <param name="isFile">Whether it is a file of its own, with title, style and paper, or a part of a page that has them.</param>
    public string ToSvg(bool isFile)
    {
        (string legend, double legendHeight) = Legend();
        double height = _bottom + NameHeight + legendHeight;
        StringBuilder svg = new();
        string top = isFile ? Digits.Place(-TitleHeight) : "0", tall = Digits.Place(height + (isFile ? TitleHeight : 0));
        svg.Append(CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 {top} {Digits.Place(Width)} {tall}\" role=\"img\" "
            + $"aria-label=\"{Markup.Encode($"{_title}. {_description}")}\">\n");
        if (isFile)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<title>{Markup.Encode(_title)}</title>\n<style>{ChartStyle.Css}</style>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"paper\" x=\"0\" y=\"{top}\" width=\"100%\" height=\"100%\"/>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"title\" x=\"12\" y=\"-10\">{Markup.Encode(_title)}</text>\n");
        }
        WriteAxes(svg);
        return svg.Append(_marks).Append(_notes).Append(legend).Append("</svg>\n").ToString();
    }

    private void WriteAxes(StringBuilder svg)
    {
        foreach (Tick tick in Y.Ticks)
        {
            string y = Digits.Place(Up(tick.Value));
            if (Y.HasGrid)
                svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Digits.Place(_left)}\" x2=\"{Digits.Place(_right)}\" "
                    + $"y1=\"{y}\" y2=\"{y}\"/>\n");
            svg.Append(CultureInfo.InvariantCulture,
                $"<text class=\"tick\" x=\"{Digits.Place(_left - 6)}\" y=\"{Digits.Place(Up(tick.Value) + 4)}\" "
                + $"text-anchor=\"end\">{Markup.Encode(Cut(tick.Label))}</text>\n");
        }
        string floor = Digits.Place(_bottom);
        svg.Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"{Digits.Place(_left)}\" x2=\"{Digits.Place(_right)}\" "
            + $"y1=\"{floor}\" y2=\"{floor}\"/>\n");
        double free = double.NegativeInfinity;
        foreach (Tick tick in X.Ticks)
        {
            double x = Right(tick.Value), half = LetterWidth * VisibleText.Width(tick.Label) / 2;
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"axis\" x1=\"{Digits.Place(x)}\" x2=\"{Digits.Place(x)}\" "
                + $"y1=\"{floor}\" y2=\"{Digits.Place(_bottom + 4)}\"/>\n");
            if (x - half < free) continue;
            free = x + half + 6;
            svg.Append(CultureInfo.InvariantCulture,
                $"<text class=\"tick\" x=\"{Digits.Place(x)}\" y=\"{Digits.Place(_bottom + 18)}\" "
                + $"text-anchor=\"middle\">{Markup.Encode(tick.Label)}</text>\n");
        }
        svg.Append(CultureInfo.InvariantCulture,
            $"<text class=\"name\" x=\"{Digits.Place((_left + _right) / 2)}\" y=\"{Digits.Place(_bottom + 36)}\" "
            + $"text-anchor=\"middle\">{Markup.Encode(X.Label)}</text>\n");
        double middle = (Top + _bottom) / 2;
        svg.Append(CultureInfo.InvariantCulture,
            $"<text class=\"name\" x=\"13\" y=\"{Digits.Place(middle)}\" text-anchor=\"middle\" "
            + $"transform=\"rotate(-90 13 {Digits.Place(middle)})\">{Markup.Encode(Y.Label)}</text>\n");
    }

    private (string Svg, double Height) Legend()
    {
        StringBuilder svg = new();
        double x = 12, y = _bottom + NameHeight + 12;
        foreach ((string symbol, string text) in _legend)
        {
            double width = 24 + (LetterWidth * VisibleText.Width(text)) + 14;
            if (x > 12 && x + width > Width) (x, y) = (12, y + LineHeight);
            svg.Append(CultureInfo.InvariantCulture, $"<g transform=\"translate({Digits.Place(x)} {Digits.Place(y)})\">{symbol}"
                + $"<text x=\"22\">{Markup.Encode(text)}</text></g>\n");
            x += width;
        }
        return (svg.ToString(), _legend.Count == 0 ? 0 : y + 8 - _bottom - NameHeight);
    }

    private void Note(double x, double y, string text, string color, string anchor, double left, double width)
    {
        _taken.Add((left, y - 10, left + width, y + 2));
        _notes.Append(CultureInfo.InvariantCulture,
            $"<text class=\"note {color}\" x=\"{Digits.Place(x)}\" y=\"{Digits.Place(y)}\" "
            + $"text-anchor=\"{anchor}\">{Markup.Encode(text)}</text>\n");
    }

    private bool IsTaken(double left, double right, double top, double bottom) =>
        _taken.Any(t => t.Left < right && left < t.Right && t.Top < bottom && top < t.Bottom);

    private void Path(StringBuilder path, string classes)
    {
        if (path.Length > 0) Add($"<path class=\"{classes}\" d=\"{path}\"/>");
    }

    private void Add(string mark) => _marks.Append(mark).Append('\n');

    private double Right(double x) => _left + (X.Place(x) * (_right - _left));

    private double Up(double y) => _bottom - (Y.Place(y) * (_bottom - Top));

    private string At(double x, double y) => $"{Digits.Place(Right(x))} {Digits.Place(Up(y))}";

    private static string Cut(string text) => Markup.Cut(text, MaxLabelLength);
}
