using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Verification;

/// <summary>The kinds of row pairs that every kernel must get right: the row suite.</summary>
internal static class RowRegimes
{
    public static readonly string[] Names =
    [
        "unrelated", "noise-1e-1", "noise-1e-3", "noise-1e-4", "noise-1e-6", "ninety-percent-same", "permuted", "shifted", "scaled",
            "uniform",
        "lognormal", "cauchy", "few-values", "two-values", "constant-both", "constant-before", "zeros", "dead", "signed-zeros", "subnormal",
        "infinities", "all-infinite", "outliers", "huge", "bimodal", "last-differs", "first-differs", "disjoint", "disjoint-reversed",
            "interleaved",
        "ulp", "integers", "half-equal-tails",
    ];

    public static void Fill(string regime, int seed, Span<float> before, Span<float> after)
    {
        SplitMix64 random = new((ulong)seed);
        for (int i = 0; i < before.Length; i++) (before[i], after[i]) = Pair(regime, ref random, i, before.Length);
        if (regime == "permuted")
        {
            before.CopyTo(after);
            random.Shuffle(after);
        }
        if (regime == "outliers") (before[0], after[^1]) = (1e30f, -1e30f);
        if (regime is "infinities" && before.Length > 2)
            (before[0], after[^1], before[1]) = (float.PositiveInfinity, float.NegativeInfinity, float.NegativeInfinity);
    }

    private static (float Before, float After) Pair(string regime, ref SplitMix64 random, int i, int width)
    {
        float a = (float)(random.NextNormal() * 0.02), b = (float)(random.NextNormal() * 0.02);
        return regime switch
        {
            "noise-1e-1" => (a, a + b * 1e-1f),
            "noise-1e-3" => (a, a + b * 1e-3f),
            "noise-1e-4" => (a, a + b * 1e-4f),
            "noise-1e-6" => (a, a + b * 1e-6f),
            "ninety-percent-same" => (a, random.NextBelow(10) == 0 ? b : a),
            "shifted" => (a, a + 0.004f),
            "scaled" => (a, b * 1.3f),
            "uniform" => ((float)random.NextDouble(), (float)random.NextDouble()),
            "lognormal" => (MathF.Exp(a * 150), MathF.Exp(b * 150)),
            "cauchy" => (a / (float)random.NextNormal(), b / (float)random.NextNormal()),
            "few-values" => (random.NextBelow(16), random.NextBelow(16)),
            "two-values" => (random.NextBelow(2) - 0.5f, random.NextBelow(3) == 0 ? 0.5f : -0.5f),
            "constant-both" => (1.5f, 1.5f),
            "constant-before" => (0.25f, a),
            "zeros" => (0, 0),
            "dead" => (a * 1e-36f, b * 1e-21f),
            "signed-zeros" => (random.NextBelow(2) == 0 ? 0f : -0f, random.NextBelow(2) == 0 ? -0f : random.NextBelow(3) - 1),
            "subnormal" => (BitConverter.Int32BitsToSingle(random.NextBelow(1 << 23)),
                -BitConverter.Int32BitsToSingle(random.NextBelow(1 << 23))),
            "all-infinite" => (random.NextBelow(2) == 0 ? float.PositiveInfinity : float.NegativeInfinity, float.PositiveInfinity),
            "huge" => (a * 1e38f * 90, b * 1e38f * 90),
            "bimodal" => (a + (random.NextBelow(2) == 0 ? 5 : -5), b + (random.NextBelow(2) == 0 ? 5 : -5)),
            "last-differs" => (i * 1e-3f, i == width - 1 ? -1 : i * 1e-3f),
            "first-differs" => (i == 0 ? 7 : a, i == 0 ? 8 : a),
            "disjoint" => (a - 1, b + 1),
            "disjoint-reversed" => (a + 1, b - 1),
            "interleaved" => (2 * i, 2 * i + 1),
            "ulp" => (a, MathF.BitIncrement(a)),
            "integers" => (MathF.Round(a * 5000), MathF.Round(b * 5000)),
            "half-equal-tails" => (i % 2 == 0 ? i : a, i % 2 == 0 ? i : b),
            _ => (a, b),
        };
    }
}
