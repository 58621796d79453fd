namespace KsLottery.KernelCompiler.Tests.Semantics;

/// <summary>Random kernels: what their translation computes on a device are the bits that ordinary .NET code computes.</summary>
public sealed class RandomProgramTests
{
    private const int Programs = 24, Lanes = 32, Groups = 3;

    private static readonly Lazy<IReadOnlyList<KernelDefinition>> Kernels = new(() => KernelProgram.Translate(
        $$"""
        using System;
        public static class RandomKernels
        {
            {{string.Concat(Enumerable.Range(1, Programs).Select(RandomProgram.Write))}}
            static ulong Bits(int x) => (uint)x;
            static ulong Bits(uint x) => x;
            static ulong Bits(long x) => (ulong)x;
            static ulong Bits(ulong x) => x;
            static ulong Bits(float x) => float.IsNaN(x) ? 1UL << 40 : Interop.FloatAsInt(x);
            static ulong Bits(double x) => double.IsNaN(x) ? 1UL << 40 : Interop.FloatAsInt(x);

            static int Stir(ref int x, int y)
            {
                x = x * 5 + y;
                return x ^ y >> 3;
            }

            static uint Mix(ArrayView<uint> part, uint x, int at)
            {
                part[at] = part[at] * 2654435761u + x;
                return part[at] >> 7 ^ x;
            }
        }
        """).Load());

    [Test]
    public void Random_programs_compute_as_in_dotnet([Range(1, Programs)] int seed) =>
        KernelRun.Same(KernelRun.OpenCl, Kernels.Value.Single(k => k.Name == $"Random{seed}"), Groups,
            Groups * Lanes * RandomProgram.Results * sizeof(ulong),
            Numbers.Of("int", Groups * Lanes, seed), Numbers.Of("float", Groups * Lanes, seed + 1),
                Numbers.Of("long", Groups * Lanes, seed + 2));
}
