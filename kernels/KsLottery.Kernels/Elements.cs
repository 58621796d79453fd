namespace KsLottery.Kernels;

/// <summary>How a number is stored.</summary>
/// <typeparam name="TStored">The stored bits.</typeparam>
public interface IElement<TStored> where TStored : unmanaged
{
    /// <summary>The number as F32, exactly.</summary>
    static abstract float Load(TStored stored);
}

/// <summary>IEEE 754 binary32.</summary>
public readonly struct F32 : IElement<float>
{
    /// <inheritdoc/>
    public static float Load(float stored) => stored;
}

/// <summary>The upper half of a binary32.</summary>
public readonly struct BF16 : IElement<ushort>
{
    /// <inheritdoc/>
    public static float Load(ushort stored) => Interop.IntAsFloat((uint)stored << 16);
}

/// <summary>IEEE 754 binary16, in integer code: not every device has the type.</summary>
public readonly struct F16 : IElement<ushort>
{
    /// <inheritdoc/>
    public static float Load(ushort stored)
    {
        uint sign = (uint)(stored & 0x8000) << 16, magnitude = (uint)(stored & 0x7FFF) << 13;
        if (magnitude >= 0x0F80_0000) return Interop.IntAsFloat(sign | magnitude | 0x7F80_0000);  // infinities and NaN
        if (magnitude >= 0x0080_0000) return Interop.IntAsFloat(sign | (magnitude + 0x3800_0000));
        float small = (stored & 0x03FF) * 5.9604645e-8f;  // a multiple of 2⁻²⁴
        return sign == 0 ? small : -small;
    }
}
