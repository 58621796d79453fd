using BenchmarkDotNet.Attributes;
using KsLottery.Engine.Kernels;

namespace KsLottery.Bench;

/// <summary>One thread, row pairs as they lie in two matrices larger than the caches.</summary>
[ShortRunJob]
public class KsRowBench : IThroughput
{
    private IKsRowKernel _kernel = null!;
    private float[] _before = [], _after = [];
    private ushort[] _before16 = [], _after16 = [];

    [Params("F32", "BF16")] public string Type { get; set; } = "F32";

    [Params(768, 4096)] public int Width { get; set; } = 4096;

    [ParamsSource(nameof(Regimes))] public string Regime { get; set; } = "unrelated";

    [ParamsSource(nameof(Kernels))] public string Kernel { get; set; } = "scalar";

    public static IEnumerable<string> Regimes => BenchRows.Regimes;

    public static IEnumerable<string> Kernels => KsRowKernels.Known.Where(k => k.IsSupported && k.Name != "reference").Select(k => k.Name);

    public long Rows => 8192L * 1024 / Width;

    public long Bytes => 2 * Rows * Width * (Type == "F32" ? sizeof(float) : sizeof(ushort));

    [GlobalSetup]
    public void Setup()
    {
        _kernel = KsRowKernels.Create(Width, Kernel);
        (_before, _after) = BenchRows.Make(Regime, (int)Rows, Width);
        (_before16, _after16) = (BenchRows.ToBFloat16(_before), BenchRows.ToBFloat16(_after));
    }

    [Benchmark]
    public long Test()
    {
        long sum = 0;
        for (int row = 0; row < (int)Rows; row++)
        {
            int start = row * Width;
            sum += Type == "F32"
                ? _kernel.Test(_before.AsSpan(start, Width), _after.AsSpan(start, Width)).Count
                : _kernel.TestBFloat16(_before16.AsSpan(start, Width), _after16.AsSpan(start, Width)).Count;
        }
        return sum;
    }
}
