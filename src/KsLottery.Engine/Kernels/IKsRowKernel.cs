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
