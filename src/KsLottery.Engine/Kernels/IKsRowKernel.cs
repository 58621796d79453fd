namespace KsLottery.Engine.Kernels;

/// <summary>One way to compute the exact two-sample Kolmogorov-Smirnov count of row pairs of a fixed width d.</summary>
/// <remarks>
/// Every kernel returns the same outcome for the same rows, bit for bit: ±0 are equal, infinities are ordinary values, ties step both
/// sides together, a NaN gives <see cref="KsRowOutcome.NotANumber"/>. A kernel holds scratch memory for one row pair and so
/// belongs to one thread at a time.
/// </remarks>
internal interface IKsRowKernel
{
    /// <summary>The name that <c>KSLOTTERY_KERNEL</c> and the benchmarks use.</summary>
    string Name { get; }

    /// <summary>The row width d that the scratch memory is made for.</summary>
    int Width { get; }

    /// <summary>Compares two rows of <see cref="Width"/> F32 values.</summary>
    KsRowOutcome Test(ReadOnlySpan<float> before, ReadOnlySpan<float> after);

    /// <summary>Compares two rows of <see cref="Width"/> F16 values given by their bits.</summary>
    KsRowOutcome TestFloat16(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after);

    /// <summary>Compares two rows of <see cref="Width"/> BF16 values given by their bits.</summary>
    KsRowOutcome TestBFloat16(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after);
}

/// <summary>What the two-sample Kolmogorov-Smirnov test says of one row pair of width d.</summary>
/// <param name="Count">h = d·D in [0, d]; <see cref="NoCount"/> where either row holds a NaN.</param>
/// <param name="Sign">+1 where the distribution of the first row lies above at the location, -1 where below, 0 where h = 0 or there is no
/// count.</param>
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
