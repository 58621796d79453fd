namespace KsLottery.Engine.Numerics;

/// <summary>F8_E4M3: 4 exponent bits with bias 7, 3 mantissa bits, no infinity, NaN where all but the sign is set; the largest value is
/// 448.</summary>
/// <remarks>Source: "OCP 8-bit Floating Point Specification (OFP8)", 2023.</remarks>
internal readonly struct Float8E4M3 : IStoredElement<Float8E4M3, byte>
{
    private static readonly float[] Values = Float8.Values(mantissaBits: 3, bias: 7, nan: 0x7F, infinity: null);

    public static ElementType Type => ElementType.F8E4M3;
    public static byte NonFinite => 0x7F;
    public static bool IsCoded => true;
    public static float Widen(byte bits) => Values[bits];
    public static byte Narrow(float value) => Float8.Round(value, mantissaBits: 3, bias: 7, nan: 0x7F, overflow: 0x7F);
}

/// <summary>F8_E5M2: 5 exponent bits with bias 15, 2 mantissa bits, infinities and NaN as in binary16; the largest value is
/// 57,344.</summary>
/// <remarks>Source: "OCP 8-bit Floating Point Specification (OFP8)", 2023.</remarks>
internal readonly struct Float8E5M2 : IStoredElement<Float8E5M2, byte>
{
    private static readonly float[] Values = Float8.Values(mantissaBits: 2, bias: 15, nan: 0x7D, infinity: 0x7C);

    public static ElementType Type => ElementType.F8E5M2;
    public static byte NonFinite => 0x7C;
    public static bool IsCoded => true;
    public static float Widen(byte bits) => Values[bits];
    public static byte Narrow(float value) => Float8.Round(value, mantissaBits: 2, bias: 15, nan: 0x7E, overflow: 0x7C);
}

/// <summary>What both 8-bit floats have in common.</summary>
internal static class Float8
{
    private const int Sign = 0x80;

    /// <summary>The value of every code.</summary>
    /// <param name="mantissaBits">m.</param>
    /// <param name="bias">The exponent's.</param>
    /// <param name="nan">The first code that is NaN, without sign; all above it are.</param>
    /// <param name="infinity">The code of infinity; null where there is none.</param>
    public static float[] Values(int mantissaBits, int bias, int nan, int? infinity) => [.. Enumerable.Range(0, Sign * 2).Select(code =>
    {
        int magnitude = code & ~Sign, exponent = magnitude >> mantissaBits, mantissa = magnitude & ((1 << mantissaBits) - 1);
        float value = magnitude >= nan ? float.NaN : magnitude == infinity ? float.PositiveInfinity
            : MathF.ScaleB(mantissa + (exponent > 0 ? 1 << mantissaBits : 0), Math.Max(exponent, 1) - bias - mantissaBits);
        return code < Sign ? value : -value;
    })];

    /// <summary>The code of the nearest value, of two the even one.</summary>
    /// <param name="value">What to round.</param>
    /// <param name="mantissaBits">m.</param>
    /// <param name="bias">The exponent's.</param>
    /// <param name="nan">The code for NaN.</param>
    /// <param name="overflow">The code for what lies beyond the largest value, the one that follows its code.</param>
    public static byte Round(float value, int mantissaBits, int bias, byte nan, byte overflow)
    {
        int sign = float.IsNegative(value) ? Sign : 0;
        if (float.IsNaN(value)) return (byte)(sign | nan);
        if (float.IsInfinity(value)) return (byte)(sign | overflow);
        int exponent = Math.Max(Math.ILogB(value), 1 - bias);
        // In steps of the last mantissa bit; a mantissa that is carried over gives the next exponent's first code.
        int steps = (int)Math.Round(Math.ScaleB(Math.Abs(value), mantissaBits - exponent), MidpointRounding.ToEven);
        int code = ((exponent - (1 - bias)) << mantissaBits) + steps;
        return (byte)(sign | Math.Min(code, overflow));
    }
}
