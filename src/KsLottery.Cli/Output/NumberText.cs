using System.Globalization;
using KsLottery.Engine.Numerics;

namespace KsLottery.Cli;

/// <summary>Numbers as a reader wants them in a terminal; files hold all digits.</summary>
internal static class NumberText
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>At most four digits that count: <c>0.2166</c>, <c>-0.00123</c>, <c>1.2e-06</c>; <c>-</c> for NaN.</summary>
    public static string Real(double value)
    {
        if (double.IsNaN(value)) return "-";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        return value.ToString(Math.Abs(value) is 0 or (>= 1e-4 and < 1e4) ? "G4" : "0.###e+00", Invariant);
    }

    /// <summary><c>21.66 %</c> of a share from 0 up; with an exponent where that would be all zeros, or many digits.</summary>
    public static string Percent(double share) => !double.IsFinite(share) ? Real(share)
        : (share * 100).ToString(share is 0 or (>= 0.0001 and < 1000) ? "0.00" : "0.0e+00", Invariant) + " %";

    /// <summary>A probability from its decimal logarithm, which does not underflow: <c>1.69e-84</c>, <c>2.1e-2463</c>,
    /// <c>0.0498</c>.</summary>
    public static string Probability(double log10)
    {
        if (double.IsNaN(log10)) return "-";
        if (double.IsNegativeInfinity(log10)) return "0";
        if (log10 > -4) return Math.Pow(10, log10).ToString("G3", Invariant);
        double exponent = Math.Floor(log10), mantissa = Math.Round(Math.Pow(10, log10 - exponent), 2);
        if (mantissa >= 10) (exponent, mantissa) = (exponent + 1, 1);
        return string.Create(Invariant, $"{mantissa:0.00}e{exponent:0}");
    }

    /// <summary>A fixed number of digits behind the point, without a sign where they are all 0; <c>-</c> for NaN.</summary>
    public static string Fixed(double value, int digits) => double.IsFinite(value) ? PlainNumber.Fixed(value, digits) : Real(value);

    /// <summary><c>0.084 s</c>, <c>12.3 s</c>.</summary>
    public static string Seconds(TimeSpan time) => time.TotalSeconds.ToString(time.TotalSeconds < 10 ? "0.000" : "0.0", Invariant) + " s";
}
