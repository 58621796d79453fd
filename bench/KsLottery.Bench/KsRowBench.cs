using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using KsLottery.Cli.Bench;
using KsLottery.Engine;
using KsLottery.Engine.Kernels;

namespace KsLottery.Bench;

/// <summary>One thread, row pairs as they lie in two matrices larger than the caches.</summary>
[ShortRunJob]
public class KsRowBench : IThroughput
{
    private IKsRowKernel _kernel = null!;
    private BenchRows _rows = null!;

    [Params("F32", "BF16")] public string Type { get; set; } = "F32";

    [Params(768, 4096)] public int Width { get; set; } = 4096;

    [ParamsSource(nameof(Regimes))] public string Regime { get; set; } = "unrelated";

    [ParamsSource(nameof(Kernels))] public string Kernel { get; set; } = "scalar";

    public static IEnumerable<string> Regimes => BenchRows.Regimes;

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
            sum += Type == "F32"
                ? _kernel.Test(MemoryMarshal.Cast<byte, float>(a), MemoryMarshal.Cast<byte, float>(b)).Count
                : _kernel.TestBFloat16(MemoryMarshal.Cast<byte, ushort>(a), MemoryMarshal.Cast<byte, ushort>(b)).Count;
        }
        return sum;
    }
}
