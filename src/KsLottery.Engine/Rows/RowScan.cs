using System.Diagnostics;
using CommunityToolkit.HighPerformance.Buffers;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Ranks;

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

    /// <summary>Whether the fingerprints of both are taken on the way, so that their bytes are read once. It takes whole
    /// matrices.</summary>
    public bool TakesFingerprints { get; init; }

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
public readonly record struct RowScanProgress(long RowsDone, long RowCount, TimeSpan Elapsed)
{
    /// <summary>The device whose kernels are being compiled, before the first row; null once rows are tested.</summary>
    public string? Compiling { get; init; }
}

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
        return RowScanResult.OfWhole(Run(before, after, new RowRange(0, before.RowCount), options ?? new(), cancellationToken));
    }

    /// <summary>Does the same with some rows of the base and those that they stand against; parts are joined by
    /// <see cref="RowScanResult.Of"/>.</summary>
    /// <param name="before">The base, whole.</param>
    /// <param name="after">The tuned matrix, whole.</param>
    /// <param name="range">The rows of the base, see <see cref="RowRange.OfPart"/>.</param>
    /// <param name="options">Threads, kernel, progress, pairs. Fingerprints are taken of the blocks that begin in these rows.</param>
    /// <param name="cancellationToken">Ends the scan between chunks.</param>
    /// <exception cref="ArgumentException">The shapes differ, a matrix is not whole, or no such kernel can run here.</exception>
    /// <exception cref="NotSupportedException">Codes of one side (F8, I8, U8) have no scale, and the other side is not of the same
    /// codes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">d is not in [1, 65,536], or the range leaves the matrix.</exception>
    /// <exception cref="DeviceFailureException">The device failed.</exception>
    /// <exception cref="OperationCanceledException">The scan was cancelled.</exception>
    public static RowScanPart RunPart(RowMatrix before, RowMatrix after, RowRange range, RowScanOptions? options = null,
        CancellationToken cancellationToken = default) =>
        Run(before, after, range, (options ?? new()) with { TakesFingerprints = true }, cancellationToken);

    /// <summary>Does the same by all ranks, each with the rows of its number, see <see cref="RowRange.OfPart"/>; collective.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="before">The base, whole; of its bytes a rank reads those of its rows.</param>
    /// <param name="after">The tuned matrix, whole.</param>
    /// <param name="options">Threads, kernel, device and progress of this rank, pairs of all.</param>
    /// <param name="cancellationToken">Ends the scan between chunks.</param>
    /// <returns>What <see cref="Run(RowMatrix, RowMatrix, RowScanOptions?, CancellationToken)"/> returns on rank 0; null on the
    /// others.</returns>
    /// <exception cref="InvalidDataException">The ranks scanned other tensors or run other versions; names both.</exception>
    /// <inheritdoc cref="Run(RowMatrix, RowMatrix, RowScanOptions?, CancellationToken)" path="/exception"/>
    public static RowScanResult? Run(RankGroup ranks, RowMatrix before, RowMatrix after, RowScanOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        ArgumentNullException.ThrowIfNull(before);
        if (ranks.Size == 1) return Run(before, after, options, cancellationToken);
        ranks.Enter($"the rows of {before.Name}");
        RowRange own = RowRange.OfPart(before.RowCount, ranks.Rank + 1, ranks.Size);
        return RankedRowScan.Join(ranks, Run(before, after, own, options ?? new(), cancellationToken));
    }

    private static RowScanPart Run(
        RowMatrix before, RowMatrix after, RowRange range, RowScanOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        ThrowIfUnfit(before, after, options);
        if (range.First < 0 || range.Count < 0 || range.First > before.RowCount - range.Count)
            throw new ArgumentOutOfRangeException(nameof(range), range,
                $"the base {before.Name} has the rows 0 to {before.RowCount - 1}. Take some of these.");
        RowPairing pairing = options.Pairing ?? RowPairing.ById(before.RowCount, after.RowCount);
        (RowMatrix first, RowMatrix second) = pairing.Select(before, after, range);
        PairBlocks? blocks = options.TakesFingerprints ? new(before.NewBlocks(), after.NewBlocks()) : null;
        Reporter reporter = new(options.Progress, first.RowCount);
        RowResult[] results = new RowResult[first.RowCount];
        PairBlocks? taken = first.IsAsStored && second.IsAsStored ? blocks : null;
        (string kernel, int threads) = (options.Device?.Kernels ?? options.KernelDevice) is { } device
            ? RunOnDevice(device, first, second, options, results, taken, reporter, cancellationToken)
            : RunOnProcessor(first, second, options, results, taken, reporter, cancellationToken);
        RowRange tuned = pairing.TunedRangeOf(range);
        blocks?.TakeMissing(before.Slice(range.First, range.Count), after.Slice(tuned.First, tuned.Count), threads, cancellationToken);
        int[] added = [.. pairing.Added.Where(row => row >= tuned.First && row < tuned.End)];
        return new(before, after)
        {
            Range = range,
            Results = AddDropped(results, before, pairing, range, options.Threads, cancellationToken),
            AddedNorms = RowNorms.Each(after.Choose(added), options.Threads, cancellationToken),
            TunedOf = pairing.IsById ? null : [.. Enumerable.Range((int)range.First, (int)range.Count).Select(pairing.TunedOf)],
            BaseHashes = blocks?.Base.Of(before.StoredStartOf(range.First), before.StoredStartOf(range.End)),
            TunedHashes = blocks?.Tuned.Of(after.StoredStartOf(tuned.First), after.StoredStartOf(tuned.End)),
            BaseScaleFingerprint = blocks is null ? null : before.FingerprintOfScale(cancellationToken),
            TunedScaleFingerprint = blocks is null ? null : after.FingerprintOfScale(cancellationToken),
            Kernel = kernel,
            Threads = threads,
            Elapsed = reporter.Elapsed,
            BuildTime = reporter.BuildTime,
        };
    }

    private static void ThrowIfUnfit(RowMatrix before, RowMatrix after, RowScanOptions options)
    {
        if (options.TakesFingerprints && !(before.IsWhole && after.IsWhole))
            throw new ArgumentException($"the fingerprints of {before.Name} and {after.Name} are of whole matrices. Give these, and the "
                + "rows as a range.");
        RowMatrix.ThrowIfNotComparable(before, after);
        if (options.Pairing is { } pairing)
        {
            if (pairing.BaseRows != before.RowCount || pairing.TunedRows != after.RowCount || before.Width != after.Width)
                throw new ArgumentException($"the base {before.Name} has {before.RowCount} rows of {before.Width}, the tuned {after.Name} "
                    + $"has {after.RowCount} of {after.Width}; {pairing.BaseRows} and {pairing.TunedRows} rows of one width are paired. "
                    + "Give the pairs of these.", nameof(options));
            return;
        }
        if (before.RowCount != after.RowCount || before.Width != after.Width)
            throw new ArgumentException($"the base {before.Name} has {before.RowCount} rows of {before.Width}, the tuned {after.Name} has "
                + $"{after.RowCount} of {after.Width}; rows can be compared where both are the same. Pair the rows of a resized "
                + "vocabulary, or choose another tensor.");
    }

    /// <summary>Puts the results of pairs at their rows, and measures those that have no counterpart.</summary>
    private static RowResult[] AddDropped(RowResult[] results, RowMatrix before, RowPairing pairing, RowRange range, int threads,
        CancellationToken cancellationToken)
    {
        if (results.Length == range.Count) return results;
        RowResult[] rows = new RowResult[range.Count];
        foreach ((RowResult result, int row) in results.Zip(pairing.Paired(range))) rows[row - range.First] = result;
        int[] dropped = [.. pairing.Dropped.Where(row => row >= range.First && row < range.End)];
        double[] norms = RowNorms.Each(before.Choose(dropped), threads, cancellationToken);
        foreach ((int i, int row) in dropped.Index())
            rows[row - range.First] = new(-1, 0, RowState.Dropped, float.NaN, norms[i], double.NaN, double.NaN, double.NaN);
        return rows;
    }

    private static (string Kernel, int Threads) RunOnDevice(
        KernelDevice device, RowMatrix before, RowMatrix after, RowScanOptions options, RowResult[] results, PairBlocks? blocks,
        Reporter reporter, CancellationToken cancellationToken)
    {
        KsRowKernels.ThrowIfOutside(before.Width);
        int threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        using DeviceRowScan scan = new(device, before, after, options.Kernel, threads, options.ChunkBytes, blocks);
        reporter.Compile(device.Name, scan.Build);
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
        RowMatrix before, RowMatrix after, RowScanOptions options, RowResult[] results, PairBlocks? blocks, Reporter reporter,
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
        }, cancellationToken, blocks);
        return (first.Name, threads);
    }

    /// <summary>Tells of progress a few times a second.</summary>
    private sealed class Reporter(IProgress<RowScanProgress>? progress, long rowCount)
    {
        private long _started = Stopwatch.GetTimestamp();
        private long _done, _reported;

        public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

        public TimeSpan BuildTime { get; private set; }

        /// <summary>Compiles kernels, which is no part of the scan's time; tells of it every second.</summary>
        public void Compile(string device, Action build)
        {
            using (new Timer(_ => progress?.Report(new(0, rowCount, Elapsed) { Compiling = device }), null, 1000, 1000)) build();
            BuildTime = Elapsed;
            _started = Stopwatch.GetTimestamp();
        }

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
    /// <param name="results">All rows, so that parts of them come out as the whole does. Dropped ones are no part of the
    /// median.</param>
    internal static void MarkNearlyZero(RowResult[] results)
    {
        const int MaxSamples = 65_536;
        int pairs = results.Length - results.Count(result => result.State == RowState.Dropped);
        int step = Math.Max(1, pairs / MaxSamples), pair = 0, samples = 0;
        using SpanOwner<double> sample = SpanOwner<double>.Allocate(pairs / step + 1);
        Span<double> norms = sample.Span;
        foreach (ref readonly RowResult result in results.AsSpan())
            if (result.State != RowState.Dropped && pair++ % step == 0 && double.IsFinite(result.BaseNorm))
                norms[samples++] = result.BaseNorm;
        if (samples == 0) return;
        norms[..samples].Sort();
        double limit = norms[samples / 2] * NearlyZero;
        foreach (ref RowResult result in results.AsSpan())
            if (result.State == RowState.Changed && result.BaseNorm < limit) result = result with { State = RowState.Degenerate };
    }
}
