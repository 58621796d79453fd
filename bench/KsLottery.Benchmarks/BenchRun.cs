using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;

namespace KsLottery.Benchmarks;

/// <summary>What is to be measured.</summary>
/// <param name="Regimes">Names from <see cref="BenchRows.Regimes"/>.</param>
/// <param name="Types">F32, F16, BF16.</param>
/// <param name="Kernels">Names from <see cref="KsRowKernels.Known"/>.</param>
/// <param name="Rows">R; 0 takes as many as fill <see cref="BenchRows.DefaultMatrixBytes"/>.</param>
/// <param name="Width">d.</param>
/// <param name="Threads">How many threads test rows.</param>
/// <param name="Time">How long each figure is measured, all repetitions together.</param>
/// <param name="WithScan">Whether the whole scan is measured too.</param>
public sealed record BenchPlan(
    IReadOnlyList<string> Regimes, IReadOnlyList<ElementType> Types, IReadOnlyList<string> Kernels,
    int Rows, int Width, int Threads, TimeSpan Time, bool WithScan)
{
    /// <summary>How often each work is timed; the figures are medians.</summary>
    public const int Repetitions = 9;

    /// <summary>Decides the rows.</summary>
    public const ulong Seed = 1;

    /// <summary>R for a type.</summary>
    public int RowsOf(ElementType type) =>
        Rows > 0 ? Rows : Math.Max((int)(BenchRows.DefaultMatrixBytes / ((long)Width * type.ByteSize())), Threads);
}

/// <summary>One line of the result.</summary>
/// <param name="Regime">How the rows are alike.</param>
/// <param name="Type">Their element type.</param>
/// <param name="Rows">R.</param>
/// <param name="Name">The kernel, or the scan with it.</param>
/// <param name="RowsPerSecond">The median of the repetitions.</param>
/// <param name="Min">The slowest repetition.</param>
/// <param name="Max">The fastest repetition.</param>
/// <param name="GigabytesPerSecond">The bytes of both rows, in 1e9 a second, at the median.</param>
/// <param name="StreamGigabytesPerSecond">What the stream read gives in the same repetitions, at its median.</param>
/// <param name="ShareOfStream">The median of the repetitions' shares, each against the stream read beside it.</param>
public sealed record BenchFigure(
    string Regime, ElementType Type, int Rows, string Name, double RowsPerSecond, double Min, double Max,
    double GigabytesPerSecond, double StreamGigabytesPerSecond, double ShareOfStream);

/// <summary>Measures what a plan names: each repetition times the stream read and then every kernel, so that all see the same
/// machine.</summary>
public static class BenchRun
{
    private static readonly TimeSpan MaxWarmUpSlice = TimeSpan.FromMilliseconds(40);

    /// <param name="plan">What to measure.</param>
    /// <param name="onFigure">Reports each figure once it is there.</param>
    /// <param name="onStep">Reports what comes next.</param>
    /// <param name="cancellationToken">Ends the run between repetitions.</param>
    public static void Run(BenchPlan plan, Action<BenchFigure> onFigure, Action<string> onStep, CancellationToken cancellationToken)
    {
        foreach (ElementType type in plan.Types)
        {
            BenchRows rows = new(type, plan.RowsOf(type), plan.Width);
            foreach (string regime in plan.Regimes)
            {
                string what = $"{type.ToName()} {regime}";
                onStep($"{what}: generating rows");
                rows.Fill(regime, BenchPlan.Seed);
                foreach (BenchFigure figure in Measure(plan, rows, step => onStep($"{what}: {step}"), cancellationToken)) onFigure(figure);
            }
        }
    }

    private static List<BenchFigure> Measure(BenchPlan plan, BenchRows rows, Action<string> onStep, CancellationToken cancellationToken)
    {
        StreamRead stream = new(rows, plan.Threads);
        List<IBenchWork> works = [stream];
        foreach (string kernel in plan.Kernels)
        {
            works.Add(new KernelRows(rows, kernel, plan.Threads));
            if (plan.WithScan) works.Add(new ScanRows(rows, kernel, plan.Threads));
        }
        foreach (IBenchWork work in works)
        {
            onStep($"warming up {work.Name}");
            WarmUp(work, plan.Time / 2, cancellationToken);
        }

        double[][] rates = [.. works.Select(_ => new double[BenchPlan.Repetitions])];
        for (int repetition = 0; repetition < BenchPlan.Repetitions; repetition++)
        {
            onStep($"repetition {repetition + 1} of {BenchPlan.Repetitions}");
            for (int i = 0; i < works.Count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                rates[i][repetition] = works[i].Run(plan.Time / BenchPlan.Repetitions);
            }
        }

        double gigabytesOfRow = rows.PairBytes / 1e9, streamRate = Median(rates[0]);
        return [.. works.Zip(rates).Skip(1).Select(w => new BenchFigure(rows.Regime, rows.ElementType, rows.RowCount, w.First.Name,
            Median(w.Second), w.Second.Min(), w.Second.Largest(), Median(w.Second) * gigabytesOfRow, streamRate * gigabytesOfRow,
            Median(w.Second.Zip(rates[0], (rate, limit) => rate / limit))))];
    }

    /// <summary>Works until it gets no faster: the compiler's better code comes in the background, after some calls and some
    /// time.</summary>
    private static void WarmUp(IBenchWork work, TimeSpan time, CancellationToken cancellationToken)
    {
        const int MinSlices = 5, MaxSlices = 25;
        const double StillFaster = 1.03;
        double best = 0;
        for (int slice = 0; slice < MaxSlices; slice++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            double rate = work.Run(time < MaxWarmUpSlice ? time : MaxWarmUpSlice);
            if (slice >= MinSlices && rate < best * StillFaster) return;
            best = Math.Max(best, rate);
        }
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
