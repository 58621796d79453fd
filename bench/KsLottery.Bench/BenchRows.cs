namespace KsLottery.Bench;

/// <summary>Row pairs that look like what a scan meets; the same for the same seed.</summary>
internal static class BenchRows
{
    public static readonly string[] Regimes =
        ["unrelated", "noise-1e-3", "noise-1e-4", "noise-1e-6", "identical", "few-values", "lognormal", "cauchy"];

    public static (float[] Before, float[] After) Make(string regime, int rows, int width)
    {
        Random random = new(12345);
        float[] normals = new float[1 << 20];
        for (int i = 0; i < normals.Length; i++)
            normals[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        // Drawn from a pool for speed, and jittered, so that values repeat no more than in a real row.
        float Normal() => normals[random.Next(normals.Length)] * (1 + 1e-3f * random.NextSingle());

        float[] before = new float[rows * width], after = new float[rows * width];
        for (int i = 0; i < before.Length; i++)
        {
            const float Sigma = 0.02f;
            float a = Sigma * Normal(), noise = Sigma * Normal();
            (before[i], after[i]) = regime switch
            {
                "unrelated" => (a, noise),
                "noise-1e-3" => (a, a + noise * 1e-3f),
                "noise-1e-4" => (a, a + noise * 1e-4f),
                "noise-1e-6" => (a, a + noise * 1e-6f),
                "identical" => (a, a),
                "few-values" => (random.Next(16), random.Next(16)),
                "lognormal" => (MathF.Exp(3 * a / Sigma), MathF.Exp(3 * noise / Sigma)),
                "cauchy" => (a / Normal(), noise / Normal()),
                _ => throw new ArgumentOutOfRangeException(nameof(regime), regime, string.Join(", ", Regimes)),
            };
        }
        return (before, after);
    }

    /// <summary>BF16, rounded to nearest even.</summary>
    public static ushort[] ToBFloat16(float[] values) => Array.ConvertAll(values, value =>
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)(bits + 0x7fff + (bits >> 16 & 1) >> 16);
    });
}
