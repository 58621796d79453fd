using System.Globalization;
using System.Numerics.Tensors;

namespace KsLottery.Engine.Statistics;

/// <summary>The PQ index of sparsity: 0 where all magnitudes are the same, towards 1 the fewer of them hold the whole.</summary>
/// <remarks>
/// Source: Diao et al., ICLR 2023. I = 1 - (mean |w|ᵖ)^(1/p) / (mean |w|^q)^(1/q), which no scale and no sign changes. Zeros are
/// entries: leave them out to measure what survives of a pruned matrix.
/// </remarks>
public sealed record PqIndex
{
    /// <param name="p">Above 0, at most 1.</param>
    /// <param name="q">At least 1, and above p.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public PqIndex(double p = 0.5, double q = 1)
    {
        if (!(p > 0 && p <= 1)) throw OutOfRange(nameof(p), p, "above 0 and at most 1, for instance 0.5");
        if (!(q >= 1 && q > p && q < double.PositiveInfinity)) throw OutOfRange(nameof(q), q, "at least 1, finite and above p");
        (P, Q) = (p, q);
    }

    /// <summary>p.</summary>
    public double P { get; }

    /// <summary>q.</summary>
    public double Q { get; }

    /// <summary>The index of some values.</summary>
    /// <returns>0 to below 1; NaN of no values, of zeros alone, and where a value is not finite.</returns>
    public double Of(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty) return double.NaN;
        double max = Math.Abs(TensorPrimitives.MaxMagnitude(values)), first = 0, second = 0;
        foreach (double value in values)
        {
            first += Math.Pow(Math.Abs(value) / max, P);
            second += Math.Pow(Math.Abs(value) / max, Q);
        }
        return OfSums(values.Length, first, second);
    }

    /// <summary>How many of the entries are to be kept at least, by their index: r = d·(1+η)^(-q/(q-p))·(1-I)^(pq/(q-p)).</summary>
    /// <param name="index">I.</param>
    /// <param name="count">d.</param>
    /// <param name="eta">η, above -1; 0 in the paper.</param>
    /// <exception cref="ArgumentOutOfRangeException">η is not above -1.</exception>
    public double BoundOf(double index, long count, double eta = 0) => eta > -1
        ? count * Math.Pow(1 + eta, -Q / (Q - P)) * Math.Pow(1 - index, P * Q / (Q - P))
        : throw OutOfRange(nameof(eta), eta, "above -1");

    /// <summary>The index of values whose powers were summed, all divided by one number if that was necessary.</summary>
    /// <param name="count">How many values.</param>
    /// <param name="first">Σ |w|ᵖ.</param>
    /// <param name="second">Σ |w|^q.</param>
    internal double OfSums(long count, double first, double second) =>
        1 - (Math.Pow(first / count, 1 / P) / Math.Pow(second / count, 1 / Q));

    private static ArgumentOutOfRangeException OutOfRange(string name, double value, string range) =>
        new(name, value, string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; it must be {range}."));
}
