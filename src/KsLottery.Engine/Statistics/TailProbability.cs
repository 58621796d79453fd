namespace KsLottery.Engine.Statistics;

/// <summary>A tail probability together with its decimal logarithm, which stays valid where the probability underflows.</summary>
internal readonly record struct TailProbability(double Value, double Log10)
{
    public static readonly TailProbability One = new(1, 0);
    public static readonly TailProbability Zero = new(0, double.NegativeInfinity);
    public static readonly TailProbability Undefined = new(double.NaN, double.NaN);

    private const double Log10E = 0.43429448190325182765;

    /// <summary>The probability with a natural logarithm; rounding above 1 is cut off.</summary>
    public static TailProbability FromLog(double log) => log >= 0 ? One : new(Math.Exp(log), log * Log10E);

    /// <summary>A probability far above the underflow threshold; rounding above 1 is cut off.</summary>
    public static TailProbability FromValue(double value) => value >= 1 ? One : new(value, Math.Log10(value));

    /// <summary>1 - complement, for a complement that is not close to 1; rounding below 0 is cut off.</summary>
    public static TailProbability FromComplement(double complement) =>
        complement <= 0 ? One : new(1 - complement, SaddlePoint.LogOnePlus(-complement) * Log10E);
}
