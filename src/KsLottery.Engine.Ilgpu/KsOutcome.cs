using KsLottery.Kernels;

namespace KsLottery.Engine.Ilgpu;

/// <summary>What the row test says of a row pair of width d, as <see cref="KsRowTest"/> leaves it in an accelerator's memory: 8 bytes,
/// read by kernels and by the host alike.</summary>
/// <param name="SignedCount">sign·h; <see cref="int.MinValue"/> where either row holds a NaN.</param>
/// <param name="LocationBits">The location's bits; 0 where there is none.</param>
public readonly record struct KsOutcome(int SignedCount, uint LocationBits)
{
    /// <summary>h = d·D in [0, d]; -1 where either row holds a NaN.</summary>
    public int Count => SignedCount == KsOutcomes.NoCount ? -1 : SignedCount < 0 ? -SignedCount : SignedCount;

    /// <summary>+1 where the first row's distribution function lies above at the location, and where both signs reach h; -1 where below; 0
    /// where h ≤ 0.</summary>
    public int Sign => SignedCount > 0 ? 1 : SignedCount < 0 && SignedCount != KsOutcomes.NoCount ? -1 : 0;

    /// <summary>The smallest value at which the difference of the distribution functions is Sign·h/d; NaN where Sign is 0.</summary>
    public float Location => Sign == 0 ? float.NaN : ILGPU.Interop.IntAsFloat(LocationBits);
}
