using System.Text;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Reports;

/// <summary>A drawing with two axes, as SVG that needs nothing else: no script, no font, no other file.</summary>
/// <remarks>
/// The same input gives the same text on every machine; coordinates have two digits behind the point. It is as wide as the narrowest
/// page shows it, so that text has about its own size there, and wider pages show more drawings side by side.
/// </remarks>
internal sealed partial class SvgChart
{
    private const double Width = 340, PlotHeight = 220, Top = 12, LetterWidth = 8.2, NoteHeight = 16;
    private const int MaxLabelLength = 20;

    private readonly StringBuilder _marks = new();
    private readonly StringBuilder _notes = new(); // above all marks
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
    /// <param name="height">The height of the plot, where the default one does not suit.</param>
    public SvgChart(string title, string description, Axis x, Axis y, double height = PlotHeight)
    {
        (_title, _description, X, Y) = (title, description, x, y);
        _left = 12 + (LetterWidth * y.Ticks.Select(t => VisibleText.Width(Cut(t.Label))).DefaultIfEmpty().Max());
        double last = x.Ticks.Count == 0 ? 0
            : (LetterWidth * VisibleText.Width(x.Ticks[^1].Label) / 2) - (Width * (1 - x.Place(x.Ticks[^1].Value)) / 2);
        _right = Width - Math.Max(14, 2 + last);
        _bottom = Top + height;
    }

    public Axis X { get; }

    public Axis Y { get; }

    /// <summary>The class of one of the colours, which begin again after the last.</summary>
    public static string Color(int index) => $"c{index % ChartStyle.ColorCount}";

    /// <summary>A line through points.</summary>
    /// <param name="points">From left to right.</param>
    /// <param name="color">Its colour.</param>
    /// <param name="dash">Which dashes: 0 is none.</param>
    /// <param name="isThin">Whether it stands back.</param>
    /// <param name="isWide">Whether it is so wide that another line over it does not hide it.</param>
    public void Line(IEnumerable<(double X, double Y)> points, string color, int dash = 0, bool isThin = false, bool isWide = false)
    {
        StringBuilder path = new();
        foreach ((double x, double y) in points) path.Append(path.Length == 0 ? 'M' : 'L').Append(At(x, y));
        Path(path, $"line {color}{DashOf(dash)}{(isThin ? " thin" : isWide ? " wide" : "")}");
    }

    /// <summary>A staircase: each value holds from its x to the next.</summary>
    public void Steps(IEnumerable<(double X, double Y)> points, string color, int dash = 0)
    {
        StringBuilder path = new();
        foreach ((double x, double y) in points)
        {
            if (path.Length == 0) path.Append('M').Append(At(x, y));
            else path.Append('H').Append(Digits.Place(Right(x))).Append('V').Append(Digits.Place(Up(y)));
        }
        Path(path, $"line {color}{DashOf(dash)}");
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
            _taken.Add((Right(from), Up(value), Right(to), _bottom));
            path.Append('M').Append(Digits.Place(Right(from) + gap)).Append(' ').Append(floor).Append('V').Append(Digits.Place(Up(value)))
                .Append('H').Append(Digits.Place(Right(to) - gap)).Append('V').Append(floor).Append('Z');
        }
        Path(path, $"fill {color}");
    }

    /// <summary>Points that may be very many: each of its own up to a bound, a picture of their density beyond.</summary>
    /// <param name="points">The points.</param>
    /// <param name="isStrong">Whether they are what the drawing is about.</param>
    /// <param name="noun">What a point is, in the plural.</param>
    /// <param name="isSmall">Whether points that are strong are small all the same.</param>
    public void Cloud(IReadOnlyList<(double X, double Y)> points, bool isStrong, string noun, bool isSmall = false)
    {
        if (points.Count > Density.MaxPoints)
        {
            (byte[] opacity, int most) = Density.Of(points.Select(p => (X.Place(p.X), Y.Place(p.Y))));
            Picture(opacity, Density.Columns, (X.Low, X.High), (Y.Low, Y.High), isStrong);
            if (isStrong) foreach ((double x, double y) in points) Take(x, y);
            LegendScale($"1 to {Digits.Count(most)} {noun}", Density.Faintest / 255, Density.Strongest / 255,
                isStrong ? "picture strong" : "picture");
            return;
        }
        StringBuilder path = new();
        foreach ((double x, double y) in points) path.Append('M').Append(At(x, y)).Append("h0");
        if (isStrong) foreach ((double x, double y) in points) Take(x, y);
        Path(path, $"cloud {(isStrong ? "strong c1" : "c0")}{(isSmall ? " small" : "")}");
        if (points.Count > 0) LegendDot(noun, isStrong ? "c1" : "c0");
    }

    /// <summary>A picture over a part of the plot.</summary>
    /// <param name="opacity">Rows from the top.</param>
    /// <param name="columns">Pixels in a row.</param>
    /// <param name="x">From where to where.</param>
    /// <param name="y">From where to where.</param>
    /// <param name="isStrong">Whether it is of what the drawing is about.</param>
    public void Picture(ReadOnlySpan<byte> opacity, int columns, (double From, double To) x, (double From, double To) y,
        bool isStrong = false)
    {
        byte[] enlarged = PngImage.Enlarge(opacity, columns, PictureScale);
        string data = Convert.ToBase64String(PngImage.Encode(enlarged, columns * PictureScale,
            isStrong ? ChartStyle.StrongPictureColor : ChartStyle.PictureColor));
        Add($"<image x=\"{Digits.Place(Right(x.From))}\" y=\"{Digits.Place(Up(y.To))}\" "
            + $"width=\"{Digits.Place(Right(x.To) - Right(x.From))}\" height=\"{Digits.Place(Up(y.From) - Up(y.To))}\" "
            + $"preserveAspectRatio=\"none\" href=\"data:image/png;base64,{data}\"/>");
    }

    /// <summary>A dot that says more when a pointer rests on it.</summary>
    public void Dot(double x, double y, string color, string tip, bool isHollow = false, bool isSmall = false)
    {
        Take(x, y);
        Add($"<circle class=\"{(isHollow ? "ring" : "fill")} {color}\" cx=\"{Digits.Place(Right(x))}\" cy=\"{Digits.Place(Up(y))}\" "
            + $"r=\"{(isHollow ? "4.4" : isSmall ? "1.6" : "3.4")}\"><title>{Markup.Encode(tip)}</title></circle>");
    }

    /// <summary>A rectangle that says more when a pointer rests on it.</summary>
    /// <param name="x">From where to where.</param>
    /// <param name="y">From where to where.</param>
    /// <param name="opacity">How much of the colour; at most <see cref="LegibleOpacity"/> below a number.</param>
    /// <param name="color">The colour.</param>
    /// <param name="tip">What it says.</param>
    /// <param name="number">What stands in it, where it is large enough; empty for nothing.</param>
    public void Cell((double From, double To) x, (double From, double To) y, double opacity, string color, string tip, string number = "")
    {
        double width = Right(x.To) - Right(x.From) - 1, height = Up(y.From) - Up(y.To) - 1;
        if (!(width > 0)) return;
        bool isShown = number.Length > 0 && width >= LetterWidth * VisibleText.Width(number) && height >= NoteHeight - 2;
        Add($"<rect class=\"fill {color}{(isShown ? " cell" : "")}\" fill-opacity=\"{Digits.Place(opacity)}\" "
            + $"x=\"{Digits.Place(Right(x.From) + 0.5)}\" y=\"{Digits.Place(Up(y.To) + 0.5)}\" width=\"{Digits.Place(width)}\" "
            + $"height=\"{Digits.Place(height)}\"><title>{Markup.Encode(tip)}</title></rect>");
        if (!isShown) return;
        _notes.Append($"<text class=\"number\" x=\"{Digits.Place(Right((x.From + x.To) / 2))}\" "
            + $"y=\"{Digits.Place(Up((y.From + y.To) / 2) + 4.5)}\" text-anchor=\"middle\">{Markup.Encode(number)}</text>\n");
    }

    /// <summary>A vertical line at a value, with its name above the plot.</summary>
    public void RuleAtX(double value, string name, string color) => _rules.Add(new(Right(value), name, color));

    /// <summary>A horizontal line at a value, with its name at the right end, at the left one where something stands at the right, or
    /// below the plot where something stands at both.</summary>
    public void RuleAtY(double value, string name, string color)
    {
        double y = Up(value);
        Add($"<line class=\"rule {color}\" x1=\"{Digits.Place(_left)}\" x2=\"{Digits.Place(_right)}\" y1=\"{Digits.Place(y)}\" "
            + $"y2=\"{Digits.Place(y)}\"/>");
        _taken.Add((_left, y - 1, _right, y + 1));
        double width = LetterWidth * VisibleText.Width(name);
        if (name.Length == 0) return;
        bool isLeft = IsTaken(_right - 2 - width, _right - 2, y - 16, y - 2);
        if (isLeft && IsTaken(_left + 4, _left + 4 + width, y - 16, y - 2))
        {
            _legend.Add(($"<path class=\"rule {color}\" d=\"M0 -4h18\"/>", SymbolWidth, name));
            return;
        }
        Note(isLeft ? _left + 4 : _right - 2, y - 5, name, color, isLeft ? "start" : "end", isLeft ? _left + 4 : _right - 2 - width, width);
    }

    /// <summary>A line with a head at both ends; what it measures stands below the plot.</summary>
    public void Measure(double x, double from, double to, string name, string color)
    {
        double at = Right(x), low = Math.Max(Up(from), Up(to)), high = Math.Min(Up(from), Up(to));
        string a = Digits.Place(at);
        Add($"<path class=\"line {color}\" d=\"M{a} {Digits.Place(low)}V{Digits.Place(high)}"
            + $"M{Digits.Place(at - 3.5)} {Digits.Place(high + 5)}L{a} {Digits.Place(high)}L{Digits.Place(at + 3.5)} "
            + $"{Digits.Place(high + 5)}M{Digits.Place(at - 3.5)} {Digits.Place(low - 5)}L{a} {Digits.Place(low)}"
            + $"L{Digits.Place(at + 3.5)} {Digits.Place(low - 5)}\"/>");
        _legend.Add(($"<path class=\"line {color}\" d=\"M1 -4h14M5 -7.5l-4 3.5l4 3.5M11 -7.5l4 3.5l-4 3.5\"/>", SymbolWidth, name));
    }

    /// <summary>A name beside a point, left out where another one stands already.</summary>
    public bool TryName(double x, double y, string name, string color)
    {
        name = Cut(name);
        double at = Right(x), up = Up(y), width = LetterWidth * VisibleText.Width(name);
        foreach ((double left, string anchor, double text, double middle) in ((double, string, double, double)[])
            [(at + 6, "start", at + 6, up), (at - 6 - width, "end", at - 6, up), (at - (width / 2), "middle", at, up - 13)])
        {
            if (left < _left || left + width > Width - 2 || middle < Top) continue;
            if (IsTaken(left, left + width, middle - 8, middle + 7)) continue;
            Note(text, middle + 4.5, name, color, anchor, left, width);
            return true;
        }
        return false;
    }

    /// <summary>Text in a lane of the plot: at its left end, and at its right one.</summary>
    public void Lane(double y, string text, string number)
    {
        int length = (int)((_right - _left) / LetterWidth) - VisibleText.Width(number) - 1;
        _notes.Append($"<text class=\"note\" x=\"{Digits.Place(_left)}\" y=\"{Digits.Place(Up(y))}\">"
            + $"{Markup.Encode(Markup.Cut(text, length))}</text>\n");
        _notes.Append($"<text class=\"note number\" x=\"{Digits.Place(_right)}\" y=\"{Digits.Place(Up(y))}\" text-anchor=\"end\">"
            + $"{Markup.Encode(number)}</text>\n");
    }

    /// <summary>A faint line through a lane.</summary>
    public void Guide(double y) => Add($"<line class=\"grid\" x1=\"{Digits.Place(_left)}\" x2=\"{Digits.Place(_right)}\" "
        + $"y1=\"{Digits.Place(Up(y))}\" y2=\"{Digits.Place(Up(y))}\"/>");

    /// <summary>A short stroke across a lane.</summary>
    public void Mark(double x, double y, string color) =>
        Add($"<path class=\"line {color}\" d=\"M{Digits.Place(Right(x))} {Digits.Place(Up(y) - 6)}v12\"/>");

    private void Note(double x, double y, string text, string color, string anchor, double left, double width)
    {
        _taken.Add((left, y - 11, left + width, y + 3));
        _notes.Append($"<text class=\"note {color}\" x=\"{Digits.Place(x)}\" y=\"{Digits.Place(y)}\" "
            + $"text-anchor=\"{anchor}\">{Markup.Encode(text)}</text>\n");
    }

    private void Take(double x, double y) => _taken.Add((Right(x) - 4, Up(y) - 4, Right(x) + 4, Up(y) + 4));

    private bool IsTaken(double left, double right, double top, double bottom) =>
        _taken.Any(t => t.Left < right && left < t.Right && t.Top < bottom && top < t.Bottom);

    private static string DashOf(int dash) => dash % ChartStyle.DashCount is > 0 and var one ? $" d{one}" : "";

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
