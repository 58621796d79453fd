using BenchmarkDotNet.Attributes;
using KsLottery.Benchmarks;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;

namespace KsLottery.Bench;

/// <summary>One thread, row pairs as they lie in two matrices larger than the caches.</summary>
[ShortRunJob]
public class KsRowBench : IThroughput
{
    private IKsRowKernel _kernel = null!;
    private BenchRows _rows = null!;

    [Params("F32", "BF16")] public string Type { get; set; } = "F32";

    [Params(4096)] public virtual int Width { get; set; } = 4096;

    [Params("unrelated", "noise-1e-3", "noise-1e-6", "identical", "lognormal")] public virtual string Regime { get; set; } = "unrelated";

    [ParamsSource(nameof(Kernels))] public virtual string Kernel { get; set; } = KsRowKernels.Default;

    public static IEnumerable<string> Kernels => KsRowKernels.Known.Where(k => k.IsSupported && k.Name != "reference").Select(k => k.Name);

    public long Rows => 8192L * 2048 / Width;

    public long Bytes => 2 * Rows * Width * (Type == "F32" ? sizeof(float) : sizeof(ushort));

    [GlobalSetup]
    public void Setup()
    {
        _kernel = KsRowKernels.Create(Width, Kernel);
        _rows = new(Enum.Parse<ElementType>(Type), (int)Rows, Width);
        _rows.Fill(Regime, seed: 1);
    }

    [Benchmark]
    public long Test()
    {
        long sum = 0;
        ReadOnlySpan<byte> before = _rows.Before.Span, after = _rows.After.Span;
        for (int start = 0; start < before.Length; start += _rows.RowBytes)
        {
            ReadOnlySpan<byte> a = before.Slice(start, _rows.RowBytes), b = after.Slice(start, _rows.RowBytes);
            sum += _kernel.TestStored(a, b, _rows.ElementType).Count;
        }
        return sum;
    }
}

/// <summary>The fastest kernel by row width.</summary>
public class KsRowWidthBench : KsRowBench
{
    [Params(64, 288, 768, 2048, 8192, 65_536)] public override int Width { get; set; } = 4096;

    [Params("unrelated")] public override string Regime { get; set; } = "unrelated";

    [ParamsSource(nameof(Fastest))] public override string Kernel { get; set; } = KsRowKernels.Default;

    public static IEnumerable<string> Fastest => [KsRowKernels.Default];
}
