using System.Collections.Concurrent;
using System.Globalization;

namespace KsLottery.Engine.Statistics;

/// <summary>The null distribution of the two-sample statistic for samples of one length, by the integer count h.</summary>
/// <remarks>
/// For two rows of d values the statistic is D = h / d with 0 ≤ h ≤ d, and the p-value depends on h alone: this is the table that turns
/// the counts of millions of rows into p-values. There is one instance per length, method and alternative in a process. Its entries are
/// computed when they are first asked for and kept; it may be used from any number of threads.
/// </remarks>
public sealed class NullDistribution
{
    private static readonly ConcurrentDictionary<(int, KsMethod, KsAlternative), NullDistribution> Tables = new();

    private readonly double[] _values;
    private readonly double[] _logarithms; // NaN: not computed yet

    private NullDistribution(int width, KsMethod method, KsAlternative alternative)
    {
        (Width, Method, Alternative) = (width, method, alternative);
        _values = new double[width + 1];
        _logarithms = new double[width + 1];
        Array.Fill(_logarithms, double.NaN);
    }

    /// <summary>The distribution for two samples of length d each.</summary>
    /// <param name="d">The length of each sample, 1 or more; a table takes 16 d bytes.</param>
    /// <param name="method"><see cref="KsMethod.Auto"/> is exact up to d = 10,000 and asymptotic above.</param>
    /// <param name="alternative">The alternative, a statement about the distribution functions and not about the values.</param>
    /// <returns>The one instance for these arguments.</returns>
    /// <exception cref="ArgumentOutOfRangeException">d is below 1 or too large for an array, or an argument is not a value of its
    /// enumeration.</exception>
    public static NullDistribution ForEqualLengths(
        int d, KsMethod method = KsMethod.Auto, KsAlternative alternative = KsAlternative.TwoSided)
    {
        if (d < 1 || d >= Array.MaxLength)
            throw new ArgumentOutOfRangeException(nameof(d), d, $"A sample has 1 to {Array.MaxLength - 1} values.");
        KsTest.Validate(method, alternative);
        return Tables.GetOrAdd(
            (d, KsTest.Resolve(method, d, d), alternative), static key => new NullDistribution(key.Item1, key.Item2, key.Item3));
    }

    /// <summary>The length d of each sample.</summary>
    public int Width { get; }

    /// <summary>The method in use, never <see cref="KsMethod.Auto"/>.</summary>
    public KsMethod Method { get; }

    /// <summary>The alternative hypothesis.</summary>
    public KsAlternative Alternative { get; }

    /// <summary>The p-value of a count: the probability, under the null hypothesis, of a count of h or more.</summary>
    /// <param name="h">The count, 0 to d.</param>
    /// <returns>The p-value, right to about 1e-12 relative; 0 where it underflows (at d = 4096 from h = 1721).</returns>
    /// <remarks>The asymptotic two-sided p for d = 1 is NaN: there is no distribution for round(1/2) = 0 values.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">h is outside 0 to d.</exception>
    public double PValue(int h)
    {
        Prepare(h);
        return _values[h];
    }

    /// <summary>The decimal logarithm of <see cref="PValue"/>, also where that underflows.</summary>
    /// <param name="h">The count, 0 to d.</param>
    /// <returns>The logarithm; negative infinity only where the asymptotic p is 0, at h = d.</returns>
    /// <exception cref="ArgumentOutOfRangeException">h is outside 0 to d.</exception>
    public double Log10PValue(int h)
    {
        Prepare(h);
        return _logarithms[h];
    }

    /// <summary>The smallest count whose p-value is below alpha.</summary>
    /// <param name="alpha">The level, between 0 and 1 and neither of them.</param>
    /// <returns>The critical count h*: a row is significant when h ≥ h*. It is d + 1 where no count is.</returns>
    /// <exception cref="ArgumentOutOfRangeException">alpha is not between 0 and 1.</exception>
    public int CriticalCount(double alpha)
    {
        if (!(alpha > 0 && alpha < 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(alpha),
                string.Create(CultureInfo.InvariantCulture, $"alpha is {alpha}; it lies between 0 and 1, for instance 0.05."));
        }
        int low = 0, high = Width + 1;
        while (low < high)
        {
            int middle = low + (high - low) / 2;
            if (PValue(middle) < alpha) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    private void Prepare(int h)
    {
        if ((uint)h > (uint)Width)
            throw new ArgumentOutOfRangeException(nameof(h), h, $"A count of two samples of {Width} values lies in 0 to {Width}.");
        if (!double.IsNaN(Volatile.Read(ref _logarithms[h]))) return;
        TailProbability p = Method == KsMethod.Exact
            ? EqualLengthTail.Of(Width, h, Alternative)
            : KsTest.Asymptotic(Width, Width, (double)h / Width, Alternative);
        // The logarithm is written last: who sees it also sees the value. Two threads at once write the same numbers.
        _values[h] = p.Value;
        Volatile.Write(ref _logarithms[h], p.Log10);
    }
}
