namespace KsLottery.Engine.Statistics;

/// <summary>Corrections for many tests, on the decimal logarithms of p-values.</summary>
public static class MultipleTesting
{
    /// <summary>Writes the adjusted value of every p-value.</summary>
    public static void Adjust(ReadOnlySpan<double> log10P, PValueAdjustment adjustment, Span<double> adjustedLog10P) =>
        throw new NotImplementedException();
}
