using System.Diagnostics;
using CommunityToolkit.HighPerformance.Buffers;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Rows;

/// <summary>How a scan runs.</summary>
public sealed record RowScanOptions
{
    /// <summary>The number of threads, those that feed a device included; 0 takes one for each processor.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// A kernel's name; null takes that in <c>KSLOTTERY_KERNEL</c>, or else the fastest. On a device: <c>count</c>, <c>sort</c> or
    /// <c>sort-wide</c>, and the variable has no say.
    /// </summary>
    public string? Kernel { get; init; }

    /// <summary>Which rows stand against each other; null where both matrices have as many, each against that of its number.</summary>
    public RowPairing? Pairing { get; init; }

    /// <summary>Where the rows are tested; null for the processor.</summary>
    public ComputeDevice? Device { get; init; }

    /// <summary>The device itself, where no <see cref="Device"/> was opened for it.</summary>
    internal KernelDevice? KernelDevice { get; init; }

    /// <summary>What a device takes at a time of both matrices together; rows at least.</summary>
    internal long ChunkBytes { get; init; } = 1 << 23;

    /// <summary>Reports progress a few times a second, from any thread.</summary>
    public IProgress<RowScanProgress>? Progress { get; init; }
}

/// <summary>How far a scan has come.</summary>
public readonly record struct RowScanProgress(long RowsDone, long RowCount, TimeSpan Elapsed);

/// <summary>Tests every row of two matrices of the same shape, or those that a <see cref="RowPairing"/> names.</summary>
public static class RowScan
{
    // A share of the median norm. Tokens that training never saw stay this far below all others, and get D ≥ ½ from any noise.
    internal const double NearlyZero = 1e-4;

    /// <summary>Runs the two-sample Kolmogorov-Smirnov test on each row pair, and measures how far each row moved.</summary>
    /// <param name="before">The base, R rows of width d.</param>
    /// <param name="after">The tuned matrix, of the same shape unless the options pair rows; its type may differ, both are then compared
    /// as F32.</param>
    /// <param name="options">Threads, kernel, progress, pairs.</param>
    /// <param name="cancellationToken">Ends the scan between chunks.</param>
    /// <exception cref="ArgumentException">The shapes differ, or no such kernel can run here.</exception>
    /// <exception cref="NotSupportedException">Codes of one side (F8, I8, U8) have no scale, and the other side is not of the same
    /// codes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">d is not in [1, 65,536].</exception>
    /// <exception cref="DeviceFailureException">The device failed.</exception>
    /// <exception cref="OperationCanceledException">The scan was cancelled.</exception>
    /// <remarks>Memory stays at one result a row and a few chunks a thread, however large the matrices. The results do not depend on
    /// threads, kernel or device.</remarks>
    public static RowScanResult Run(RowMatrix before, RowMatrix after, RowScanOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        options ??= new();
        if (options.Pairing is { } pairing) return RunPaired(before, after, pairing, options, cancellationToken);
        if (before.RowCount != after.RowCount || before.Width != after.Width)
            throw new ArgumentException($"the base {before.Name} has {before.RowCount} rows of {before.Width}, the tuned {after.Name} has "
                + $"{after.RowCount} of {after.Width}; rows can be compared where both are the same. Pair the rows of a resized "
                + "vocabulary, or choose another tensor.");
        if (RowMatrix.WhyNotComparable(before, after) is { } reason)
            throw new NotSupportedException($"{before.Name}: {reason}. Put the scale beside the codes, as {before.Name}"
                + $"{TensorScale.Suffix} or {before.Name}{TensorScale.InverseSuffix}, or convert both to one type.");

        RowResult[] results = new RowResult[before.RowCount];
        Reporter reporter = new(options.Progress, before.RowCount);
        (string kernel, int threads) = (options.Device?.Kernels ?? options.KernelDevice) is { } device
            ? RunOnDevice(device, before, after, options, results, reporter, cancellationToken)
            : RunOnProcessor(before, after, options, results, reporter, cancellationToken);
        MarkNearlyZero(results);
        return new(before, after, results, kernel, threads, reporter.Elapsed, RowPairing.ById(before.RowCount, after.RowCount), []);
    }

    /// <summary>Tests the pairs, and measures the rows that have no counterpart.</summary>
    private static RowScanResult RunPaired(
        RowMatrix before, RowMatrix after, RowPairing pairing, RowScanOptions options, CancellationToken cancellationToken)
    {
        if (pairing.BaseRows != before.RowCount || pairing.TunedRows != after.RowCount || before.Width != after.Width)
            throw new ArgumentException($"the base {before.Name} has {before.RowCount} rows of {before.Width}, the tuned {after.Name} has "
                + $"{after.RowCount} of {after.Width}; {pairing.BaseRows} and {pairing.TunedRows} rows of one width are paired. Give the "
                + "pairs of these.",
                nameof(options));
        (RowMatrix first, RowMatrix second) = pairing.Select(before, after);
        RowScanResult scan = Run(first, second, options with { Pairing = null }, cancellationToken);
        RowResult[] rows = new RowResult[pairing.BaseRows];
        foreach ((RowResult result, int row) in scan.Rows.Zip(pairing.Paired())) rows[row] = result;
        double[] dropped = RowNorms.Each(before.Choose(pairing.Dropped), options.Threads, cancellationToken);
        foreach ((int i, int row) in pairing.Dropped.Index())
            rows[row] = new(-1, 0, RowState.Dropped, float.NaN, dropped[i], double.NaN, double.NaN, double.NaN);
        return new(before, after, rows, scan.Kernel, scan.Threads, scan.Elapsed, pairing,
            RowNorms.Each(after.Choose(pairing.Added), options.Threads, cancellationToken));
    }

    private static (string Kernel, int Threads) RunOnDevice(
        KernelDevice device, RowMatrix before, RowMatrix after, RowScanOptions options, RowResult[] results, Reporter reporter,
            CancellationToken cancellationToken)
    {
        KsRowKernels.ThrowIfOutside(before.Width);
        int threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        using DeviceRowScan scan = new(device, before, after, options.Kernel, threads, options.ChunkBytes);
        long kept = 0;
        scan.Run(results, (first, count) =>
        {
            long end = first + count;
            if ((end - kept) * Math.Max(before.RowBytes, after.RowBytes) >= RowMatrix.ReleaseBytes)
            {
                before.Release(kept, (int)(end - kept));
                after.Release(kept, (int)(end - kept));
                kept = end;
            }
            reporter.Add(count);
        }, cancellationToken);
        return ($"{device.Name} {scan.KernelName}", threads);
    }

    private static (string Kernel, int Threads) RunOnProcessor(
        RowMatrix before, RowMatrix after, RowScanOptions options, RowResult[] results, Reporter reporter,
            CancellationToken cancellationToken)
    {
        IKsRowKernel first = KsRowKernels.Create(before.Width, options.Kernel);
        int threads = RowChunks.Run(before, after, options.Threads, worker =>
        {
            IKsRowKernel kernel = worker == 0 ? first : KsRowKernels.Create(before.Width, options.Kernel);
            RowPair pair = new(before.Width, before.ElementType, after.ElementType);
            return (row, count, a, b) =>
            {
                for (int i = 0; i < count; i++)
                    results[row + i] = pair.Compare(kernel,
                        a.Slice(i * before.RowBytes, before.RowBytes), b.Slice(i * after.RowBytes, after.RowBytes));
                reporter.Add(count);
            };
        }, cancellationToken);
        return (first.Name, threads);
    }

    /// <summary>Tells of progress a few times a second.</summary>
    private sealed class Reporter(IProgress<RowScanProgress>? progress, long rowCount)
    {
        private readonly long _started = Stopwatch.GetTimestamp();
        private long _done, _reported;

        public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

        public void Add(int rows)
        {
            long done = Interlocked.Add(ref _done, rows);
            if (progress is null) return;
            TimeSpan elapsed = Elapsed;
            long tick = elapsed.Ticks / (TimeSpan.TicksPerSecond / 10), last = Interlocked.Read(ref _reported);
            if ((tick > last && Interlocked.CompareExchange(ref _reported, tick, last) == last) || done == rowCount)
                progress.Report(new(done, rowCount, elapsed));
        }
    }

    /// <summary>Marks changed rows whose base norm is below 1e-4 of the median row's: what little they held says nothing.</summary>
    private static void MarkNearlyZero(RowResult[] results)
    {
        const int MaxSamples = 65_536;
        int step = Math.Max(1, results.Length / MaxSamples), samples = 0;
        using SpanOwner<double> sample = SpanOwner<double>.Allocate(results.Length / step + 1);
        Span<double> norms = sample.Span;
        for (int i = 0; i < results.Length; i += step)
            if (double.IsFinite(results[i].BaseNorm)) norms[samples++] = results[i].BaseNorm;
        if (samples == 0) return;
        norms[..samples].Sort();
        double limit = norms[samples / 2] * NearlyZero;
        foreach (ref RowResult result in results.AsSpan())
            if (result.State == RowState.Changed && result.BaseNorm < limit) result = result with { State = RowState.Degenerate };
    }
}
