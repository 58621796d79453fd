using System.Globalization;

namespace KsLottery.Engine.Statistics;

/// <summary>The result of a two-sample Kolmogorov-Smirnov test.</summary>
/// <param name="Statistic">The largest distance D of the two empirical distribution functions in the direction tested, in [0, 1].</param>
/// <param name="PValue">The p-value; 0 where it is below the range of a double, see <paramref name="Log10PValue"/>.</param>
/// <param name="Log10PValue">The decimal logarithm of the p-value, also where the p-value itself underflows.</param>
/// <param name="Location">The observed value at which the distance is taken: SciPy's <c>statistic_location</c>.</param>
/// <param name="Sign">+1 where the first sample's distribution function is above the second's at the location, else -1;
/// 0 only in a NaN result.</param>
/// <param name="Count">For samples of equal length n the integer h with D = h / n; otherwise null.</param>
/// <param name="Ties">The number of distinct values that occur in both samples; -0 and +0 are one value.</param>
/// <param name="Method">The method that gave the p-value, <see cref="KsMethod.Exact"/> or <see cref="KsMethod.Asymptotic"/>, never
/// <see cref="KsMethod.Auto"/>. It differs from the method asked for where an exact value cannot be computed.</param>
/// <remarks>With ties the exact p-value is conservative: the null distribution is that of continuous samples, as in SciPy.</remarks>
public readonly record struct KsResult(
    double Statistic, double PValue, double Log10PValue, double Location, int Sign, int? Count, int Ties, KsMethod Method)
{
    /// <summary><c>D = 0.4219 at -0.3329, p = 1.73e-05 (exact)</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"D = {Statistic:g4} at {Location:g4}, p = {PValue:g3} ({(Method == KsMethod.Exact ? "exact" : "asymptotic")})");

    /// <summary>Splits the result as SciPy's tuple does.</summary>
    /// <param name="statistic">The statistic D.</param>
    /// <param name="pValue">The p-value.</param>
    public void Deconstruct(out double statistic, out double pValue) => (statistic, pValue) = (Statistic, PValue);
}
