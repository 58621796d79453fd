using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tests.Kernels;

/// <summary>Rows made to take kernels as long as can be: what <c>bench/slow-rows.sh</c> found, and rows made against each step.</summary>
internal static class SlowRows
{
    public static readonly string[] Names =
    [
        "powers", "narrow-lognormal", "peak", "grid", "noisy-grid", "one-way", "permuted-parts", "clusters", "geometric",
        "colliding", "many-modes",
        "noisy-peak", "permuted-modes", "crossing",
    ];

    public static void Fill(string name, int seed, Span<float> before, Span<float> after)
    {
        SplitMix64 random = new((ulong)seed + 1);
        for (int i = 0; i < before.Length; i++) (before[i], after[i]) = Pair(name, ref random, i);
        if (name == "crossing") Cross(before, after);
        if (name == "permuted-modes")
        {
            before.CopyTo(after);
            after.Reverse();
        }
        if (name == "permuted-parts")
            for (int i = 0; i + 1 < before.Length; i += 2)
                (after[i], after[i + 1]) = (before[i + 1], before[i] + (float)random.NextNormal());
    }

    /// <summary>Every other element moves down, from within what the one before it moves up over to below that: where it began, the
    /// difference is 1 for the first time.</summary>
    private static void Cross(Span<float> before, Span<float> after)
    {
        for (int i = 0; i + 1 < before.Length; i += 2)
        {
            float low = before[i], step = 1e-6f * Math.Max(1, Math.Abs(low));
            (after[i], before[i + 1], after[i + 1]) = (low + 3 * step, low + 2 * step, low - step);
        }
    }

    private static (float Before, float After) Pair(string name, ref SplitMix64 random, int i)
    {
        double x = random.NextNormal(), y = random.NextNormal();
        (double before, double after) = name switch
        {
            "powers" => (Power(x, 16), Power(y, 16)),
            "narrow-lognormal" => (Math.Exp(9 * x), Math.Exp(9 * y)),
            "peak" => (Peak(x, i), Peak(y, i)),
            "grid" => (Math.Round(x * 40) / 40, Math.Round(y * 40) / 40),
            "noisy-grid" => (Math.Round(x * 12) / 12 + 1e-6 * y, Math.Round(x * 12) / 12 + 1e-6 * random.NextNormal()),
            "one-way" => (x, x + Math.Abs(y) * 1e-3),
            "clusters" => (random.NextBelow(100) + 1e-4 * x, random.NextBelow(100) + 1e-4 * y),
            "geometric" => (Math.Pow(2, random.NextBelow(30)) * (1 + 1e-3 * x), Math.Pow(2, random.NextBelow(30)) * (1 + 1e-3 * y)),
            "noisy-peak" => (x / (i % 2 == 0 ? 160 : 1), x / (i % 2 == 0 ? 160 : 1) * (1 + 5e-5 * y)),
            "permuted-modes" => (5 * random.NextBelow(227) + 0.01 * x, 0),
            "many-modes" => (5 * random.NextBelow(574) + 0.01 * x, (5 * random.NextBelow(574) + 0.01 * y) * 1.00003),
            // Hashes of such values are alike under a multiplier that is a power of two.
            "colliding" => (1 + random.NextBelow(300) * 0.25, 1 + random.NextBelow(300) * 0.25),
            _ => (x, x),
        };
        return ((float)Math.Clamp(before, -6e4, 6e4), (float)Math.Clamp(after, -6e4, 6e4));  // finite in every type

        static double Power(double value, double power) => Math.CopySign(Math.Pow(Math.Abs(value), power), value);

        static double Peak(double value, int i) => i % 2 == 0 ? value : value * 1e-5;
    }
}
