namespace KsLottery.Kernels;

/// <summary>Functions that devices compute differently, made of IEEE 754 operations alone: the same bits on every device that keeps to the
/// standard, subnormal numbers included.</summary>
/// <remarks>Ranges are reduced as in Cody and Waite, Software Manual for the Elementary Functions, 1980; the polynomials are least
/// maximum fits of our own, their coefficients rounded to F32 one after the other.</remarks>
public static class KernelMath
{
    /// <summary>eˣ within 1 unit in the last place; +∞ above 88.72284, 0 below -103.97208.</summary>
    public static float Exp(float x)
    {
        const float ToInteger = 12582912f;  // 1.5·2²³: what is added to it is rounded to an integer
        if (!(x < 88.72284f)) return x >= 88.72284f ? float.PositiveInfinity : x;  // x itself where it is no number
        if (x < -103.97208f) return 0f;
        float n = Fused.MultiplyAdd(x, 1.442695f, ToInteger) - ToInteger;
        float r = Fused.MultiplyAdd(n, 1.9046542e-9f, Fused.MultiplyAdd(n, -0.6931472f, x));
        float p = Fused.MultiplyAdd(r, 0.001382069f, 0.008368676f);
        p = Fused.MultiplyAdd(p, r, 0.041668266f);
        p = Fused.MultiplyAdd(p, r, 0.16666521f);
        p = Fused.MultiplyAdd(p, r, 0.49999994f);
        p = Fused.MultiplyAdd(p, r * r, r) + 1f;
        // Two powers of two, each of which is a normal number, and whose product may not be: only the last product rounds.
        int power = (int)n, half = power >> 1;
        return p * PowerOfTwo(half) * PowerOfTwo(power - half);
    }

    /// <summary>log x within 1 unit in the last place; -∞ of 0, NaN below.</summary>
    public static float Log(float x)
    {
        if (!(x > 0f)) return x == 0f ? float.NegativeInfinity : float.NaN;
        if (x > float.MaxValue) return x;
        float scale = 0f;
        if (x < 1.1754944e-38f)
        {
            x *= 8388608f;
            scale = -23f;
        }
        // x = 2ᵏ·m with m from √½ to √2, and log m = 2·artanh s = f - s·(f - R) with f = m - 1 and s = f / (2 + f).
        uint bits = Interop.FloatAsInt(x) - 0x3F35_04F3u;
        float k = scale + ((int)bits >> 23);
        float f = Interop.IntAsFloat((bits & 0x007F_FFFFu) + 0x3F35_04F3u) - 1f;
        float s = f / (2f + f), z = s * s;
        float rest = z * Fused.MultiplyAdd(z, Fused.MultiplyAdd(z, 0.29870805f, 0.39977583f), 0.66666776f);
        float square = 0.5f * f * f;
        return Fused.MultiplyAdd(k, 0.69314575f, f - (square - Fused.MultiplyAdd(s, square + rest, k * 1.4286068e-6f)));
    }

    /// <summary>2ⁿ for n from -126 to 127.</summary>
    private static float PowerOfTwo(int n) => Interop.IntAsFloat((uint)(n + 127) << 23);
}
