using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using KsLottery.Engine.Numerics;
using KsBuckets128 = KsLottery.Engine.Kernels.KsRowBuckets<KsLottery.Engine.Kernels.KsLanes128,
    System.Runtime.Intrinsics.Vector128<float>, System.Runtime.Intrinsics.Vector128<ushort>, System.Runtime.Intrinsics.Vector128<sbyte>>;
using KsBuckets256 = KsLottery.Engine.Kernels.KsRowBuckets<KsLottery.Engine.Kernels.KsLanes256,
    System.Runtime.Intrinsics.Vector256<float>, System.Runtime.Intrinsics.Vector256<ushort>, System.Runtime.Intrinsics.Vector256<sbyte>>;
using KsBuckets512 = KsLottery.Engine.Kernels.KsRowBuckets<KsLottery.Engine.Kernels.KsLanes512,
    System.Runtime.Intrinsics.Vector512<float>, System.Runtime.Intrinsics.Vector512<ushort>, System.Runtime.Intrinsics.Vector512<sbyte>>;

namespace KsLottery.Engine.Kernels;

/// <summary>Knows every <see cref="IKsRowKernel"/>, which of them this processor can run, and which is fastest.</summary>
/// <remarks>The only place that asks what the processor can do. The order is measured, see <c>bench/results</c>.</remarks>
internal static class KsRowKernels
{
    /// <summary>The environment variable that forces a kernel by name.</summary>
    public const string Variable = "KSLOTTERY_KERNEL";

    /// <summary>The widest row that a kernel takes.</summary>
    public const int MaximumWidth = 65_536;

    private static readonly (string Name, bool IsSupported, Func<int, IKsRowKernel> Create)[] All =
    [
        ("vector512", KsLanes512.IsSupported, width => new KsBuckets512(width, () => Splits512(width))),
        ("vector256", KsLanes256.IsSupported, width => new KsBuckets256(width, () => Splits256(width))),
        ("vector128", KsLanes128.IsSupported, width => new KsBuckets128(width, () => Splits128(width))),
        ("scalar", true, width => new KsRowRadix(width)),
        ("reference", true, width => new KsRowReference(width)),
    ];

    /// <summary>The names of all kernels, fastest first, with whether this processor can run them.</summary>
    public static IEnumerable<(string Name, bool IsSupported)> Known => All.Select(k => (k.Name, k.IsSupported));

    /// <summary>The name of the kernel that <see cref="Create"/> makes when none is asked for.</summary>
    /// <exception cref="ArgumentException"><c>KSLOTTERY_KERNEL</c> names no kernel that can run here.</exception>
    public static string Default => Find(null).Name;

    /// <summary>Why the processor, or what this program was compiled to, leaves a kernel out; null for one that can run.</summary>
    /// <remarks>A program that is compiled ahead of time has the instruction sets that its compiler was told of, whatever the processor
    /// has.</remarks>
    public static string? WhyNot(string name)
    {
        if (Known.Any(known => known.Name == name && known.IsSupported)) return null;
        string set = name == KsLanes512.Name ? "AVX-512" : name == KsLanes256.Name ? "AVX2" : "128-bit vectors";
        return !HasSet(name) ? $"the processor has no {set}"
            : RuntimeFeature.IsDynamicCodeSupported ? $"{set} is switched off by a setting of the runtime"
            : $"compiled ahead of time without {set}, which the processor has: name it to the compiler in IlcInstructionSet";
    }

    /// <summary>Makes a kernel for rows of a width.</summary>
    /// <param name="width">d, in [1, 65,536].</param>
    /// <param name="name">A kernel's name; null takes that in <c>KSLOTTERY_KERNEL</c>, or else the fastest.</param>
    /// <exception cref="ArgumentOutOfRangeException">The width is out of range.</exception>
    /// <exception cref="ArgumentException">No kernel of this name can run here.</exception>
    public static IKsRowKernel Create(int width, string? name = null)
    {
        ThrowIfOutside(width);
        return Find(name).Create(width);
    }

    /// <summary>Compares two rows as they are stored.</summary>
    /// <exception cref="NotSupportedException">The type is not F32, F16 or BF16.</exception>
    internal static KsRowOutcome TestStored(
        this IKsRowKernel kernel, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after, ElementType type) => type switch
        {
            ElementType.F32 => kernel.Test(MemoryMarshal.Cast<byte, float>(before), MemoryMarshal.Cast<byte, float>(after)),
            ElementType.F16 => kernel.TestFloat16(MemoryMarshal.Cast<byte, ushort>(before), MemoryMarshal.Cast<byte, ushort>(after)),
            ElementType.BF16 => kernel.TestBFloat16(MemoryMarshal.Cast<byte, ushort>(before), MemoryMarshal.Cast<byte, ushort>(after)),
            _ => throw type.NotNative(),
        };

    private static KsRowSplits Splits512(int width) => new(KsLanes512.Name, width,
        new KsKeySplitter<KsKeyLanes512<int>, Vector512<int>, int>(width),
        new KsKeySplitter<KsKeyLanes512<short>, Vector512<short>, short>(width));

    private static KsRowSplits Splits256(int width) => new(KsLanes256.Name, width,
        new KsKeySplitter<KsKeyLanes256<int>, Vector256<int>, int>(width),
        new KsKeySplitter<KsKeyLanes256<short>, Vector256<short>, short>(width));

    private static KsRowSplits Splits128(int width) => new(KsLanes128.Name, width,
        new KsKeySplitter<KsKeyLanes128<int>, Vector128<int>, int>(width),
        new KsKeySplitter<KsKeyLanes128<short>, Vector128<short>, short>(width));

    /// <summary>Whether the processor itself names a kernel's instruction set; source: Intel's manual, CPUID, leaf 7.</summary>
    private static bool HasSet(string name)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64) return name == KsLanes128.Name;
        if (!X86Base.IsSupported) return true; // All sets are switched off, the question with them.
        if (X86Base.CpuId(0, 0).Eax < 7) return name == KsLanes128.Name;
        const int Avx2 = 1 << 5, Avx512F = 1 << 16;
        int features = X86Base.CpuId(7, 0).Ebx;
        return name == KsLanes512.Name ? (features & Avx512F) != 0 : name != KsLanes256.Name || (features & Avx2) != 0;
    }

    /// <summary>Demands a width that kernels take.</summary>
    internal static void ThrowIfOutside(int width)
    {
        if (width is < 1 or > MaximumWidth)
            throw new ArgumentOutOfRangeException(nameof(width), width, $"a row has 1 to {MaximumWidth} elements; choose another tensor");
    }

    private static (string Name, bool IsSupported, Func<int, IKsRowKernel> Create) Find(string? name)
    {
        string source = name is null ? Variable : nameof(name);
        name ??= Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(name)) return All.First(k => k.IsSupported);
        foreach (var kernel in All)
        {
            if (kernel.Name != name) continue;
            return kernel.IsSupported ? kernel
                : throw new ArgumentException($"{source}: this processor cannot run kernel '{name}'; it can run {Names()}");
        }
        throw new ArgumentException($"{source}: there is no kernel '{name}'; this processor can run {Names()}");

        static string Names() => string.Join(", ", All.Where(k => k.IsSupported).Select(k => k.Name));
    }
}
