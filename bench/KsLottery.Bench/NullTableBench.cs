using BenchmarkDotNet.Attributes;
using KsLottery.Engine.Statistics;

namespace KsLottery.Bench;

/// <summary>All p-values of one row width, as a report of all rows looks them up.</summary>
[ShortRunJob, MemoryDiagnoser]
public class NullTableBench
{
    [Params(768, 4096, 8192)] public int Width { get; set; } = 4096;

    [Benchmark]
    public double Exact() => Sum(KsMethod.Exact);

    [Benchmark]
    public double Asymptotic() => Sum(KsMethod.Asymptotic);

    private double Sum(KsMethod method)
    {
        NullDistribution table = NullDistribution.ForEqualLengths(Width, method);
        double sum = 0;
        for (int h = 0; h <= Width; h++) sum += table.Log10PValue(h);
        return sum;
    }
}
