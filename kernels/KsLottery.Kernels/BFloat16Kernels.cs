namespace KsLottery.Kernels;

/// <summary>BF16 terms of F32 numbers, for matrix units that multiply BF16.</summary>
/// <remarks>Translated code: the rounding is meant as the twin of the engine's HalfPrecision.</remarks>
public static class BFloat16Kernels
{
    /// <summary>Lanes of a group.</summary>
    public const int GroupSize = 256;

    /// <summary>source = terms[0] + terms[1] + terms[2], one element a lane: each term takes the upper bits of what the ones before it
    /// leave.</summary>
    /// <remarks>Exact from |x| ≥ 2⁻¹¹⁰ on, below it within 2⁻¹³³; nothing overflows. An infinity or NaN is the first term, the others are
    /// 0.</remarks>
    /// <param name="terms">Three times as many elements as the source: all first terms, all second, all third.</param>
    /// <param name="source">The numbers.</param>
    [Kernel(GroupSize)]
    public static void SplitToBFloat16(ArrayView<ushort> terms, ArrayView<float> source)
    {
        long i = ((long)Grid.IdxX * Group.DimX) + Group.IdxX;
        if (i >= source.Length) return;
        float value = source[i];
        uint bits = Interop.FloatAsInt(value);
        uint first = bits & 0xFFFF_0000;
        uint second = 0;
        uint third = 0;
        if ((bits & 0x7F80_0000) == 0x7F80_0000)
        {
            if ((bits & 0x007F_FFFF) != 0) first = first | 0x0040_0000;  // a NaN whose bits are all in the lower half
        }
        else
        {
            float rest = value - Interop.IntAsFloat(first);
            second = Interop.FloatAsInt(rest) & 0xFFFF_0000;
            third = Interop.FloatAsInt(rest - Interop.IntAsFloat(second)) & 0xFFFF_0000;
        }
        terms[i] = (ushort)(first >> 16);
        terms[i + source.Length] = (ushort)(second >> 16);
        terms[i + (2 * source.Length)] = (ushort)(third >> 16);
    }

    /// <summary>destination = source to the nearest BF16, ties to even, one element a lane; a NaN stays one.</summary>
    /// <param name="destination">As many elements as the source.</param>
    /// <param name="source">The numbers.</param>
    [Kernel(GroupSize)]
    public static void RoundToBFloat16(ArrayView<ushort> destination, ArrayView<float> source)
    {
        long i = ((long)Grid.IdxX * Group.DimX) + Group.IdxX;
        if (i >= source.Length) return;
        uint bits = Interop.FloatAsInt(source[i]);
        uint rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
        if ((bits & 0x7FFF_FFFF) > 0x7F80_0000) rounded = (bits >> 16) | 0x40;
        destination[i] = (ushort)rounded;
    }
}
