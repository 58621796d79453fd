using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Kernels;

/// <summary>F32 rows whose elements moved little against their distances: an element's values before and after are the ends of an
/// interval, upward or downward, and the difference at a point is how many more upward ones than downward ones cover it.</summary>
/// <remarks>
/// The line is cut into cells a few times as long as the intervals, and cells are dealt over slots, of which several may share one. A
/// difference of k needs a slot that k intervals of one direction touch: of noise few slots have so many, and only the intervals there
/// are walked. What is wanted is at first what the row before had; where it is not reached, one less.
/// </remarks>
internal sealed partial class KsRowBuckets<TLanes, TFloat, TBin, TCount>
{
    private const int MinSlots = 256, MaxSlots = 32_768, SlotsPerElement = 8, SlotsPerElementOfNarrow = 4;

    /// <summary>Cells are so many times as long as the mean interval: where few intervals meet, longer ones, of which fewer are
    /// touched.</summary>
    private const float CellLength = 4, LongCellLength = 8;

    /// <summary>It pays while the length of all intervals together is no more than this share of the mean distance of two values.</summary>
    private const float MaxCovered = 0.12f, MaxCoveredOfNarrow = 0.4f, FewCovered = 0.02f;

    private const int MaxNarrow = 512;

    /// <summary>Where more meet in a slot, as at a value that many elements share, other ways are faster.</summary>
    private const int MaxMeeting = 24;

    /// <summary>Of wider rows most slots are touched.</summary>
    private const int MaxWholeWidth = 32_768;

    /// <summary>Rows from the first width on are tested by parts, of so many elements and no more parts than that.</summary>
    private const int MinPartsWidth = 16_384, PartWidth = 4096, MaxParts = 8, SampledOfPart = 8;

    /// <summary>An interval that touches more cells sends the row another way.</summary>
    private const int MaxCells = 16;

    /// <summary>More intervals are thinned out before they are walked, and the cells for that so many times as short.</summary>
    private const int MaxWalked = 64, FinerCells = 2;

    /// <summary>So many are compared each with all; more are sorted, and more than the second number not even that.</summary>
    private const int MaxCompared = 512, MaxSorted = 4096;

    /// <summary>Points at which a difference of 1 is looked for.</summary>
    private const int MaxPoints = 32;

    private KsIntervals? _intervals;
    private AlignedScratch<sbyte> _slotCounts, _slotMarks;
    private AlignedScratch<ushort> _firstPlaces;
    private ushort[]? _furtherPositions, _furtherPlaces;
    private ushort[]? _places;
    private byte[]? _collected;
    private float[]? _partBefore, _partAfter;
    private int _further, _wanted = 3, _rowsUnpaired, _unpairedPatience = MinRowsOnWay;

    /// <summary>Null where the rows are not of that kind, and the way is shut for some rows more.</summary>
    private KsRowOutcome? TestPairs(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        if (--_rowsUnpaired >= 0) return null;
        float scale = CellScale(before, after);
        if (!(scale > 0)) return null;
        KsBest best = new(0);
        bool isDone = before.Length >= MinPartsWidth && TestPairsByParts(before, after, scale, ref best);
        if (!isDone)
        {
            best = new(0);
            isDone = before.Length <= MaxWholeWidth && TestPairs(before, after, scale, mayBeOne: true, ref best);
        }
        _wanted = Math.Max(2, best.Count);
        _rowsUnpaired = isDone ? 0 : _unpairedPatience;
        _unpairedPatience = isDone ? MinRowsOnWay : Math.Min(2 * _unpairedPatience, MaxRowsOnWay);
        return isDone ? best.Outcome : null;
    }

    /// <summary>Cells for each unit of value, from a sample; 0 where it does not pay.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float CellScale(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        ref readonly float a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        int step = Math.Max(before.Length / 32 / 4 * 4, 8), count = 0;
        Vector128<float> moved = default, apart = default, previous = Vector128.LoadUnsafe(in a, (nuint)(before.Length - 4));
        for (int i = 0; i + 4 <= before.Length; i += step, count += 4)
        {
            Vector128<float> value = Vector128.LoadUnsafe(in a, (nuint)i);
            moved += Vector128.Abs(Vector128.LoadUnsafe(in b, (nuint)i) - value);
            apart += Vector128.Abs(value - previous);
            previous = value;
        }
        float length = Vector128.Sum(moved) / count, covered = before.Length * Vector128.Sum(moved) / Vector128.Sum(apart);
        float scale = 1 / (length * (covered < FewCovered ? LongCellLength : CellLength));
        return covered <= (before.Length <= MaxNarrow ? MaxCoveredOfNarrow : MaxCovered) && float.IsFinite(scale) ? scale : 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TestPairs(ReadOnlySpan<float> before, ReadOnlySpan<float> after, float scale, bool mayBeOne, ref KsBest best)
    {
        int perElement = before.Length <= MaxNarrow ? SlotsPerElementOfNarrow : SlotsPerElement;
        int slots = (int)Math.Clamp(BitOperations.RoundUpToPowerOf2((uint)(before.Length * perElement)), MinSlots, MaxSlots);
        if (_slotCounts.Length == 0)
        {
            _slotCounts = new(MaxSlots);
            _slotMarks = new(2 * MaxSlots);
            (_furtherPositions, _furtherPlaces) = (new ushort[_padded + 2 * Block], new ushort[_padded + 2 * Block]);
            (_places, _collected) = (new ushort[_padded + 1], new byte[_padded]);
            _firstPlaces = new(Block);
            for (int i = 0; i < Block; i++) _firstPlaces.Span[i] = (ushort)i;
            _intervals = new(_padded + 1);
        }
        if (!Spend(32 * before.Length + 8 * slots)) return false;  // the intervals and the cells that they touch; the slots
        bool isDone = CountPairs(before, after, scale, slots) && SumSlots(slots, before.Length + _further, out int most)
            && most <= MaxMeeting && SearchPairs(before, after, scale, slots, most, ref best);
        if (isDone && mayBeOne && best.Count < 2) isDone = LocateOne(before, after, scale, slots, ref best);
        _counts.Span[..(2 * slots)].Clear();
        return isDone;
    }

    /// <summary>Tests wide rows by parts, from the lowest values on: most cells of a part have a slot of their own, and once a difference
    /// is known only a greater one is looked for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TestPairsByParts(ReadOnlySpan<float> before, ReadOnlySpan<float> after, float scale, ref KsBest best)
    {
        if (HasNaN(before) || HasNaN(after)) return false;
        Span<float> sample = stackalloc float[MaxParts * SampledOfPart];
        sample = sample[..(Math.Min(before.Length / PartWidth, MaxParts) * SampledOfPart)];
        for (int i = 0; i < sample.Length; i++) sample[i] = before[(int)((long)i * before.Length / sample.Length)];
        sample.Sort();
        (_partBefore, _partAfter) = (_partBefore ?? new float[_padded + Block], _partAfter ?? new float[_padded + Block]);
        for (float least = float.NegativeInfinity, next = 0; least < float.PositiveInfinity; least = next)
        {
            sample = sample[Math.Min(SampledOfPart, sample.Length)..];
            next = sample.Length == 0 ? float.PositiveInfinity : MathF.BitIncrement(sample[0]);
            if (!Spend(8 * before.Length)) return false;
            int count = TakePart(before, after, least, next);
            if (count == 0) continue;
            int padded = (count + Block - 1) / Block * Block;
            for (int i = count; i < padded; i++) _partBefore[i] = _partAfter[i] = _partBefore[(i - count) % count];
            if (!TestPairs(_partBefore.AsSpan(0, padded), _partAfter.AsSpan(0, padded), scale, mayBeOne: false, ref best)) return false;
        }
        return best.Count >= 2;
    }

    /// <summary>Takes intervals as far as they lie between two values; returns how many.</summary>
    /// <remarks>Up to the second value the difference is what that of all is; at the second itself all end.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int TakePart(ReadOnlySpan<float> before, ReadOnlySpan<float> after, float least, float most)
    {
        TFloat low = TLanes.Broadcast(least), high = TLanes.Broadcast(most);
        ref float a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        ref float keptA = ref _partBefore![0], keptB = ref _partAfter![0];
        int kept = 0;
        for (int i = 0; i < before.Length; i += TLanes.Bytes / 4)
            kept += TLanes.StoreCut(
                TLanes.Load(ref a, i), TLanes.Load(ref b, i), low, high, ref Unsafe.Add(ref keptA, kept), ref Unsafe.Add(ref keptB, kept));
        return kept;
    }

    /// <summary>Counts upward and downward intervals at each slot that they touch; false when a NaN or an infinity was met, or intervals
    /// are too long.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool CountPairs(ReadOnlySpan<float> before, ReadOnlySpan<float> after, float scale, int slots)
    {
        int n = before.Length, half = TLanes.Bytes / 4, slotBits = BitOperations.Log2((uint)slots), further = 0;
        uint all = (uint)((1UL << 2 * half) - 1);
        TFloat scales = TLanes.Broadcast(scale), minusOne = TLanes.Broadcast(-1), zero = TLanes.Broadcast(0), poison = zero;
        TFloat cellLimit = TLanes.Broadcast(KsIntervals.MaxCell), toLength = TLanes.Broadcast(1.001f), lengthLimit = TLanes.Broadcast(8192);
        TBin mask = TLanes.BroadcastBin((ushort)(slots - 1)), direction = TLanes.BroadcastBin((ushort)slots),
            none = TLanes.BroadcastBin(0);
        ref float a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        ref ushort positions = ref _positionsBefore.Origin, furtherPositions = ref _furtherPositions![0],
            furtherPlaces = ref _furtherPlaces![0], first = ref _firstPlaces.Origin;
        ref sbyte counts = ref _counts.Origin;
        for (int i = 0; i < n; i += Block)
        {
            for (int k = i; k < i + Block; k += 2 * half)
            {
                TFloat a0 = TLanes.Load(ref a, k), a1 = TLanes.Load(ref a, k + half), b0 = TLanes.Load(ref b, k),
                    b1 = TLanes.Load(ref b, k + half);
                TFloat moved0 = TLanes.MultiplyAdd(a0, minusOne, b0), moved1 = TLanes.MultiplyAdd(a1, minusOne, b1);
                poison = TLanes.MultiplyAdd(moved1, zero, TLanes.MultiplyAdd(moved0, zero, poison));
                TFloat from0 = Cells(a0), from1 = Cells(a1), to0 = Cells(b0), to1 = Cells(b1);
                TBin from = TLanes.PackLow(from0, from1), to = TLanes.PackLow(to0, to1);
                TBin isDown = TLanes.And(TLanes.ShiftRight(TLanes.PackUpperBits(moved0, moved1), 15 - slotBits), direction);
                TLanes.StoreBin(TLanes.Or(TLanes.And(from, mask), isDown), ref positions, k);
                TBin places = TLanes.Add(TLanes.LoadBin(ref first, 0), TLanes.BroadcastBin((ushort)k));
                further += TLanes.StoreWhereDifferent(from, to, TLanes.Or(TLanes.And(to, mask), isDown), places,
                    ref Unsafe.Add(ref furtherPositions, further), ref Unsafe.Add(ref furtherPlaces, further));
                // Less than a cell's length apart they lie in one or two cells.
                uint isLong = TLanes.WhereEqual(TLanes.PackLow(Length(from0, to0), Length(from1, to1)), none) ^ all;
                for (; isLong != 0; isLong &= isLong - 1)
                {
                    int added = AddCellsBetween(before, after, scale, slots, k + BitOperations.TrailingZeroCount(isLong), further);
                    if (added < 0) return false;
                    further += added;
                }
                if (further > n) return false;
            }
            Interop.Cache.Prefetch(ref a, n + i);
            Interop.Cache.Prefetch(ref a, n + i + Block / 2);
            Interop.Cache.Prefetch(ref b, n + i);
            Interop.Cache.Prefetch(ref b, n + i + Block / 2);
            ref ushort block = ref Unsafe.Add(ref positions, i);
            for (nint k = 0; k < Block; k += 4)
            {
                Unsafe.Add(ref counts, (nint)Unsafe.Add(ref block, k))++;
                Unsafe.Add(ref counts, (nint)Unsafe.Add(ref block, k + 1))++;
                Unsafe.Add(ref counts, (nint)Unsafe.Add(ref block, k + 2))++;
                Unsafe.Add(ref counts, (nint)Unsafe.Add(ref block, k + 3))++;
            }
        }
        for (int i = 0; i < further; i++) Unsafe.Add(ref counts, (nint)Unsafe.Add(ref furtherPositions, i))++;
        _further = further;
        return !TLanes.AnyNaN(poison);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        TFloat Cells(TFloat value) => TLanes.Clamp(TLanes.MultiplyAdd(value, scales, zero), cellLimit);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        TFloat Length(TFloat from, TFloat to) =>
            TLanes.Clamp(TLanes.MultiplyAdd(TLanes.MultiplyAdd(from, minusOne, to), toLength, zero), lengthLimit);
    }

    /// <summary>Adds the cells that lie between both ends of an interval; returns how many, or -1 when they are too many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int AddCellsBetween(ReadOnlySpan<float> before, ReadOnlySpan<float> after, float scale, int slots, int place, int further)
    {
        int element = ValueBuckets.Element(place);
        int from = KsIntervals.Cell(before[element], scale), to = KsIntervals.Cell(after[element], scale), length = Math.Abs(to - from);
        if (length > MaxCells || further + length > _padded + Block) return -1;
        int downward = after[element] < before[element] ? slots : 0, added = 0;
        for (int cell = Math.Min(from, to) + 1; cell < Math.Max(from, to); cell++, added++)
            (_furtherPositions![further + added], _furtherPlaces![further + added]) =
                ((ushort)(cell & slots - 1 | downward), (ushort)place);
        return added;
    }

    /// <summary>Takes the greater count of both directions at each slot, and the greatest of all; false where a counter
    /// overflowed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool SumSlots(int slots, int total, out int most)
    {
        ref sbyte upward = ref _counts.Origin, downward = ref Unsafe.Add(ref upward, slots), both = ref _slotCounts.Origin;
        TBin sum = TLanes.BroadcastBin(0);
        TCount highest = TLanes.BroadcastCount(0), overflow = highest;
        for (int at = 0; at < slots; at += TLanes.Bytes)
        {
            TCount up = TLanes.LoadCount(ref upward, at), down = TLanes.LoadCount(ref downward, at), greater = TLanes.Max(up, down);
            sum = TLanes.AddUnsigned(TLanes.AddUnsigned(sum, up), down);
            overflow = TLanes.Or(overflow, TLanes.Or(up, down));
            highest = TLanes.Max(highest, greater);
            TLanes.StoreCount(greater, ref both, at);
        }
        TLanes.StoreCount(highest, ref _laneEnd.Origin, 0);
        most = 0;
        foreach (sbyte count in _laneEnd.Span[..TLanes.Bytes]) most = Math.Max(most, count);
        return TLanes.Negative(overflow) == 0 && TLanes.Sum(sum) == total;
    }
}
