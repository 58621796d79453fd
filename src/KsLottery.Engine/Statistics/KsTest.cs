using System.Numerics;
using CommunityToolkit.HighPerformance.Buffers;

namespace KsLottery.Engine.Statistics;

/// <summary>The two-sample Kolmogorov-Smirnov test, with the results of SciPy's <c>ks_2samp</c>.</summary>
/// <remarks>
/// <para>The alternatives describe the distribution functions, not the values: see <see cref="KsAlternative"/>.</para>
/// <para>Statistic, location and sign are SciPy 1.10's to the bit. P-values agree with it wherever it is right itself; ours are true to
/// about 1e-12. SciPy gives up an exact p where its own arithmetic overflows or ends just above 1, and its asymptotic two-sided p is
/// right to about 6 digits once n m / (n + m) exceeds 140.</para>
/// </remarks>
public static class KsTest
{
    /// <summary>The largest sample for which <see cref="KsMethod.Auto"/> is exact, as in SciPy.</summary>
    internal const int MaxAutoExact = 10_000;

    private static readonly KsOptions Defaults = new();

    /// <summary>Tests whether two samples come from one continuous distribution.</summary>
    /// <param name="x">The first sample, in any order, one value or more.</param>
    /// <param name="y">The second sample; its length may differ.</param>
    /// <param name="options">Alternative, method and NaN policy; two-sided, auto and propagate by default.</param>
    /// <returns>The statistic and its p-value, in double precision for samples of either type.</returns>
    /// <remarks>
    /// Infinities are values like any others, and -0 equals +0. An exact p for two different lengths takes time in proportion to their
    /// product. Where m n / gcd(n, m)² does not fit 32 bits there is no exact p, and the result's method says asymptotic. The asymptotic
    /// two-sided p of two single values is NaN. The samples are copied to be sorted; the copies are pooled.
    /// </remarks>
    /// <exception cref="ArgumentException">A sample is empty, or is after <see cref="NanPolicy.Omit"/>; or it holds a NaN under
    /// <see cref="NanPolicy.Raise"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is not a value of its enumeration.</exception>
    /// <example><code>
    /// KsResult result = KsTest.TwoSample([0.1, 0.4, 0.7], [0.2, 0.9, 1.3, 1.8]);
    /// Console.WriteLine(result); // D = 0.5 at 0.4, p = …
    /// </code></example>
    public static KsResult TwoSample(ReadOnlySpan<double> x, ReadOnlySpan<double> y, KsOptions? options = null) =>
        Test(x, y, options ?? Defaults);

    /// <inheritdoc cref="TwoSample(ReadOnlySpan{double}, ReadOnlySpan{double}, KsOptions?)"/>
    public static KsResult TwoSample(ReadOnlySpan<float> x, ReadOnlySpan<float> y, KsOptions? options = null) =>
        Test(x, y, options ?? Defaults);

    /// <summary>The method that a request comes to for samples of these lengths.</summary>
    internal static KsMethod Resolve(KsMethod method, int n, int m)
    {
        if (method == KsMethod.Auto) return Math.Max(n, m) <= MaxAutoExact ? KsMethod.Exact : KsMethod.Asymptotic;
        if (method == KsMethod.Asymptotic) return method;
        long gcd = LatticePathTail.Gcd(n, m);
        return n / gcd * (m / gcd) >= int.MaxValue ? KsMethod.Asymptotic : KsMethod.Exact;
    }

    /// <summary>SciPy's asymptotic tail of a distance.</summary>
    /// <remarks>
    /// Two-sided it is the one-sample distribution for round(n m / (n + m)) values, halves to even; one-sided the expansion 5.3 of
    /// Hodges (1958).
    /// </remarks>
    internal static TailProbability Asymptotic(int n, int m, double distance, KsAlternative alternative)
    {
        (double large, double small) = (Math.Max(n, m), Math.Min(n, m));
        double effective = large * small / (large + small);
        if (alternative == KsAlternative.TwoSided)
            return KolmogorovDistribution.Survival((int)Math.Round(effective, MidpointRounding.ToEven), distance);
        double z = Math.Sqrt(effective) * distance;
        return TailProbability.FromLog(-2 * z * z - 2 * z * (large + 2 * small) / Math.Sqrt(large * small * (large + small)) / 3);
    }

    internal static void Validate(KsMethod method, KsAlternative alternative)
    {
        if (method is < KsMethod.Auto or > KsMethod.Asymptotic)
            throw new ArgumentOutOfRangeException(nameof(method), method, "Allowed methods: Auto, Exact, Asymptotic.");
        if (alternative is < KsAlternative.TwoSided or > KsAlternative.Greater)
            throw new ArgumentOutOfRangeException(nameof(alternative), alternative, "Allowed alternatives: TwoSided, Less, Greater.");
    }

    private static KsResult Test<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, KsOptions options)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Validate(options.Method, options.Alternative);
        if (options.NanPolicy is < NanPolicy.Propagate or > NanPolicy.Omit)
            throw new ArgumentOutOfRangeException(nameof(options), options.NanPolicy, "Allowed NaN policies: Propagate, Raise, Omit.");
        using SpanOwner<T> xBuffer = SpanOwner<T>.Allocate(x.Length), yBuffer = SpanOwner<T>.Allocate(y.Length);
        Span<T> sortedX = CopyNumbers(x, xBuffer.Span, options.NanPolicy, nameof(x));
        Span<T> sortedY = CopyNumbers(y, yBuffer.Span, options.NanPolicy, nameof(y));
        if (options.NanPolicy == NanPolicy.Propagate && (sortedX.Length < x.Length || sortedY.Length < y.Length))
            return new(double.NaN, double.NaN, double.NaN, double.NaN, 0, null, 0, Resolve(options.Method, x.Length, y.Length));
        sortedX.Sort();
        sortedY.Sort();
        return Judge(EmpiricalDistance.Between<T>(sortedX, sortedY, options.Alternative), sortedX.Length, sortedY.Length, options);
    }

    private static KsResult Judge(EmpiricalDistance distance, int n, int m, KsOptions options)
    {
        KsMethod method = Resolve(options.Method, n, m);
        int? count = n == m ? (int)distance.Steps : null;
        double statistic = distance.Value;
        TailProbability p;
        if (method == KsMethod.Exact)
        {
            // As in SciPy, the exact method also rounds the statistic anew, from its exact fraction.
            statistic = distance.Steps / ((double)n / LatticePathTail.Gcd(n, m) * m);
            p = n == m
                ? EqualLengthTail.Of(n, (int)distance.Steps, options.Alternative)
                : LatticePathTail.Of(n, m, distance.Steps, options.Alternative);
        }
        else
        {
            p = Asymptotic(n, m, statistic, options.Alternative);
        }
        return new KsResult(statistic, p.Value, p.Log10, distance.Location, distance.Sign, count, distance.Ties, method);
    }

    private static Span<T> CopyNumbers<T>(ReadOnlySpan<T> sample, Span<T> buffer, NanPolicy policy, string name)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (sample.IsEmpty) throw new ArgumentException($"The sample {name} is empty; a test needs one value or more in each.", name);
        int count = 0;
        for (int i = 0; i < sample.Length; i++)
        {
            if (!T.IsNaN(sample[i]))
                buffer[count++] = sample[i];
            else if (policy == NanPolicy.Raise)
            {
                throw new ArgumentException(
                    $"The sample {name} has a NaN at index {i} of {sample.Length}; leave it out with NanPolicy.Omit.", name);
            }
        }
        if (count == 0 && policy == NanPolicy.Omit)
        {
            throw new ArgumentException(
                $"The sample {name} is empty: all its {sample.Length} values are NaN; a test needs one number or more in each.", name);
        }
        return buffer[..count];
    }
}
