using BenchmarkDotNet.Attributes;
using KsLottery.Engine.Kernels;

namespace KsLottery.Bench;

/// <summary>What a row kernel that sorts would cost: the runtime's sort, and our radix sort of both rows together.</summary>
[ShortRunJob]
public class SortBench : IThroughput
{
    private IKsRowKernel _reference = null!, _radix = null!;
    private float[] _before = [], _after = [];

    [Params(288, 768, 4096)] public int Width { get; set; } = 4096;

    public long Rows => 256;

    public long Bytes => 2 * Rows * Width * sizeof(float);

    [GlobalSetup]
    public void Setup()
    {
        (_reference, _radix) = (KsRowKernels.Create(Width, "reference"), KsRowKernels.Create(Width, "scalar"));
        (_before, _after) = BenchRows.Make("unrelated", (int)Rows, Width);
    }

    [Benchmark(Baseline = true)]
    public long ArraySort() => Run(_reference);

    [Benchmark]
    public long RadixSort() => Run(_radix);

    private long Run(IKsRowKernel kernel)
    {
        long sum = 0;
        for (int start = 0; start < _before.Length; start += Width) sum += kernel.Test(_before.AsSpan(start, Width), _after.AsSpan(start, Width)).Count;
        return sum;
    }
}
