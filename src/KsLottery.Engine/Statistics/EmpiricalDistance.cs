using System.Numerics;

namespace KsLottery.Engine.Statistics;

/// <summary>The largest distance between the empirical distribution functions of two sorted samples.</summary>
/// <param name="Value">The distance as SciPy rounds it: a difference of two quotients.</param>
/// <param name="Steps">The same distance exactly, in units of 1 / lcm(n, m).</param>
/// <param name="Location">The value at which it is taken.</param>
/// <param name="Sign">+1 where the first function is the upper one, else -1.</param>
/// <param name="Ties">The number of distinct values that occur in both samples.</param>
internal readonly record struct EmpiricalDistance(double Value, long Steps, double Location, int Sign, int Ties)
{
    /// <summary>Measures the distance in the direction of an alternative.</summary>
    /// <remarks>
    /// The functions are compared at all values of the first sample and then at all of the second, each in ascending order, and the
    /// first of equal differences counts. Two-sided, the positive side wins a draw. Differences are those of rounded quotients, so that
    /// the location is SciPy's to the bit, also where rounding alone separates two equal distances.
    /// </remarks>
    public static EmpiricalDistance Between<T>(ReadOnlySpan<T> x, ReadOnlySpan<T> y, KsAlternative alternative)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Extremes extremes = default;
        int ties = 0;
        for (int i = 0, j = 0; i < x.Length;)
        {
            T value = x[i];
            while (i < x.Length && x[i] == value) i++;
            while (j < y.Length && y[j] <= value) j++;
            if (j > 0 && y[j - 1] == value) ties++;
            extremes.Add((double)i / x.Length - (double)j / y.Length, i, j, double.CreateChecked(value));
        }
        for (int i = 0, j = 0; j < y.Length;)
        {
            T value = y[j];
            while (j < y.Length && y[j] == value) j++;
            while (i < x.Length && x[i] <= value) i++;
            extremes.Add((double)i / x.Length - (double)j / y.Length, i, j, double.CreateChecked(value));
        }

        double below = Math.Clamp(-extremes.Min.Difference, 0, 1);
        bool isBelow = alternative == KsAlternative.Less
            || (alternative == KsAlternative.TwoSided && below > extremes.Max.Difference);
        Extreme found = isBelow ? extremes.Min : extremes.Max;
        int gcd = LatticePathTail.Gcd(x.Length, y.Length);
        long steps = Math.Abs((long)found.I * (y.Length / gcd) - (long)found.J * (x.Length / gcd));
        return new EmpiricalDistance(Math.Abs(found.Difference), steps, found.Location, isBelow ? -1 : 1, ties);
    }

    private readonly record struct Extreme(double Difference, int I, int J, double Location);

    private struct Extremes
    {
        public Extreme Min;
        public Extreme Max;
        private bool _any;

        public void Add(double difference, int i, int j, double location)
        {
            if (!_any || difference < Min.Difference) Min = new Extreme(difference, i, j, location);
            if (!_any || difference > Max.Difference) Max = new Extreme(difference, i, j, location);
            _any = true;
        }
    }
}
