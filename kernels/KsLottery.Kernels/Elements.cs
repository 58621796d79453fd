namespace KsLottery.Kernels;

/// <summary>How a number is stored.</summary>
/// <remarks>Translated code: meant as the twin of the engine's HalfPrecision.</remarks>
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
        // Subnormal numbers, multiples of 2⁻²⁴, are what they add to 2⁻¹⁴.
        uint small = Interop.FloatAsInt(Interop.IntAsFloat(magnitude + 0x3880_0000) - Interop.IntAsFloat(0x3880_0000));
        uint number = magnitude >= 0x0080_0000 ? magnitude + 0x3800_0000 : small;
        return Interop.IntAsFloat(sign | (magnitude >= 0x0F80_0000 ? magnitude | 0x7F80_0000 : number));  // infinities and NaN
    }
}
