using System.Globalization;
using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Bench;

/// <summary>Times weight gradients of some elements alone against those of whole matrices, by turns in the same run, at the shapes of a
/// model's layers.</summary>
/// <remarks>One thread by processor time, which neighbours disturb less.</remarks>
internal static class SampledTiming
{
    private const int Repetitions = 7;
    private const double RepetitionSeconds = 0.02;

    private static readonly double[] Shares = [0.001, 0.01, 0.1];

    private static readonly (int Outputs, int Inputs)[] Shapes =
        [(288, 288), (768, 288), (288, 768), (32_000, 288), (768, 768), (2048, 768), (768, 2048), (32_000, 768)];

    /// <summary>Prints a table: time of the whole product, part of it at some shares, the share at which both take as long, and the one up
    /// to which the engine samples.</summary>
    public static int Run()
    {
        Console.WriteLine($"{GemmAlgorithms.Default.Name}\n");
        Console.WriteLine(
            $"| rows × outputs × inputs | whole, ms | {string.Join(" | ", Shares.Select(Percent))} | as long at | sampled to |");
        Console.WriteLine($"|---|---:|{string.Concat(Shares.Select(_ => "---:|"))}---:|---:|");
        foreach (int rows in (int[])[256, 512, 1024, 2048])
            foreach ((int outputs, int inputs) in Shapes)
                if ((long)rows * outputs <= 1 << 25) Measure(rows, outputs, inputs);
        return 0;
    }

    private static void Measure(int rows, int outputs, int inputs)
    {
        using WorkerPool pool = new(1);
        using OwnedMemory x = Filled((long)rows * inputs), y = Filled((long)rows * outputs), w = new((long)outputs * inputs),
            scratch = new(SampledMatMul.ScratchLength(rows, inputs));
        int[][] masks = [.. Shares.Select(share => Mask(outputs * inputs, share))];
        OwnedMemory[] gradients = [.. masks.Select(mask => new OwnedMemory(mask.Length))];
        double[] seconds = Medians([() => MatMul.BackwardWeight(pool, w, y, x, outputs, inputs),
            .. masks.Zip(gradients, (mask, gradient) => (Action)(() =>
                SampledMatMul.BackwardWeight(pool, gradient, y, x, mask, 1, outputs, inputs, scratch)))]);
        double slope = (seconds[^1] - seconds[^2]) / (Shares[^1] - Shares[^2]), equal = Shares[^1] + ((seconds[0] - seconds[^1]) / slope);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {rows}×{outputs}×{inputs} | {seconds[0] * 1e3:F2} | ")
            + string.Join(" | ", seconds.Skip(1).Select(s => (s / seconds[0]).ToString("F3", CultureInfo.InvariantCulture)))
            + $" | {Percent(equal)} | {Percent(Bound(rows, outputs, inputs))} |");
        ThrowIfOther(pool, w, gradients[^1], masks[^1], () => MatMul.BackwardWeight(pool, w, y, x, outputs, inputs),
            () => SampledMatMul.BackwardWeight(pool, gradients[^1], y, x, masks[^1], 1, outputs, inputs, scratch));
        foreach (OwnedMemory gradient in gradients) gradient.Dispose();
    }

    /// <summary>Holds one product from zero against the other.</summary>
    private static void ThrowIfOther(WorkerPool pool, OwnedMemory whole, OwnedMemory some, int[] mask, Action multiply, Action sample)
    {
        whole.Floats(0, (int)whole.Length).Clear();
        some.Floats(0, mask.Length).Clear();
        multiply();
        sample();
        using OwnedMemory gathered = new(mask.Length);
        Embedding.Forward(pool, gathered, whole, mask, 1);
        if (!MemoryMarshal.AsBytes(gathered.Floats(0, mask.Length)).SequenceEqual(MemoryMarshal.AsBytes(some.Floats(0, mask.Length))))
            throw new InvalidOperationException("the sampled product has other bits than the whole one.");
    }

    /// <summary>The largest share that the engine samples.</summary>
    private static double Bound(int rows, int outputs, int inputs)
    {
        long low = 0, high = (long)outputs * inputs;
        while (low < high)
        {
            long middle = (low + high + 1) / 2;
            if (SampledMatMul.IsFaster(rows, middle, outputs, inputs)) low = middle;
            else high = middle - 1;
        }
        return (double)low / outputs / inputs;
    }

    private static double[] Medians(Action[] works)
    {
        List<double>[] seconds = [.. works.Select(_ => new List<double>())];
        for (int repetition = -1; repetition < Repetitions; repetition++)  // one to warm up
            for (int i = 0; i < works.Length; i++)
            {
                int calls = 0;
                double started = Seconds(), spent;
                do
                {
                    works[i]();
                    calls++;
                    spent = Seconds() - started;
                }
                while (spent < RepetitionSeconds);
                if (repetition >= 0) seconds[i].Add(spent / calls);
            }
        return [.. seconds.Select(s => s.Order().ElementAt(Repetitions / 2))];
    }

    private static double Seconds() => Environment.CpuUsage.TotalTime.TotalSeconds;

    private static int[] Mask(int length, double share)
    {
        SplitMix64 random = new(1);
        int spacing = (int)(1 / share);
        return [.. Enumerable.Range(0, length / spacing).Select(i => (i * spacing) + random.NextBelow(spacing))];
    }

    private static OwnedMemory Filled(long length)
    {
        OwnedMemory memory = new(length);
        SplitMix64 random = new(1);
        foreach (ref float value in memory.Floats(0, (int)length)) value = (float)(random.NextDouble() - 0.5) / 64;
        return memory;
    }

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.#} %");
}
