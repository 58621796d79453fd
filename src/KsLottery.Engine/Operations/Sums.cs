namespace KsLottery.Engine.Operations;

/// <summary>Sums over a range.</summary>
internal static class Sums
{
    /// <summary>The definition of Σ x.</summary>
    public static double Sum(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values) sum += value;
        return sum;
    }

    /// <summary>The definition of Σ x².</summary>
    public static double SumOfSquares(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values) sum += value * value;
        return sum;
    }
}
