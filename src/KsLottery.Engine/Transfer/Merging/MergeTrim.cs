using System.Runtime.InteropServices;

namespace KsLottery.Engine.Transfer;

/// <summary>Which changes of a tensor are large enough: those above a magnitude, and the first of those at it; all by default.</summary>
/// <param name="IsOn">Whether any change may be left out.</param>
/// <param name="Magnitude">The magnitude.</param>
/// <param name="Ties">How many changes of this very magnitude are kept.</param>
internal readonly record struct MergeTrim(bool IsOn, float Magnitude, long Ties)
{
    private const int HalfBits = 16;

    /// <summary>Whether a change is kept.</summary>
    /// <param name="change">The change; one after another, ascending by element.</param>
    /// <param name="ties">How many more are kept that are just so large.</param>
    public bool Keeps(float change, ref long ties)
    {
        float magnitude = MathF.Abs(change);
        return !IsOn || magnitude > Magnitude || (magnitude == Magnitude && ties-- > 0);
    }

    /// <summary>The trim that keeps so many of a tensor's largest changes.</summary>
    /// <remarks>By counting the upper halves of all magnitudes, then the lower ones of those that share the upper.</remarks>
    public static MergeTrim Of(PatchedTensor patch, long count)
    {
        if (count >= patch.Mask.Parameters) return default;
        if (count == 0) return new(true, float.PositiveInfinity, 0);
        long[] bins = new long[1 << HalfBits];
        Visit(patch, bits => bins[bits >> HalfBits]++);
        uint upper = Find(bins, ref count);
        Array.Clear(bins);
        Visit(patch, bits => bins[(ushort)bits] += bits >> HalfBits == upper ? 1 : 0);
        return new(true, BitConverter.UInt32BitsToSingle(upper << HalfBits | Find(bins, ref count)), count);
    }

    private static void Visit(PatchedTensor patch, Action<uint> visit)
    {
        using PatchChanges changes = new(patch);
        foreach (float[] some in changes.All())
            foreach (uint bits in MemoryMarshal.Cast<float, uint>(some)) visit(bits & int.MaxValue);
    }

    /// <summary>The bin of a rank from the top, counted from 1, which becomes the rank in the bin.</summary>
    private static uint Find(long[] bins, ref long rank)
    {
        uint bin = (uint)bins.Length - 1;
        for (; rank > bins[bin]; bin--) rank -= bins[bin];
        return bin;
    }
}
