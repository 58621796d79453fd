using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>Every kernel: those that the processor lacks instructions for run in the runtime's emulation.</summary>
[Category("instructions")]
public sealed class GemmTests
{
    private static readonly int[] Edges = [1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 16, 17, 28, 31, 32, 33, 48, 49];

    private static IEnumerable<GemmAlgorithm> Own => GemmAlgorithms.Own.Select(k => k.Algorithm);

    private static IEnumerable<GemmAlgorithm> All =>
        [.. Own, new GemmReference(), .. OpenBlasInterop.Instance.IsAvailable ? new[] { GemmAlgorithms.Choose("openblas") } : []];

    [Test]
    public void Products_at_the_edges_of_tiles_are_right([Values] bool aTransposed, [Values] bool bTransposed, [Values] bool accumulate)
    {
        ulong seed = 1;
        foreach (int m in Edges)
            foreach (int n in Edges)
            {
                MatrixCase product = new(seed++, m, n, Edges[seed % (ulong)Edges.Length], aTransposed, bTransposed, accumulate,
                    gap: (int)(seed % 4));
                foreach (GemmAlgorithm algorithm in All) product.AssertCorrect(product.Multiply(algorithm), $"{algorithm.Name} {product}");
            }
    }

    [TestCase(150, 40, 287), TestCase(37, 290, 288), TestCase(20, 33, 289), TestCase(300, 20, 577), TestCase(7, 3100, 21),
        TestCase(289, 65, 1000)]
    public void Products_of_several_blocks_are_right(int m, int n, int k)
    {
        foreach (bool transposed in (bool[])[false, true])
            foreach (GemmAlgorithm algorithm in All)
            {
                MatrixCase product = new(9, m, n, k, transposed, !transposed, transposed, gap: 1);
                product.AssertCorrect(product.Multiply(algorithm), $"{algorithm.Name} {product}");
            }
    }

    [Test]
    public void Random_products_have_the_bits_of_the_definition_in_every_kernel()
    {
        SplitMix64 random = new(77);
        int Pick(int most) => 1 + (int)(random.Next() % (ulong)most);
        bool Flip() => (random.Next() & 1) != 0;
        for (int i = 0; i < 60; i++)
        {
            MatrixCase product = new(random.Next(), Pick(90), Pick(140), Pick(i % 4 == 0 ? 900 : 90), Flip(), Flip(), Flip(), Pick(9));
            float[] expected = product.Multiply(new GemmReference());
            product.AssertCorrect(expected, product.ToString());
            foreach (GemmAlgorithm algorithm in Own)
                if (algorithm.Name != "vector128" || System.Runtime.Intrinsics.X86.Fma.IsSupported
                    || System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported)
                    Assert.That(product.Multiply(algorithm), Is.EqualTo(expected), $"{algorithm.Name} {product}");
        }
    }

    [TestCase(4700, 223, 300, true, false), TestCase(4700, 223, 300, false, true), TestCase(420, 3000, 300, false, false),
        TestCase(40, 1100, 700, true, true), TestCase(40, 1100, 1400, false, true)]
    public void Products_too_large_for_a_cache_have_the_bits_of_the_definition_in_every_kernel(int m, int n, int k, bool aTransposed,
        bool bTransposed)
    {
        MatrixCase product = new(5, m, n, k, aTransposed, bTransposed, accumulate: true, gap: 3);
        float[] expected = product.Multiply(new GemmReference());
        foreach (GemmAlgorithm algorithm in Own)
            if (algorithm.Name != "vector128" || System.Runtime.Intrinsics.X86.Fma.IsSupported
                || System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported)
                Assert.That(product.Multiply(algorithm).AsSpan().SequenceEqual(expected), $"{algorithm.Name} {product}");
    }

    [Test]
    public void Nothing_times_anything_is_nothing([Values(0, 3)] int m, [Values(0, 5)] int n, [Values] bool accumulate)
    {
        foreach (GemmAlgorithm algorithm in All)
        {
            MatrixCase product = new(4, m, n, 0, false, false, accumulate, gap: 2);
            product.AssertCorrect(product.Multiply(algorithm), algorithm.Name);
        }
    }

    [Test]
    public void What_is_too_short_for_the_sizes_is_refused()
    {
        float[] a = new float[12], b = new float[12], c = new float[9];
        foreach (GemmAlgorithm algorithm in All)
        {
            Assert.That(() => Gemm.Multiply(algorithm, 3, 3, 4, new(a.AsSpan(0, 11), 4), false, new(b, 3), false, c, 3, false),
                Throws.InstanceOf<ArgumentException>(), algorithm.Name);
            Assert.That(() => Gemm.Multiply(algorithm, 3, 3, 4, new(a, 4), false, new(b.AsSpan(0, 11), 3), false, c, 3, false),
                Throws.InstanceOf<ArgumentException>(), algorithm.Name);
            Assert.That(() => Gemm.Multiply(algorithm, 3, 3, 4, new(a, 4), false, new(b, 3), false, c.AsSpan(0, 8), 3, false),
                Throws.InstanceOf<ArgumentException>(), algorithm.Name);
        }
    }

    [Test]
    public void Blocks_of_k_are_equal_and_short()
    {
        for (int k = 1; k < 5000; k++)
        {
            int depth = Gemm.BlockDepth(k), blocks = ((k - 1) / depth) + 1;
            Assert.That(depth, Is.InRange(1, 288), $"{k}");
            Assert.That(blocks, Is.EqualTo(((k - 1) / 288) + 1), $"{k}");
        }
    }

    [Test]
    public void The_environment_chooses_by_name()
    {
        Assert.That(GemmAlgorithms.Choose("reference").Name, Is.EqualTo("reference"));
        Assert.That(GemmAlgorithms.Choose("own").Name, Is.EqualTo(GemmAlgorithms.Own.First(k => k.IsSupported).Algorithm.Name));
        Assert.That(GemmAlgorithms.Choose(null).Name, Is.EqualTo(GemmAlgorithms.Choose("auto").Name));
        Assert.That(() => GemmAlgorithms.Choose("mkl"), Throws.ArgumentException.With.Message.Contains("KSLOTTERY_GEMM=mkl").And.Message
            .Contains("openblas"));
        Assert.That(OpenBlasInterop.Instance.Attempts, Is.Not.Empty);
        if (OpenBlasInterop.Instance.IsAvailable) Assert.That(GemmAlgorithms.Choose("openblas").Name, Is.EqualTo("openblas"));
        else Assert.That(() => GemmAlgorithms.Choose("openblas"), Throws.ArgumentException.With.Message.Contains("Install OpenBLAS"));
    }
}
