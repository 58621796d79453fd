using Microsoft.CodeAnalysis;

namespace KsLottery.KernelCompiler.Tests;

/// <summary>Where kernels are compiled against ILGPU, those with memory of a lane get instances without it, which compute the
/// same.</summary>
public sealed class UnrolledTests
{
    /// <summary>What tells the generator of ILGPU, and what it leaves out then.</summary>
    private const string Ilgpu = """
        namespace ILGPU { public struct ArrayView<T>; }
        namespace KsLottery.Kernels
        {
            public static partial class KernelCatalog
            {
                private static partial System.Collections.Generic.IEnumerable<KernelDefinition> Definitions() => [];
            }
        }
        """;

    [Test]
    public void An_instance_computes_what_its_method_computes_without_memory_of_a_lane()
    {
        KernelProgram program = KernelProgram.Translate("""
            namespace Test;
            public interface ISide { static abstract int Side { get; } static abstract int Of(int x); }
            public readonly struct Three : ISide { public static int Side => 3; public static int Of(int x) => x * 7; }
            public static partial class Kernels
            {
                private const int Depth = 2;

                [Kernel(32)]
                [KernelInstance(typeof(int), typeof(Three))]
                public static void Mix<TNumber, TSide>(ArrayView<int> results, int seed) where TNumber : unmanaged where TSide : ISide
                {
                    ArrayView<int> sums = LocalMemory.Allocate<int>(TSide.Side * TSide.Side);
                    ArrayView<int> kept = LocalMemory.Allocate<int>(2 * TSide.Side);
                    int side = TSide.Side, last = side - 1, at = 0;
                    for (int k = 0; k < 2 * TSide.Side; k += Depth)
                    {
                        kept[k] = k;
                        kept[k + 1] = -k;
                        if ((seed + k) % 3 == 0) continue;
                        kept[k] = TSide.Of(seed ^ k);
                        for (int i = 0; i < seed; i++)
                        {
                            if (i == 2) continue;
                            kept[k + 1] += i;
                        }
                    }
                    Add<TNumber, TSide>(sums, kept, seed, results.SubView(1));
                    Add<TNumber, TSide>(sums, kept, seed + 1, results);
                    for (int r = 0; r <= last; r++) results[at + r] += 1000 * r;
                    for (int r = 0; r < TSide.Side; r++)
                        for (int s = 0; s < TSide.Side; s++) results[16 + (r * side) + s] = sums[(r * TSide.Side) + s] + at++;
                    at = 5;
                }

                private static void Add<TNumber, TSide>(ArrayView<int> sums, ArrayView<int> kept, int by, ArrayView<int> results)
                    where TNumber : unmanaged where TSide : ISide
                {
                    int at = by & 3;
                    for (int r = 0; r < TSide.Side; r++)
                    {
                        for (int s = 0; s < TSide.Side; s++)
                        {
                            int sum = kept[(2 * r) + 1] * by;
                            sums[(r * TSide.Side) + s] = sum + kept[s] + (s > r ? sums[(s * TSide.Side) + r] : s);
                        }
                        by += 3;
                        results[at] = by;
                    }
                }
            }
            public static class Runs
            {
                public static int[] Of(int seed, bool isUnrolled)
                {
                    ArrayView<int> results = LocalMemory.Allocate<int>(32);
                    for (int i = 0; i < 32; i++) results[i] = i;
                    if (isUnrolled) Kernels.Mix_Three(results, seed);
                    else Kernels.Mix<int, Three>(results, seed);
                    int[] copy = new int[32];
                    for (int i = 0; i < 32; i++) copy[i] = results[i];
                    return copy;
                }
            }
            """, Ilgpu);
        System.Reflection.MethodInfo run = program.LoadAssembly().GetType("Test.Runs")!.GetMethod("Of")!;
        for (int seed = 0; seed < 12; seed++)
            Assert.That(run.Invoke(null, [seed, true]), Is.EqualTo(run.Invoke(null, [seed, false])), $"seed {seed}");
        Assert.That(program.Text, Does.Not.Contain("LocalMemory"));
    }

    [Test]
    public void Kernels_without_memory_of_a_lane_stay_as_they_are() =>
        Assert.That(KernelProgram.Translate("""
            public static class Kernels { [Kernel(32)] public static void Put(ArrayView<int> results) => results[0] = 1; }
            """, Ilgpu).Text, Does.Not.Contain("Put"));

    [TestCase("partial", "for (int k = 0; k < n; k++) kept[k] = k;", "an index into a lane's memory that is not known")]
    [TestCase("partial", "for (int k = 0; k < 4; k++) { kept[k] = k; if (n == k) break; }", "an index into a lane's memory")]
    [TestCase("partial", "for (int k = 0; k < 4; k++) { if (k > 0) kept[k - 1] = k; }", "the index -1 into a lane's memory of 4 elements")]
    [TestCase("partial", "ArrayView<int> other = kept;", "the memory of a lane as a whole")]
    [TestCase("partial", "Add<int>(kept, n);", "returns early")]
    [TestCase("", "kept[0] = 1;", "Declare the class in a namespace, as partial")]
    public void What_cannot_be_unrolled_is_an_error_at_its_line(string modifier, string statement, string message)
    {
        KernelProgram program = KernelProgram.Translate($$"""
            namespace Test;
            public static {{modifier}} class Kernels
            {
                [Kernel(32)]
                public static void Put(ArrayView<int> results, int n)
                {
                    ArrayView<int> kept = LocalMemory.Allocate<int>(4);
                    {{statement}}
                    results[0] = kept[0];
                }

                private static void Add<T>(ArrayView<int> kept, int n)
                {
                    if (n > 0) return;
                    kept[0] = n;
                }
            }
            """, Ilgpu);
        Assert.That(program.Problems.Select(p => p.GetMessage()), Has.One.Contains(message).IgnoreCase);
        Assert.That(program.Problems.Single().Location.GetLineSpan().Path, Is.EqualTo(KernelProgram.FileName));
    }
}
