using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Experiments;

/// <summary>The mean over seeds, and how far they lie apart.</summary>
/// <param name="Mean">The mean; NaN without values.</param>
/// <param name="Deviation">The sample standard deviation, over n - 1; NaN where there are fewer than two.</param>
/// <param name="Min">The least.</param>
/// <param name="Max">The most.</param>
/// <param name="Count">The number of values.</param>
internal readonly record struct ArmSpread(double Mean, double Deviation, double Min, double Max, int Count)
{
    /// <summary>Describes some values; those that are NaN do not count.</summary>
    public static ArmSpread Of(IEnumerable<double> values)
    {
        double[] known = [.. values.Where(v => !double.IsNaN(v))];
        if (known.Length == 0) return new(double.NaN, double.NaN, double.NaN, double.NaN, 0);
        double mean = known.Average();
        double deviation = known.Length == 1 ? double.NaN : Math.Sqrt(known.Sum(v => (v - mean) * (v - mean)) / (known.Length - 1));
        return new(mean, deviation, known.Min(), known.Largest(), known.Length);
    }
}
