using System.Diagnostics;
using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Tickets;

/// <summary>The map of what a fine-tune touched: a line for every matrix of two checkpoints.</summary>
/// <remarks>
/// Every tensor is a family of tests of its own: a correction counts the rows of that tensor. There are no fingerprints, which would
/// take longer than the scan. Tensors that are no matrices are compared byte by byte.
/// </remarks>
internal sealed class TensorMap
{
    private const int ChunkLength = 1 << 20;
    private const int MaxNames = 4;

    private readonly RankGroup _ranks;
    private readonly CheckpointPair _pair;
    private readonly RowScanOptions _options;
    private readonly List<MatrixPair> _matrices = [];
    private readonly List<UncomparedTensor> _uncompared = [];
    private readonly List<(string Name, VocabularyPairing Vocabulary)> _resized = [];
    private readonly List<(Tensor Base, Tensor Tuned)> _others = [];
    private readonly List<string> _changedOthers = [];
    private readonly long _started = Stopwatch.GetTimestamp();

    private TensorMap(RankGroup ranks, CheckpointPair pair, TicketSelection selection, RowScanOptions options) =>
        (_ranks, _pair, Selection, _options) = (ranks, pair, selection, options);

    /// <summary>Level, method and correction.</summary>
    public TicketSelection Selection { get; }

    /// <summary>The matrices that were scanned, in the base's order.</summary>
    public IReadOnlyList<TensorMapLine> Lines { get; private set; } = [];

    /// <summary>Tensors that could not be compared, and why.</summary>
    public IReadOnlyList<UncomparedTensor> Uncompared => _uncompared;

    /// <summary>Matrices of a resized vocabulary: of these only the pairs were compared.</summary>
    public IReadOnlyList<(string Name, VocabularyPairing Vocabulary)> Resized => _resized;

    /// <summary>How many tensors are no matrices.</summary>
    public int OtherCount { get; private set; }

    /// <summary>Those of them whose bytes differ.</summary>
    public IReadOnlyList<string> ChangedOthers => _changedOthers;

    /// <summary>How values were read that are not compared as they are stored, a sentence each.</summary>
    public IEnumerable<string> ValueRemarks => Tickets.ValueRemarks.About(_matrices.Select(m => (m.Base, m.Tuned)));

    /// <summary>Which matrices have rows too short for alpha, by width, a sentence each: they are measured, and none of their rows can be
    /// in a ticket.</summary>
    public IEnumerable<string> WidthRemarks => Lines.GroupBy(line => line.Width).OrderBy(width => width.Key)
        .Select(width => (Lines: width.Select(line => CheckpointFormatException.Quote(line.Name)).ToArray(),
            Reason: TicketScore.Ks.WhyUndecidable(Selection, width.Key)))
        .Where(width => width.Reason is not null)
        .Select(width => $"{string.Join(", ", width.Lines.Take(MaxNames))}"
            + $"{(width.Lines.Length > MaxNames ? $" and {width.Lines.Length - MaxNames} more" : "")}: {width.Reason}.");

    /// <summary>The rows of all matrices.</summary>
    public long RowCount => Lines.Sum(l => l.Rows);

    /// <summary>How long it all took by the clock.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>All that the map depends on: no one width, no fingerprints, and the method is the one asked for.</summary>
    public Signature Signature => new() { Selection = Selection, Rows = RowCount };

    /// <summary>Compares all tensors of two checkpoints; collective.</summary>
    /// <param name="ranks">The ranks, who scan some matrices each, and the rows of what is more than a rank's share together; the map is
    /// whole on rank 0.</param>
    /// <param name="pair">The checkpoints.</param>
    /// <param name="selection">Level, method and correction; not a number of rows.</param>
    /// <param name="options">Device and threads of the scans.</param>
    /// <param name="progress">Reports how far all scans are.</param>
    /// <param name="tensors">Which tensors; null for all.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <exception cref="KeyNotFoundException">A pattern fits no tensor of the base.</exception>
    /// <exception cref="InvalidDataException">The tokenizers name ids differently, and nobody said how rows are to be paired.</exception>
    /// <exception cref="Devices.DeviceFailureException">The device failed.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TensorMap Of(RankGroup ranks, CheckpointPair pair, TicketSelection? selection = null, RowScanOptions? options = null,
        IProgress<TensorMapProgress>? progress = null, TensorChoice? tensors = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pair);
        TensorMap map = new(ranks, pair, selection ?? new BelowAlpha(), options ?? new());
        foreach (Tensor before in tensors?.In(pair.Base) ?? pair.Base.Tensors)
        {
            cancellationToken.ThrowIfCancellationRequested();
            map.Add(before);
        }
        map.CompareOthers(cancellationToken);
        map.Scan(progress, cancellationToken);
        map._uncompared.AddRange(pair.Tuned.Tensors.Where(t => tensors?.Contains(t.Name) != false && !pair.Base.TryGetTensor(t.Name, out _))
            .Select(t => new UncomparedTensor(t.Name, "only in the tuned")));
        map.Elapsed = Stopwatch.GetElapsedTime(map._started);
        return map;
    }

    private void Add(Tensor before)
    {
        if (!_pair.Tuned.TryGetTensor(before.Name, out Tensor? after)) LeaveOut(before, "only in the base");
        else if (!before.Shape.SequenceEqual(after.Shape) && _pair.PairRows(before, after) is null)
            LeaveOut(before, $"{Shape(before)} in the base, {Shape(after)} in the tuned");
        else if (before.Shape.Count != 2) AddOther(before, after);
        else if ((WhyNot(before) ?? WhyNot(after) ?? WhyNotComparable(before, after)) is { } reason) LeaveOut(before, reason);
        else _matrices.Add(new(before, after, _pair.PairRows(before, after)));
    }

    /// <summary>Scans the matrices: what is more than a rank's share of all by all ranks, the rest a matrix a rank; and of a rank's what is
    /// more than a thread's share by all threads, the rest a matrix a thread, the largest first.</summary>
    private void Scan(IProgress<TensorMapProgress>? progress, CancellationToken cancel)
    {
        TensorMapLine[] lines = new TensorMapLine[_matrices.Count];
        long total = _matrices.Sum(m => m.Base.ByteLength);
        bool[] isShared = [.. _matrices.Select(m => _ranks.Size > 1 && m.Base.ByteLength > total / _ranks.Size)];
        int[] shared = [.. isShared.Index().Where(which => which.Item).Select(which => which.Index)];
        int[] dealt = [.. isShared.Index().Where(which => !which.Item).Select(which => which.Index)];
        RankDeal deal = new(_ranks, [.. dealt.Select(i => _matrices[i].Base.ByteLength)]);
        int[] own = [.. deal.Own.Select(i => dealt[i])];
        MapProgress? told = progress is null ? null
            : new(progress, _matrices.Select((m, i) => isShared[i] ? m.Rows / _ranks.Size : own.Contains(i) ? m.Rows : 0), _started);
        foreach (int i in shared) lines[i] = Scan(_ranks, i, _options.Threads, told, cancel);
        ScanOwn(own, lines, told, cancel);
        TensorMapLine[] found = [.. dealt.Select(i => lines[i])];
        deal.Collect(found, TensorMapLine.Write, TensorMapLine.Read);
        foreach ((int i, TensorMapLine line) in dealt.Zip(found)) lines[i] = line;
        _resized.AddRange(_matrices.Where(m => m.Vocabulary is { Rows.IsPlain: false }).Select(m => (m.Base.Name, m.Vocabulary!)));
        Lines = lines;
    }

    private void ScanOwn(int[] own, TensorMapLine[] lines, MapProgress? told, CancellationToken cancel)
    {
        _ranks.Enter("the tensors that are its own");
        int threads = (_options.Device?.Kernels ?? _options.KernelDevice) is not null ? 1
            : _options.Threads > 0 ? _options.Threads : Environment.ProcessorCount;
        long total = own.Sum(i => _matrices[i].Base.ByteLength);
        ILookup<bool, int> dealt = own.OrderByDescending(i => _matrices[i].Base.ByteLength)
            .ToLookup(i => threads > 1 && _matrices[i].Base.ByteLength <= total / threads);
        foreach (int i in dealt[false]) lines[i] = Scan(RankGroup.Alone, i, _options.Threads, told, cancel);
        SideBySide.ForEach(dealt[true], threads, i => lines[i] = Scan(RankGroup.Alone, i, threads: 1, told, cancel), cancel);
    }

    /// <summary>Scans a matrix; on other ranks than the first of several the line is empty.</summary>
    private TensorMapLine Scan(RankGroup ranks, int matrix, int threads, MapProgress? progress, CancellationToken cancel)
    {
        (Tensor before, Tensor after, VocabularyPairing? vocabulary) = _matrices[matrix];
        RowScanResult? rows = RowScan.Run(ranks, RowMatrix.FromTensor(before), RowMatrix.FromTensor(after), _options with
        {
            Threads = threads,
            Pairing = vocabulary?.Rows,
            Progress = progress is null ? null : new ProgressRelay<RowScanProgress>(value => progress.Report(matrix, before.Name, value)),
        }, cancel);
        before.DontNeed(0, before.ByteLength);
        after.DontNeed(0, after.ByteLength);
        return rows is null ? default : TensorMapLine.Of(new ScoredRows(rows, Selection));
    }

    private void AddOther(Tensor before, Tensor after)
    {
        OtherCount++;
        if (before.ElementType == after.ElementType) _others.Add((before, after));
        else LeaveOut(before, $"{before.ElementType.ToName()} in the base, {after.ElementType.ToName()} in the tuned");
    }

    private void CompareOthers(CancellationToken cancel)
    {
        RankDeal deal = new(_ranks, [.. _others.Select(pair => pair.Base.ByteLength)]);
        long[] differ = new long[_others.Count];
        foreach (int i in deal.Own) differ[i] = IsSame(_others[i].Base, _others[i].Tuned, cancel) ? 0 : 1;
        _ranks.Sum(differ);
        _changedOthers.AddRange(_others.Where((_, i) => differ[i] > 0).Select(pair => pair.Base.Name));
    }

    private static bool IsSame(Tensor before, Tensor after, CancellationToken cancel)
    {
        byte[] first = new byte[before.IsMapped ? 0 : ChunkLength], second = new byte[first.Length];
        for (long offset = 0; offset < before.ByteLength; offset += ChunkLength)
        {
            cancel.ThrowIfCancellationRequested();
            int length = (int)Math.Min(ChunkLength, before.ByteLength - offset);
            bool isSame = before.GetBytes(offset, length, first).SequenceEqual(after.GetBytes(offset, length, second));
            before.DontNeed(offset, length);
            after.DontNeed(offset, length);
            if (!isSame) return false;
        }
        return true;
    }

    private void LeaveOut(Tensor tensor, string reason) => _uncompared.Add(new(tensor.Name, reason));

    /// <summary>Why a tensor's rows cannot be tested, or null where they can.</summary>
    private static string? WhyNot(Tensor tensor) =>
        !tensor.ElementType.IsReadable() ? $"skipped: rows of {tensor.ElementType.ToName()} cannot be tested"
        : tensor.RowShape.Width is < 1 or > KsRowKernels.MaximumWidth
            ? string.Create(CultureInfo.InvariantCulture, $"skipped: a row has 1 to {KsRowKernels.MaximumWidth:N0} elements")
        : tensor.RowShape.Rows > Array.MaxLength ? "skipped: too many rows"
        : null;

    private static string? WhyNotComparable(Tensor before, Tensor after) =>
        before.Scale?.Obstacle ?? after.Scale?.Obstacle
            ?? RowMatrix.WhyNotComparable(RowMatrix.FromTensor(before), RowMatrix.FromTensor(after));

    private static string Shape(Tensor tensor) => $"[{string.Join(',', tensor.Shape)}]";

    /// <summary>Two matrices that are compared.</summary>
    private sealed record MatrixPair(Tensor Base, Tensor Tuned, VocabularyPairing? Vocabulary)
    {
        public long Rows => Vocabulary?.Rows.Count ?? Base.RowShape.Rows;
    }

    /// <summary>Adds up how far scans are that run side by side.</summary>
    private sealed class MapProgress(IProgress<TensorMapProgress> progress, IEnumerable<long> rows, long started)
    {
        private readonly long[] _done = new long[rows.Count()];
        private readonly long _rowCount = rows.Sum();
        private long _sum;

        public void Report(int matrix, string name, RowScanProgress value)
        {
            lock (_done)
            {
                _sum += Math.Max(0, value.RowsDone - _done[matrix]);
                _done[matrix] = Math.Max(_done[matrix], value.RowsDone);
                progress.Report(new(name, new(_sum, _rowCount, Stopwatch.GetElapsedTime(started))));
            }
        }
    }
}

/// <summary>A tensor that could not be compared.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Reason">Why.</param>
internal readonly record struct UncomparedTensor(string Name, string Reason);

/// <summary>How far a map has come.</summary>
/// <param name="Name">A matrix that is being scanned.</param>
/// <param name="Scan">How far the scans of all have come.</param>
internal readonly record struct TensorMapProgress(string Name, RowScanProgress Scan);
