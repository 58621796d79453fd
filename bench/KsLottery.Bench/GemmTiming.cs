using System.Diagnostics;
using System.Globalization;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Bench;

/// <summary>Times our matrix products and OpenBLAS, by turns in the same run, at the shapes of a model's layers.</summary>
/// <remarks>One thread by processor time, which neighbours disturb less; two by the clock.</remarks>
internal static class GemmTiming
{
    private const int Repetitions = 7;
    private const double RepetitionFlops = 1e9;

    private static readonly (int M, int Outputs, int Inputs)[] Shapes =
    [
        (1024, 288, 288), (1024, 768, 288), (1024, 288, 768), (1024, 32_000, 288), (1024, 512, 288),
        (1024, 64, 64), (1024, 172, 64), (1024, 64, 172), (512, 2048, 2048), (1024, 4096, 4096),
    ];

    /// <summary><c>gemm [NAME]</c>: prints a table of GFLOP/s, medians of seven; the name forces one of our kernels.</summary>
    public static int Run(string? name)
    {
        GemmAlgorithm own = name is null ? GemmAlgorithms.Choose("own")
            : GemmAlgorithms.Own.Single(k => k.Algorithm.Name == name).Algorithm;
        OpenBlasInterop openBlas = OpenBlasInterop.Instance;
        Console.WriteLine($"{own.Name}; OpenBLAS: {openBlas.Configuration ?? string.Join("; ", openBlas.Attempts)}\n");
        Console.WriteLine(
            "| M×N×K | product | ours, 1 thread | OpenBLAS | ratio | ours, 2 threads | OpenBLAS | ratio "
                + "|\n|---|---|---:|---:|---:|---:|---:|---:|");
        foreach ((int m, int outputs, int inputs) in Shapes)
        {
            using OwnedMemory x = Filled((long)m * inputs), w = Filled((long)outputs * inputs), y = Filled((long)m * outputs);
            foreach (string product in (string[])["forward", "input gradient", "weight gradient"])
            {
                Console.Write($"| {m}×{outputs}×{inputs} | {product} |");
                foreach (int threads in (int[])[1, 2])
                {
                    using WorkerPool pool = new(threads);
                    void Ours()
                    {
                        if (product == "forward") MatMul.Forward(own, pool, y, x, w, outputs, inputs, false);
                        else if (product == "input gradient") MatMul.BackwardInput(own, pool, x, y, w, outputs, inputs, false);
                        else MatMul.BackwardWeight(own, pool, w, y, x, outputs, inputs);
                    }
                    void Theirs()
                    {
                        ref float px = ref x.Floats(0, 1)[0], pw = ref w.Floats(0, 1)[0], py = ref y.Floats(0, 1)[0];
                        if (product == "forward")
                            openBlas.Multiply(m, outputs, inputs, in px, inputs, false, in pw, inputs, true, ref py, outputs, false);
                        else if (product == "input gradient")
                            openBlas.Multiply(m, inputs, outputs, in py, outputs, false, in pw, inputs, false, ref px, inputs, false);
                        else openBlas.Multiply(outputs, inputs, m, in py, outputs, true, in px, inputs, false, ref pw, inputs, true);
                    }
                    if (openBlas.IsAvailable) openBlas.SetThreads(threads);
                    (double ours, double theirs) = Medians(Ours, openBlas.IsAvailable ? Theirs
                        : null, 2.0 * m * outputs * inputs, cpu: threads == 1);
                    Console.Write(string.Create(CultureInfo.InvariantCulture, $" {ours:F1} | {theirs:F1} | {ours / theirs:F2} |"));
                }
                Console.WriteLine();
            }
        }
        return 0;
    }

    private static (double Own, double OpenBlas) Medians(Action own, Action? openBlas, double flops, bool cpu)
    {
        int calls = Math.Max(1, (int)(RepetitionFlops / flops));
        List<double> ours = [], theirs = [];
        for (int repetition = -1; repetition < Repetitions; repetition++)  // one to warm up
        {
            double rate = Rate(own), other = openBlas is null ? double.NaN : Rate(openBlas);
            if (repetition < 0) continue;
            ours.Add(rate);
            theirs.Add(other);
        }
        return (ours.Order().ElementAt(Repetitions / 2), theirs.Order().ElementAt(Repetitions / 2));

        double Rate(Action multiply)
        {
            double started = Seconds(cpu);
            for (int i = 0; i < calls; i++) multiply();
            return flops * calls / (Seconds(cpu) - started) * 1e-9;
        }
    }

    private static double Seconds(bool cpu) => cpu ? Environment.CpuUsage.TotalTime.TotalSeconds
        : Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;

    private static OwnedMemory Filled(long length)
    {
        OwnedMemory memory = new(length);
        SplitMix64 random = new(1);
        foreach (ref float value in memory.Floats(0, (int)length)) value = (float)(random.NextDouble() - 0.5) / 64;
        return memory;
    }
}
