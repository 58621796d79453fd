using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Rows;

/// <summary>bfloat16: the upper half of a binary32.</summary>
internal static class BFloat16
{
    public static void Widen(ReadOnlySpan<ushort> source, Span<float> target)
    {
        ref ushort bits = ref MemoryMarshal.GetReference(source);
        ref uint values = ref MemoryMarshal.GetReference(MemoryMarshal.Cast<float, uint>(target[..source.Length]));
        int i = 0;
        for (; i + Vector256<ushort>.Count <= source.Length; i += Vector256<ushort>.Count)
        {
            Vector256<ushort> v = Vector256.LoadUnsafe(ref bits, (nuint)i);
            (Vector256.WidenLower(v) << 16).StoreUnsafe(ref values, (nuint)i);
            (Vector256.WidenUpper(v) << 16).StoreUnsafe(ref values, (nuint)(i + Vector256<uint>.Count));
        }
        for (; i < source.Length; i++) target[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
    }
}
