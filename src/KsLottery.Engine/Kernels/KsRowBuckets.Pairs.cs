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
    private const int MinSlots = 256, MaxSlots = 32_768, SlotsPerElement = 4;

    /// <summary>Cells are so many times as long as the mean interval: where few intervals meet, longer ones, of which fewer are
    /// touched.</summary>
    private const float CellLength = 4, LongCellLength = 8;

    /// <summary>It pays while the length of all intervals together is no more than this share of the mean distance of two values.</summary>
    private const float MaxCovered = 0.06f, MaxCoveredOfNarrow = 0.4f, FewCovered = 0.02f;

    private const int MaxNarrow = 512;

    /// <summary>Where more meet in a slot, as at a value that many elements share, other ways are faster.</summary>
    private const int MaxMeeting = 24;

    /// <summary>Of wider rows most slots are touched.</summary>
    private const int MaxPairsWidth = 32_768;

    /// <summary>An interval that touches more cells sends the row another way.</summary>
    private const int MaxCells = 16;

    /// <summary>More intervals are thinned out before they are walked, and the cells for that so many times as short.</summary>
    private const int MaxWalked = 48, FinerCells = 2;

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
    private int _further, _wanted = 3, _rowsUnpaired, _unpairedPatience = MinRowsOnWay;

    /// <summary>Null where the rows are not of that kind, and the way is shut for some rows more.</summary>
    private KsRowOutcome? TestPairs(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        if (before.Length > MaxPairsWidth || --_rowsUnpaired >= 0) return null;
        float scale = CellScale(before, after);
        if (!(scale > 0)) return null;
        KsRowOutcome? outcome = TestPairs(before, after, scale);
        _rowsUnpaired = outcome is null ? _unpairedPatience : 0;
        _unpairedPatience = outcome is null ? Math.Min(2 * _unpairedPatience, MaxRowsOnWay) : MinRowsOnWay;
        return outcome;
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
    private KsRowOutcome? TestPairs(ReadOnlySpan<float> before, ReadOnlySpan<float> after, float scale)
    {
        int slots = (int)Math.Clamp(BitOperations.RoundUpToPowerOf2((uint)before.Length * SlotsPerElement), MinSlots, MaxSlots);
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
        KsRowOutcome? outcome = CountPairs(before, after, scale, slots) && SumSlots(slots, before.Length + _further, out int most)
                && most <= MaxMeeting
            ? EvaluatePairs(before, after, scale, slots, most) : null;
        _counts.Span[..(2 * slots)].Clear();
        return outcome;
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome? EvaluatePairs(ReadOnlySpan<float> before, ReadOnlySpan<float> after, float scale, int slots, int most)
    {
        for (int wanted = Math.Min(_wanted, most), tries = 0; wanted >= 2; wanted = Lower(wanted, ++tries))
        {
            int kept = Thin(CollectPairs(before, after, slots, wanted), scale, wanted);
            if (kept > MaxSorted) return null;
            KsBest best = new(wanted);
            if (kept <= MaxCompared) _intervals!.Offer(kept, ref best);
            else WalkIntervals(kept, ref best);
            // Where it is reached, all intervals that cover the place are among those walked.
            if (!best.Reached(+1) && !best.Reached(-1)) continue;
            _wanted = best.Count;
            return best.Outcome;
        }
        _wanted = 2;
        return LocateOne(before, after, scale, slots);
    }

    /// <summary>What is tried next: soon half, so that a row after one of a large difference does not take as many tries.</summary>
    private static int Lower(int wanted, int tries) => tries < 3 || wanted < 4 ? wanted - 1 : wanted / 2;

    /// <summary>Sets 1 for both directions of slots with so many of one, 0 elsewhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MarkSlots(int slots, int wanted)
    {
        ref sbyte counts = ref _slotCounts.Origin, marks = ref _slotMarks.Origin;
        TCount less = TLanes.BroadcastCount((sbyte)(wanted - 1)), zero = TLanes.BroadcastCount(0), one = TLanes.BroadcastCount(1);
        for (int at = 0; at < slots; at += TLanes.Bytes)
        {
            TCount mark = TLanes.Min(TLanes.Max(TLanes.SubtractSaturate(TLanes.LoadCount(ref counts, at), less), zero), one);
            TLanes.StoreCount(mark, ref marks, at);
            TLanes.StoreCount(mark, ref marks, slots + at);
        }
    }

    /// <summary>Collects the intervals that touch a slot with so many of one direction; returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int CollectPairs(ReadOnlySpan<float> before, ReadOnlySpan<float> after, int slots, int wanted)
    {
        MarkSlots(slots, wanted);
        ref byte isMarked = ref Unsafe.As<sbyte, byte>(ref _slotMarks.Origin);
        ref ushort positions = ref _positionsBefore.Origin, furtherPositions = ref _furtherPositions![0],
            furtherPlaces = ref _furtherPlaces![0], places = ref _places![0];
        ref byte isCollected = ref _collected![0];
        int length = before.Length, further = _further, kept = 0;
        for (int place = 0; place < length; place += 4)
        {
            ref ushort position = ref Unsafe.Add(ref positions, place);
            Unsafe.Add(ref places, kept) = (ushort)place;
            kept += Unsafe.Add(ref isMarked, (nint)position);
            Unsafe.Add(ref places, kept) = (ushort)(place + 1);
            kept += Unsafe.Add(ref isMarked, (nint)Unsafe.Add(ref position, 1));
            Unsafe.Add(ref places, kept) = (ushort)(place + 2);
            kept += Unsafe.Add(ref isMarked, (nint)Unsafe.Add(ref position, 2));
            Unsafe.Add(ref places, kept) = (ushort)(place + 3);
            kept += Unsafe.Add(ref isMarked, (nint)Unsafe.Add(ref position, 3));
        }
        int first = kept;
        for (int i = 0; i < further; i++)
        {
            nint place = Unsafe.Add(ref furtherPlaces, i);
            int isNew = Unsafe.Add(ref isMarked, (nint)Unsafe.Add(ref furtherPositions, i))
                & ~(Unsafe.Add(ref isMarked, (nint)Unsafe.Add(ref positions, place)) | Unsafe.Add(ref isCollected, place));
            Unsafe.Add(ref isCollected, place) |= (byte)isNew;
            Unsafe.Add(ref places, kept) = (ushort)place;
            kept += isNew;
        }
        for (int i = first; i < kept; i++) Unsafe.Add(ref isCollected, (nint)Unsafe.Add(ref places, i)) = 0;
        ref float a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        ref float keptA = ref _intervals!.Before[0], keptB = ref _intervals.After[0];
        for (int i = 0; i < kept; i++)
        {
            nint element = ValueBuckets.Element(Unsafe.Add(ref places, i));
            Unsafe.Add(ref keptA, i) = Unsafe.Add(ref a, element);
            Unsafe.Add(ref keptB, i) = Unsafe.Add(ref b, element);
        }
        return kept;
    }

    /// <summary>Keeps fewer of the intervals collected, while there are many; returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Thin(int count, float scale, int wanted)
    {
        if (count > ushort.MaxValue) return count;
        for (int round = 0; round < KsIntervals.Rounds && count > MaxWalked; round++)
        {
            scale *= FinerCells;
            if (!float.IsFinite(scale)) return count;
            int kept = _intervals!.Keep(count, scale, wanted, round);
            if (kept > count / 2 && kept <= MaxCompared) return kept;
            count = kept;
        }
        return count;
    }

    private void WalkIntervals(int count, ref KsBest best)
    {
        for (int i = 0; i < count; i++)
        {
            _gatheredBefore[i] = SortableKey.FromSingle(_intervals!.Before[i]);
            _gatheredAfter[i] = SortableKey.FromSingle(_intervals.After[i]);
        }
        Walk(_gatheredBefore.AsSpan(0, count), _gatheredAfter.AsSpan(0, count), 0, ref best);
    }

    /// <summary>The outcome of rows whose difference is nowhere beyond 1; null where it is not soon found.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome? LocateOne(ReadOnlySpan<float> before, ReadOnlySpan<float> after, float scale, int slots)
    {
        int points = MaxPoints;
        foreach (int sign in (ReadOnlySpan<int>)[+1, -1])
        {
            float at = float.NegativeInfinity;
            while (true)
            {
                at = sign > 0 ? NextStart(before, after, at) : NextStart(after, before, at);
                if (float.IsPositiveInfinity(at)) break;
                if (DifferenceAt(before, after, at, scale, slots) == sign) return new(1, sign, at + 0f);
                if (--points < 0) return null;
            }
        }
        return KsRowOutcome.Equal;
    }

    /// <summary>The smallest value beyond a point that is less than the other row's; infinite when there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float NextStart(ReadOnlySpan<float> lower, ReadOnlySpan<float> upper, float beyond)
    {
        ref readonly float x = ref MemoryMarshal.GetReference(lower), y = ref MemoryMarshal.GetReference(upper);
        Vector256<float> none = Vector256.Create(float.PositiveInfinity), least0 = none, least1 = none, after = Vector256.Create(beyond);
        for (nuint i = 0; i < (nuint)lower.Length; i += 16)
        {
            Vector256<float> x0 = Vector256.LoadUnsafe(in x, i), x1 = Vector256.LoadUnsafe(in x, i + 8);
            Vector256<float> isStart0 = Vector256.LessThan(x0, Vector256.LoadUnsafe(in y, i)) & Vector256.GreaterThan(x0, after);
            Vector256<float> isStart1 = Vector256.LessThan(x1, Vector256.LoadUnsafe(in y, i + 8)) & Vector256.GreaterThan(x1, after);
            least0 = Vector256.MinNative(least0, Vector256.ConditionalSelect(isStart0, x0, none));
            least1 = Vector256.MinNative(least1, Vector256.ConditionalSelect(isStart1, x1, none));
        }
        least0 = Vector256.MinNative(least0, least1);
        float least = float.PositiveInfinity;
        for (int i = 0; i < Vector256<float>.Count; i++) least = MathF.Min(least, least0[i]);
        return least;
    }

    /// <summary>How many more elements before than after are no greater than a value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int DifferenceAt(ReadOnlySpan<float> before, ReadOnlySpan<float> after, float value, float scale, int slots)
    {
        int slot = KsIntervals.Cell(value, scale) & slots - 1, difference = 0;
        TBin wanted = TLanes.BroadcastBin((ushort)slot), mask = TLanes.BroadcastBin((ushort)(slots - 1));
        ref ushort positions = ref _positionsBefore.Origin;
        for (int at = 0; at < before.Length; at += TLanes.Bytes / 2)
            for (uint hits = TLanes.WhereEqual(TLanes.And(TLanes.LoadBin(ref positions, at), mask), wanted); hits != 0; hits &= hits - 1)
                difference += At(at + BitOperations.TrailingZeroCount(hits), before, after, value);
        for (int i = 0; i < _further; i++)
            if ((_furtherPositions![i] & slots - 1) == slot) difference += At(_furtherPlaces![i], before, after, value);
        return difference;

        static int At(int place, ReadOnlySpan<float> before, ReadOnlySpan<float> after, float value)
        {
            int element = ValueBuckets.Element(place);
            return (before[element] <= value ? 1 : 0) - (after[element] <= value ? 1 : 0);
        }
    }
}
