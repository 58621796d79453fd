namespace KsLottery;

/// <summary>bfloat16: the upper half of a binary32.</summary>
internal static class BFloat16
{
    /// <summary>Rounds to the nearest, ties to even; not for NaN.</summary>
    public static ushort Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
