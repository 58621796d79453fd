using System.Diagnostics;
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;
using KsLottery.Kernels;

namespace KsLottery.Engine.Rows;

/// <summary>Tests the rows of two matrices on a device: chunks of them go there one after another, and only their outcomes come
/// back.</summary>
/// <remarks>
/// A chunk has a slot: staging memory, buffers, and a queue of its own. While the device copies and computes for some slots, the host fills
/// another's staging memory, with several threads: one copies slower than a bus does. Memory stays at a few slots, however large the
/// matrices.
/// </remarks>
internal sealed class DeviceRowScan : IDisposable
{
    /// <summary>A device may be in use by others: all slots together take no more than this part of its memory.</summary>
    private const int MemoryShare = 4;

    /// <summary>One slot is filled, one copied from, one computed with.</summary>
    private const int MaxSlots = 3;

    private const int CopyBytes = 1 << 18, MomentSums = 4, SumsBytes = MomentSums * sizeof(double), MomentTeams = 16;

    private static readonly TimeSpan LongBuild = TimeSpan.FromSeconds(1);

    private readonly RowMatrix _before, _after;
    private readonly ElementType _type;
    private readonly KsDeviceKernels _kernels;
    private readonly KernelDefinition? _moments;
    private readonly Slot[] _slots;
    private readonly int _threads;
    private readonly RowPair _pair;
    private readonly PairBlocks? _blocks;

    /// <summary>Takes what the scan needs of a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="before">The base.</param>
    /// <param name="after">The tuned matrix of the same shape.</param>
    /// <param name="kernel">A kernel's name, see <see cref="KsDeviceKernels"/>; null takes the fastest.</param>
    /// <param name="threads">Threads that copy.</param>
    /// <param name="chunkBytes">Rows of both matrices of a chunk: long enough for a device to be busy, short enough to begin soon.</param>
    /// <param name="blocks">Takes the blocks that begin in the rows of both, on the host; null for none.</param>
    /// <exception cref="DeviceFailureException">The device has not that much memory left.</exception>
    public DeviceRowScan(KernelDevice device, RowMatrix before, RowMatrix after, string? kernel, int threads, long chunkBytes,
        PairBlocks? blocks = null)
    {
        (_before, _after, _threads, _blocks) = (before, after, threads, blocks);
        _type = before.ElementType == after.ElementType ? before.ElementType : ElementType.F32;
        _kernels = new(device, _type, before.Width, kernel);
        _moments = device.Limits.HasDouble ? KernelCatalog.Get($"RowMoments_{_type.ToName()}") : null;
        _pair = new(before.Width, before.ElementType, after.ElementType);

        int widened = (before.ElementType != _type ? 1 : 0) + (after.ElementType != _type ? 1 : 0);
        long rowBytes = before.RowBytes + after.RowBytes + ((long)widened * sizeof(float) * before.Width);
        long most =
            Math.Min(chunkBytes, Math.Min(device.Limits.MaximumAllocationBytes, device.Limits.MemoryBytes / MemoryShare / MaxSlots));
        ChunkRows = (int)Math.Clamp(most / rowBytes, 1, Math.Max(before.RowCount, 1));
        _slots = new Slot[(int)Math.Min(MaxSlots, (before.RowCount + ChunkRows - 1) / ChunkRows)];
        try
        {
            for (int i = 0; i < _slots.Length; i++) _slots[i] = new(device, this);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The kernel's name.</summary>
    public string KernelName => _kernels.Name;

    /// <summary>Rows of a chunk.</summary>
    public int ChunkRows { get; }

    /// <summary>Makes the kernels ready to start, which the first chunk does otherwise. Where that took long it computes that chunk
    /// once, to no result: drivers such as PoCL compile for a launch's groups when they see the first.</summary>
    /// <exception cref="DeviceFailureException">One cannot be built.</exception>
    public void Build()
    {
        if (_slots.Length == 0) return;
        long started = Stopwatch.GetTimestamp();
        _kernels.Build(_slots[0].Queue);
        if (_moments is not null) _slots[0].Queue.Build(_moments);
        if (Stopwatch.GetElapsedTime(started) < LongBuild) return;
        Start(_slots[0], 0, (int)Math.Min(ChunkRows, _before.RowCount));
        _slots[0].Queue.Finish();
        _slots[0].Rows = 0;
    }

    /// <summary>Where sums and marks lie in a slot's results, behind the outcomes of all rows of a chunk.</summary>
    private int SumsStart => ChunkRows * KsDeviceKernels.OutcomeBytes;

    private int MarksStart => SumsStart + (ChunkRows * SumsBytes);

    /// <summary>Scans all rows.</summary>
    /// <param name="results">One a row.</param>
    /// <param name="isDone">Reports each chunk that is done, in order: its first row and its rows.</param>
    /// <param name="cancellationToken">Ends the scan between chunks.</param>
    /// <exception cref="DeviceFailureException">The device failed.</exception>
    public void Run(RowResult[] results, Action<long, int> isDone, CancellationToken cancellationToken)
    {
        long chunks = (_before.RowCount + ChunkRows - 1) / ChunkRows;
        for (long chunk = 0; chunk < chunks + _slots.Length; chunk++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Slot slot = _slots[chunk % _slots.Length];
            if (slot.Rows > 0)
            {
                Collect(slot, results);
                isDone(slot.First, slot.Rows);
                slot.Rows = 0;
            }
            if (chunk >= chunks) continue;
            Start(slot, chunk * ChunkRows, (int)Math.Min(ChunkRows, _before.RowCount - (chunk * ChunkRows)));
            Hash(slot);
        }
    }

    public void Dispose()
    {
        foreach (Slot? slot in _slots) slot?.Dispose();
    }

    private void Start(Slot slot, long first, int rows)
    {
        (slot.First, slot.Rows) = (first, rows);
        Fill(slot);
        DeviceBuffer before = Upload(slot, slot.Before, slot.WideBefore, _before, 0);
        DeviceBuffer after = Upload(slot, slot.After, slot.WideAfter, _after, ChunkRows * _before.RowBytes);
        _kernels.Launch(slot.Queue, slot.Outcomes, before, after, slot.Scratch, rows);
        slot.Queue.Read(slot.Results, 0, slot.Outcomes, 0, rows * KsDeviceKernels.OutcomeBytes);
        if (_moments is not null)
        {
            long elements = (long)rows * _before.Width;
            slot.Queue.Launch(_moments, (rows + MomentTeams - 1) / MomentTeams,
                KernelArgument.View(slot.Sums, 0, (long)rows * MomentSums), KernelArgument.View(slot.Marks, 0, rows),
                KernelArgument.View(before, 0, elements), KernelArgument.View(after, 0, elements), rows, _before.Width);
            slot.Queue.Read(slot.Results, SumsStart, slot.Sums!, 0, rows * SumsBytes);
            slot.Queue.Read(slot.Results, MarksStart, slot.Marks!, 0, rows * sizeof(int));
        }
        slot.Queue.Flush();
    }

    /// <summary>Copies a chunk from both matrices into staging memory, in chunks of whole rows.</summary>
    private void Fill(Slot slot)
    {
        int pieceRows = Math.Max(1, CopyBytes / Math.Max(_before.RowBytes, _after.RowBytes)),
            pieces = (slot.Rows + pieceRows - 1) / pieceRows;
        void Copy(int piece)
        {
            int row = piece * pieceRows, count = Math.Min(pieceRows, slot.Rows - row);
            _before.CopyRows(slot.First + row, count, slot.Staging.Bytes.Slice(row * _before.RowBytes, count * _before.RowBytes));
            _after.CopyRows(slot.First + row, count,
                slot.Staging.Bytes.Slice((ChunkRows * _before.RowBytes) + (row * _after.RowBytes), count * _after.RowBytes));
        }
        if (_threads == 1 || pieces == 1)
            for (int piece = 0; piece < pieces; piece++) Copy(piece);
        else SideBySide.Run(() => Parallel.For(0, pieces, new ParallelOptions { MaxDegreeOfParallelism = _threads }, Copy));
    }

    /// <summary>Hashes the blocks that begin in a chunk while the device has it, from staging memory.</summary>
    private void Hash(Slot slot)
    {
        if (_blocks is null) return;
        Hash(slot, _before, 0, _blocks.Base);
        Hash(slot, _after, ChunkRows * _before.RowBytes, _blocks.Tuned);
    }

    private void Hash(Slot slot, RowMatrix matrix, int stagingStart, FingerprintBlocks blocks)
    {
        long start = matrix.StoredStartOf(slot.First), end = matrix.StoredStartOf(slot.First + slot.Rows);
        void Take(int block)
        {
            using BlockHasher hasher = new(blocks);
            long first = (long)block * FingerprintBlocks.BlockLength, last = Math.Min(end, blocks.EndOf(block));
            hasher.Add(first, slot.Staging.Bytes.Slice(stagingStart + (int)(first - start), (int)(last - first)));
            hasher.Complete();
        }
        SideBySide.Run(() => Parallel.For(FingerprintBlocks.FirstFrom(start), FingerprintBlocks.FirstFrom(end),
            new ParallelOptions { MaxDegreeOfParallelism = _threads }, Take));
    }

    /// <summary>Sends one matrix's rows to the device, and widens them there where the other's are of another type.</summary>
    private static DeviceBuffer Upload(Slot slot, DeviceBuffer stored, DeviceBuffer? widened, RowMatrix matrix, int stagingStart)
    {
        slot.Queue.Write(stored, 0, slot.Staging, stagingStart, slot.Rows * matrix.RowBytes);
        if (widened is null) return stored;
        long elements = (long)slot.Rows * matrix.Width;
        KernelDefinition widen = KernelCatalog.Get($"Widen_{matrix.ElementType.ToName()}");
        slot.Queue.Launch(widen, (int)((elements + widen.GroupSize - 1) / widen.GroupSize),
            KernelArgument.View(widened, 0, elements), KernelArgument.View(stored, 0, elements));
        return widened;
    }

    private void Collect(Slot slot, RowResult[] results)
    {
        slot.Queue.Finish();
        ReadOnlySpan<int> outcomes = MemoryMarshal.Cast<byte, int>(slot.Results.Bytes[..(slot.Rows * KsDeviceKernels.OutcomeBytes)]);
        ReadOnlySpan<byte> found = slot.Results.Bytes;
        ReadOnlySpan<byte> before = slot.Staging.Bytes, after = before[(ChunkRows * _before.RowBytes)..];
        for (int row = 0; row < slot.Rows; row++)
        {
            KsRowOutcome outcome = KsDeviceKernels.Read(outcomes[2 * row], outcomes[(2 * row) + 1]);
            if (_moments is null)
            {
                results[slot.First + row] = _pair.Describe(
                    outcome, before.Slice(row * _before.RowBytes, _before.RowBytes), after.Slice(row * _after.RowBytes, _after.RowBytes));
                continue;
            }
            ReadOnlySpan<double> sums = MemoryMarshal.Cast<byte, double>(found.Slice(SumsStart + (row * SumsBytes), SumsBytes));
            int mark = MemoryMarshal.Read<int>(found[(MarksStart + (row * sizeof(int)))..]);
            results[slot.First + row] = Describe(outcome, new(sums[0], sums[1], sums[2], sums[3]), mark);
        }
    }

    /// <summary>What <see cref="RowPair"/> says of a row pair, from what the device measured.</summary>
    private RowResult Describe(KsRowOutcome outcome, in RowMoments moments, int mark)
    {
        bool isOneType = _before.ElementType == _after.ElementType;
        if (isOneType && (mark & RowMomentKernels.Differ) == 0 && double.IsFinite(moments.Base)) return RowPair.Unchanged(moments.Base);
        return RowPair.Describe(outcome, moments,
            (mark & (_type == ElementType.F32 ? RowMomentKernels.ValuesVary : RowMomentKernels.BitsVary)) == 0);
    }

    /// <summary>The memory and the queue of one chunk.</summary>
    private sealed class Slot : IDisposable
    {
        private readonly List<IDisposable> _owned = [];

        public Slot(KernelDevice device, DeviceRowScan scan)
        {
            int rows = scan.ChunkRows;
            long wideBytes = rows * scan._before.Width * (long)sizeof(float), scratchBytes = scan._kernels.ScratchBytes(rows);
            try
            {
                Queue = Own(device.CreateQueue());
                Staging = Own(device.AllocateStaging(rows * (scan._before.RowBytes + scan._after.RowBytes)));
                Before = Own(device.Allocate((long)rows * scan._before.RowBytes));
                After = Own(device.Allocate((long)rows * scan._after.RowBytes));
                if (scan._before.ElementType != scan._type) WideBefore = Own(device.Allocate(wideBytes));
                if (scan._after.ElementType != scan._type) WideAfter = Own(device.Allocate(wideBytes));
                if (scratchBytes > 0) Scratch = Own(device.Allocate(scratchBytes));
                Outcomes = Own(device.Allocate((long)rows * KsDeviceKernels.OutcomeBytes));
                if (scan._moments is not null)
                {
                    Sums = Own(device.Allocate((long)rows * SumsBytes));
                    Marks = Own(device.Allocate((long)rows * sizeof(int)));
                }
                Results = Own(device.AllocateStaging(scan._moments is null ? scan.SumsStart : scan.MarksStart + (rows * sizeof(int))));
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public DeviceQueue Queue { get; }
        public StagingBuffer Staging { get; }
        public StagingBuffer Results { get; }
        public DeviceBuffer Before { get; }
        public DeviceBuffer After { get; }
        public DeviceBuffer? WideBefore { get; }
        public DeviceBuffer? WideAfter { get; }
        public DeviceBuffer? Scratch { get; }
        public DeviceBuffer Outcomes { get; }
        public DeviceBuffer? Sums { get; }
        public DeviceBuffer? Marks { get; }

        /// <summary>The chunk's first row.</summary>
        public long First { get; set; }

        /// <summary>The chunk's rows; 0 where the slot is free.</summary>
        public int Rows { get; set; }

        /// <summary>Waits for what the device still does here, then gives everything back.</summary>
        public void Dispose()
        {
            try
            {
                if (Rows > 0) Queue.Finish();
            }
            catch (DeviceFailureException)
            {
                // It was told when it happened, or the scan ends for another reason that will be told.
            }
            for (int i = _owned.Count - 1; i >= 0; i--) _owned[i].Dispose();
        }

        private T Own<T>(T owned) where T : IDisposable
        {
            _owned.Add(owned);
            return owned;
        }
    }
}
