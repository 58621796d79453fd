using System.Globalization;

namespace KsLottery.Engine.Reports;

/// <summary>How the values of an axis are spread over it.</summary>
internal enum AxisKind
{
    /// <summary>Evenly.</summary>
    Linear,

    /// <summary>By their logarithm; all are above 0.</summary>
    Log,

    /// <summary>By their square root; none is below 0. −log₁₀ p of a row grows like h², so that this spreads it like D.</summary>
    Root,
}

/// <summary>A mark on an axis.</summary>
internal readonly record struct Tick(double Value, string Label);

/// <summary>One axis of a chart.</summary>
internal sealed class Axis
{
    private const int MaxSteps = 6;
    private const double MinGap = 0.11, NearlyEven = 0.4;

    /// <summary>Where a scale may end, as parts of a power of ten.</summary>
    private static readonly double[] Ends = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];

    private Axis(AxisKind kind, string label, double low, double high)
    {
        if (!double.IsFinite(low) || !double.IsFinite(high) || low >= high)
            throw new ArgumentOutOfRangeException(nameof(high), high, "an axis goes from a finite number up to a larger "
                + $"one; this starts at {low}");
        if ((kind == AxisKind.Log && low <= 0) || (kind == AxisKind.Root && low < 0))
            throw new ArgumentOutOfRangeException(nameof(low), low, $"a {kind} axis has no place for it");
        (Kind, Label, Low, High) = (kind, label, low, high);
        Ticks = [.. kind switch
        {
            AxisKind.Linear => LinearTicks(low, high),
            AxisKind.Log => LogTicks(low, high),
            _ => RootTicks(low, high),
        }];
    }

    public AxisKind Kind { get; }

    /// <summary>What the axis shows, with its unit.</summary>
    public string Label { get; }

    public double Low { get; }

    public double High { get; }

    /// <summary>The marks, ascending.</summary>
    public IReadOnlyList<Tick> Ticks { get; init; }

    /// <summary>An even axis over exactly this range.</summary>
    public static Axis Linear(string label, double low, double high) => new(AxisKind.Linear, label, low, high);

    /// <summary>An even axis whose ends are marks: the smallest range that holds the values.</summary>
    public static Axis Rounded(string label, double low, double high)
    {
        if (high <= low) (low, high) = (low - 0.5, low + 0.5);
        double step = Step((high - low) / (MaxSteps - 1));
        return Linear(label, Math.Floor(low / step) * step, Math.Ceiling(high / step) * step);
    }

    /// <summary>An axis of logarithms, up to a mark at or above the largest value.</summary>
    public static Axis Log(string label, double low, double high) => new(AxisKind.Log, label, low,
        End(high, high < 2 * low ? Ends : [1, 2, 5, 10]));

    /// <summary>An axis of square roots from 0, up to a mark at or above the largest value.</summary>
    public static Axis Root(string label, double high) => new(AxisKind.Root, label, 0, End(high, Ends));

    /// <summary>An even axis from 0 with marks at its quarters, for places in something of fixed length.</summary>
    public static Axis Quarters(string label, double high) => new(AxisKind.Linear, label, 0, high)
    {
        Ticks = [.. Enumerable.Range(0, 5).Select(i => new Tick(high * i / 4, Digits.Count((long)Math.Round(high * i / 4))))],
        HasGrid = false,
    };

    /// <summary>Names in the middle of places of width 1, from 0.</summary>
    public static Axis Names(string label, IReadOnlyList<string> names) =>
        new(AxisKind.Linear, label, 0, Math.Max(1, names.Count))
        {
            Ticks = [.. names.Select((name, i) => new Tick(i + 0.5, name))],
            HasGrid = false,
        };

    /// <summary>The same axis with one more mark below the others.</summary>
    public Axis WithTick(double value, string label) =>
        new(Kind, Label, Low, High) { Ticks = [new(value, label), .. Ticks.Where(t => t.Value > value)], HasGrid = HasGrid };

    /// <summary>Whether lines go through the plot at the marks.</summary>
    public bool HasGrid { get; private init; } = true;

    /// <summary>Where a value lies: 0 at the low end, 1 at the high end; values beyond an end lie at it.</summary>
    public double Place(double value) => Kind switch
    {
        AxisKind.Log => Math.Clamp((Math.Log10(Math.Max(value, Low)) - Math.Log10(Low)) / (Math.Log10(High) - Math.Log10(Low)), 0, 1),
        AxisKind.Root => Math.Clamp((Math.Sqrt(Math.Max(value, 0)) - Math.Sqrt(Low)) / (Math.Sqrt(High) - Math.Sqrt(Low)), 0, 1),
        _ => Math.Clamp((value - Low) / (High - Low), 0, 1),
    };

    /// <summary>The smallest of 1, 2 and 5 times a power of ten that is not below a step.</summary>
    internal static double Step(double least)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        foreach (double factor in (ReadOnlySpan<double>)[1, 2, 5])
            if (factor * power >= least * (1 - 1e-9)) return factor * power;
        return 10 * power;
    }

    private static double End(double high, double[] parts)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(high)));
        return parts.First(part => part * power >= high * (1 - 1e-9)) * power;
    }

    private static IEnumerable<Tick> LinearTicks(double low, double high)
    {
        double step = Step((high - low) / MaxSteps);
        int decimals = Math.Max(0, (int)-Math.Floor(Math.Log10(step) + 1e-9));
        double tolerance = 1e-9 * (high - low);
        for (double i = Math.Ceiling((low - tolerance) / step); i * step <= high + tolerance; i++)
            yield return new(i * step, Label(i * step, decimals));

        string Label(double value, int digits)
        {
            double most = Math.Max(Math.Abs(low), Math.Abs(high));
            if (value == 0) return "0";
            if (digits > 5) return Digits.Signed(value.ToString("0.###e+0", CultureInfo.InvariantCulture));
            (double unit, string suffix) = most switch { >= 1e10 => (1e9, "G"), >= 1e7 => (1e6, "M"), >= 1e5 => (1e3, "k"), _ => (1, "") };
            return unit > 1 ? Digits.Signed((value / unit).ToString("0.###", CultureInfo.InvariantCulture)) + suffix
                : Digits.Signed(value.ToString($"N{digits}", CultureInfo.InvariantCulture));
        }
    }

    private static IEnumerable<Tick> LogTicks(double low, double high)
    {
        double decades = Math.Log10(high) - Math.Log10(low);
        if (decades < NearlyEven)
        {
            Tick[] even = [.. LinearTicks(low, high)];
            foreach (Tick tick in even) yield return tick;
            if (!(even[^1].Value >= high * (1 - 1e-9))) yield return new(high, Number(high));
            yield break;
        }
        int every = decades <= MaxSteps ? 1 : (int)Step(decades / MaxSteps);
        double[] factors = decades < 1 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : decades < 3 ? [1, 2, 5] : [1];
        for (int exponent = (int)Math.Floor(Math.Log10(low)); exponent <= Math.Log10(high) + 1e-9; exponent++)
        {
            if (exponent % every != 0) continue;
            foreach (double factor in factors)
            {
                double value = factor * Math.Pow(10, exponent);
                if (value < low * (1 - 1e-9) || value > high * (1 - 1e-9)) continue;
                yield return new(value, factor == 1 ? Digits.Power(exponent) : Digits.Real(value));
            }
        }
        int last = (int)Math.Floor(Math.Log10(high) + 1e-9);
        yield return new(high, Math.Abs((high / Math.Pow(10, last)) - 1) < 1e-6 ? Digits.Power(last) : Number(high));
    }

    private static IEnumerable<Tick> RootTicks(double low, double high)
    {
        double last = double.NegativeInfinity;
        if (low == 0)
        {
            last = 0;
            yield return new(0, "0");
        }
        for (int exponent = (int)Math.Floor(Math.Log10(high)) - 3; exponent <= Math.Log10(high); exponent++)
        {
            foreach (double factor in (double[])[1, 2, 5])
            {
                double value = factor * Math.Pow(10, exponent);
                if (value < low || value > high * (1 - 1e-9)) continue;
                double place = (Math.Sqrt(value) - Math.Sqrt(low)) / (Math.Sqrt(high) - Math.Sqrt(low));
                if (place - last < MinGap || 1 - place < MinGap) continue;
                last = place;
                yield return new(value, Number(value));
            }
        }
        yield return new(high, Number(high));
    }

    private static string Number(double value) => value is (>= 10 or 0 or 1 or 2 or 5) and < 1e6 ? Digits.Count((long)Math.Round(value))
        : Digits.Real(value);
}
