namespace KsLottery.Engine.Checkpoints;

/// <summary>The size that a shape and an element type ask for, by the overflow rules of the reference implementation.</summary>
internal static class TensorSize
{
    /// <summary>Computes elements and bytes; a defect is returned instead of thrown, for reader and writer word it differently.</summary>
    /// <param name="shape">Dimensions, none negative; rank 0 is one element.</param>
    /// <param name="bits">The size of an element.</param>
    /// <param name="elements">The product of the dimensions.</param>
    /// <param name="bytes">The number of bytes.</param>
    public static CheckpointDefect? Measure(IReadOnlyList<long> shape, int bits, out long elements, out long bytes)
    {
        (elements, bytes) = (0, 0);
        UInt128 product = 1;
        foreach (long dimension in shape)
        {
            product *= (ulong)dimension;
            if (product > ulong.MaxValue) return CheckpointDefect.ValidationOverflow;
        }
        UInt128 totalBits = product * (uint)bits;
        if (totalBits > ulong.MaxValue) return CheckpointDefect.ValidationOverflow;
        if (totalBits % 8 != 0) return CheckpointDefect.MisalignedSlice;
        (elements, bytes) = ((long)product, (long)(totalBits / 8));
        return null;
    }
}
