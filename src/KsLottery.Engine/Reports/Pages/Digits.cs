using System.Globalization;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Reports;

/// <summary>Numbers as a page shows them, and as its tables and drawings hold them.</summary>
internal static class Digits
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>A count with its digits in groups.</summary>
    public static string Count(long value) => value.ToString("N0", Invariant);

    /// <summary>A count with the noun that it counts.</summary>
    public static string Count(long value, string noun) => $"{Count(value)} {noun}{(value == 1 ? "" : "s")}";

    /// <summary>Words as a sentence lists them: <c>a, b and c</c>.</summary>
    public static string List(IReadOnlyList<string> words) =>
        words.Count < 2 ? string.Concat(words) : $"{string.Join(", ", words.Take(words.Count - 1))} and {words[^1]}";

    /// <summary>At most four digits that count; a dash for NaN.</summary>
    public static string Real(double value) => double.IsNaN(value) ? "–"
        : double.IsInfinity(value) ? value > 0 ? "∞" : "−∞"
        : Signed(value.ToString(Math.Abs(value) is 0 or (>= 1e-4 and < 1e4) ? "G4" : "0.##e+0", Invariant));

    /// <summary>A fixed number of digits behind the point, without a sign where they are all 0; a dash for NaN.</summary>
    public static string Fixed(double value, int digits) =>
        double.IsFinite(value) ? Signed(PlainNumber.Fixed(value, digits)) : Real(value);

    /// <summary>A share as a percentage.</summary>
    public static string Percent(double share) => !double.IsFinite(share) ? Real(share)
        : Signed((share * 100).ToString(share is 0 or (>= 0.0001 and < 1000) ? "0.##" : "0.0e+0", Invariant)) + " %";

    /// <summary>A probability from its decimal logarithm, which does not underflow.</summary>
    public static string Probability(double log10)
    {
        if (!double.IsFinite(log10)) return double.IsNaN(log10) ? "–" : "0";
        if (log10 > -4) return Math.Pow(10, log10).ToString("G3", Invariant);
        double exponent = Math.Floor(log10), mantissa = Math.Round(Math.Pow(10, log10 - exponent), 2);
        if (mantissa >= 10) (exponent, mantissa) = (exponent + 1, 1);
        return Signed(string.Create(Invariant, $"{mantissa:0.00}e{exponent:0}"));
    }

    /// <summary>A power of ten: <c>10⁻⁵</c>, or the number itself from 0.001 to 10,000.</summary>
    public static string Power(int exponent)
    {
        if (exponent is >= -3 and <= 4) return Math.Pow(10, exponent).ToString("#,0.###", Invariant);
        return "10" + string.Concat(exponent.ToString(Invariant).Select(c => c == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c - '0']));
    }

    /// <summary>A number's text with a true minus.</summary>
    public static string Signed(string number) => number.Replace('-', '−');

    /// <summary>A coordinate of a drawing: two digits behind the point, always the same for the same value.</summary>
    public static string Place(double value) => Math.Round(value, 2).ToString("0.##", Invariant) is var text && text == "-0" ? "0" : text;

    /// <summary>A value in a tab-separated file: the shortest that reads back the same; <c>nan</c>, <c>inf</c>, <c>-inf</c>.</summary>
    public static string Exact(double value) => double.IsFinite(value) ? value.ToString("R", Invariant)
        : double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";

    /// <summary>A whole number in a tab-separated file.</summary>
    public static string Exact(long value) => value.ToString(Invariant);
}
