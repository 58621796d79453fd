using System.Runtime.CompilerServices;

namespace KsLottery.Engine.Numerics;

/// <summary>The order-preserving image of floating-point values in the unsigned integers; ±0 share one image.</summary>
/// <remarks>The key of a stored value is that of its F32 value (<see cref="ElementCodec.Widen"/>), so that all types sort into one
/// order.</remarks>
internal static class SortableKey
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint FromSingle(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value + 0f);  // -0 + 0 = +0
        return bits ^ ((uint)((int)bits >> 31) | 0x8000_0000);
    }

    public static float ToSingle(uint key) =>
        BitConverter.UInt32BitsToSingle(key ^ ((key >> 31) - 1 | 0x8000_0000));
}
