using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using KsLottery.Benchmarks;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;

namespace KsLottery.Bench;

/// <summary>What a row kernel that sorts would cost: the runtime's sort, and our radix sort of both rows together.</summary>
[ShortRunJob]
public class SortBench : IThroughput
{
    private IKsRowKernel _reference = null!, _radix = null!;
    private BenchRows _rows = null!;

    [Params(288, 768, 4096)] public int Width { get; set; } = 4096;

    public long Rows => 256;

    public long Bytes => 2 * Rows * Width * sizeof(float);

    [GlobalSetup]
    public void Setup()
    {
        (_reference, _radix) = (KsRowKernels.Create(Width, "reference"), KsRowKernels.Create(Width, "scalar"));
        _rows = new(ElementType.F32, (int)Rows, Width);
        _rows.Fill("unrelated", seed: 1);
    }

    [Benchmark(Baseline = true)]
    public long ArraySort() => Run(_reference);

    [Benchmark]
    public long RadixSort() => Run(_radix);

    private long Run(IKsRowKernel kernel)
    {
        long sum = 0;
        ReadOnlySpan<float> before = MemoryMarshal.Cast<byte, float>(_rows.Before.Span),
            after = MemoryMarshal.Cast<byte, float>(_rows.After.Span);
        for (int start = 0; start < before.Length; start += Width)
            sum += kernel.Test(before.Slice(start, Width), after.Slice(start, Width)).Count;
        return sum;
    }
}
