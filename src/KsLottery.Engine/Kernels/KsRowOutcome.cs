namespace KsLottery.Engine.Kernels;

/// <summary>What the two-sample Kolmogorov-Smirnov test says of one row pair of width d.</summary>
/// <param name="Count">h = d·D in [0, d]; <see cref="NoCount"/> where either row holds a NaN.</param>
/// <param name="Sign">+1 where the distribution of the first row lies above at the location, -1 where below, 0 where h = 0 or there is no count.</param>
/// <param name="Location">
/// The smallest value at which the difference of the two distribution functions reaches Sign·h/d; NaN where Sign is 0. Zeros are positive.
/// When +h and -h are both reached, the sign is +1, as in SciPy.
/// </param>
internal readonly record struct KsRowOutcome(int Count, int Sign, float Location)
{
    /// <summary>The count of a row pair that cannot be ranked because it holds a NaN.</summary>
    public const int NoCount = -1;

    /// <summary>Two rows with the same values in any order: h = 0.</summary>
    public static KsRowOutcome Equal => new(0, 0, float.NaN);

    /// <summary>A row pair that holds a NaN.</summary>
    public static KsRowOutcome NotANumber => new(NoCount, 0, float.NaN);
}
