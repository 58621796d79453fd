namespace KsLottery.Engine.Statistics;

/// <summary>How far two vectors lie apart, and in which directions.</summary>
/// <param name="First">‖u‖₂.</param>
/// <param name="Second">‖v‖₂.</param>
/// <param name="Distance">‖u - v‖₂.</param>
/// <param name="SumNorm">‖u + v‖₂.</param>
public readonly record struct VectorDistance(double First, double Second, double Distance, double SumNorm)
{
    /// <summary>‖u - v‖₂ / ‖u‖₂; NaN where u is 0.</summary>
    public double Relative => First == 0 ? double.NaN : Distance / First;

    /// <summary>The cosine of the angle, -1 to 1; NaN where either is 0.</summary>
    public double Cosine => First == 0 || Second == 0 ? double.NaN
        : Math.Clamp(((SumNorm / First * (SumNorm / Second)) - (Distance / First * (Distance / Second))) / 4, -1, 1);

    /// <summary>The angle in radians, 0 to π; NaN where either is 0.</summary>
    /// <remarks>That of a triangle of three sides, by Kahan's formula, which keeps the digits of small ones; of an obtuse one what it lacks
    /// to π.</remarks>
    public double Radians => First == 0 || Second == 0 || double.IsNaN(Distance) ? double.NaN
        : SumNorm < Distance ? Math.PI - Between(First, Second, SumNorm) : Between(First, Second, Distance);

    /// <summary>The angle in degrees.</summary>
    public double Degrees => Radians * (180 / Math.PI);

    /// <summary>Compares two vectors.</summary>
    /// <exception cref="ArgumentException">They differ in length.</exception>
    public static VectorDistance Of(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        if (first.Length != second.Length)
            throw new ArgumentException($"one vector has {first.Length} values, the other {second.Length}. Give as many of both.",
                nameof(second));
        double largest = 0;
        foreach (double value in first) largest = Math.Max(largest, Math.Abs(value));
        foreach (double value in second) largest = Math.Max(largest, Math.Abs(value));
        if (largest == 0) return default;
        double a = 0, b = 0, apart = 0, together = 0;
        for (int i = 0; i < first.Length; i++)
        {
            double u = first[i] / largest, v = second[i] / largest;
            a += u * u;
            b += v * v;
            apart += (u - v) * (u - v);
            together += (u + v) * (u + v);
        }
        return new(largest * Math.Sqrt(a), largest * Math.Sqrt(b), largest * Math.Sqrt(apart), largest * Math.Sqrt(together));
    }

    /// <summary>The angle between two sides of a triangle of three (Kahan, "Miscalculating Area and Angles of a Needle-like
    /// Triangle").</summary>
    private static double Between(double one, double other, double opposite)
    {
        double largest = Math.Max(one, other), a = 1, b = Math.Min(one, other) / largest;
        opposite /= largest;
        double rest = b >= opposite ? opposite - (a - b) : b - (a - opposite), bottom = (a + (b + opposite)) * (a - opposite + b);
        if (!(rest > 0)) return 0;
        return bottom > 0 ? 2 * Math.Atan(Math.Sqrt((a - b + opposite) * rest / bottom)) : Math.PI;
    }
}
