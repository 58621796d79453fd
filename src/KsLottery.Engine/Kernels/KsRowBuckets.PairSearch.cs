using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Kernels;

/// <summary>Looks for the greatest difference among intervals that were counted at the slots that they touch.</summary>
internal sealed partial class KsRowBuckets<TLanes, TFloat, TBin, TCount>
{
    /// <summary>The intervals of so few slots are searched for, slot by slot.</summary>
    private const int MaxSearchedSlots = 20, ElementsPerSearch = 256;

    private readonly int[] _searchedSlots = new int[MaxSearchedSlots];

    /// <summary>Looks for differences of 2 and more that beat the best, or reach it upwards where it is known downwards alone; false where
    /// other ways are faster.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool SearchPairs(
        ReadOnlySpan<float> before, ReadOnlySpan<float> after, float scale, int slots, int most, ref KsBest best)
    {
        int least = Math.Max(2, best.Reached(+1) ? best.Count + 1 : best.Count);
        int maxSearched = Math.Min(MaxSearchedSlots, before.Length / ElementsPerSearch);
        int wanted = Math.Min(Math.Max(_wanted, least), most);
        for (int tries = 0; wanted >= least; wanted = wanted == least ? 0 : Math.Max(least, Lower(wanted, ++tries)))
        {
            int found = FindSlots(slots, wanted, maxSearched);
            // The slots; all positions for each that is searched for, or for those marked; and the intervals there.
            if (!Spend(4 * slots + before.Length * (4 * Math.Min(found, maxSearched) + 32))) return false;
            int count = found <= maxSearched ? SearchSlots(before, after, slots, found) : CollectPairs(before, after, slots, wanted);
            int kept = Thin(count, scale, wanted);
            if (kept > MaxSorted || !Spend(kept <= MaxCompared ? 8L * kept * kept : 8L * kept * BitOperations.Log2((uint)kept)))
                return false;
            KsBest here = best.Count == wanted ? best : new(wanted);
            if (kept <= MaxCompared) _intervals!.Offer(kept, ref here);
            else WalkIntervals(kept, ref here);
            // Where it is reached, all intervals that cover the place are among those walked.
            if (!here.Reached(+1) && !here.Reached(-1)) continue;
            best = here;
            break;
        }
        return true;
    }

    /// <summary>What is tried next: soon half, so that a row after one of a large difference does not take as many tries.</summary>
    private static int Lower(int wanted, int tries) => tries < 3 || wanted < 4 ? wanted - 1 : wanted / 2;

    /// <summary>Lists the slots with so many of one direction, up to one too many; returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int FindSlots(int slots, int wanted, int most)
    {
        ref sbyte counts = ref _slotCounts.Origin;
        TCount less = TLanes.BroadcastCount((sbyte)(wanted - 1)), none = TLanes.BroadcastCount(sbyte.MinValue);
        int found = 0;
        for (int at = 0; at < slots; at += TLanes.Bytes)
        {
            TCount here = TLanes.LoadCount(ref counts, at);
            for (ulong hits = TLanes.Outside(here, less, here, none); hits != 0; hits &= hits - 1)
            {
                if (found == most) return found + 1;
                _searchedSlots[found++] = at + BitOperations.TrailingZeroCount(hits);
            }
        }
        return found;
    }

    /// <summary>Collects the intervals that touch the slots listed; returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int SearchSlots(ReadOnlySpan<float> before, ReadOnlySpan<float> after, int slots, int found)
    {
        TBin mask = TLanes.BroadcastBin((ushort)(slots - 1));
        ref ushort positions = ref _positionsBefore.Origin, furtherPositions = ref _furtherPositions![0];
        int kept = 0;
        foreach (int slot in _searchedSlots.AsSpan(0, found))
        {
            TBin wanted = TLanes.BroadcastBin((ushort)slot);
            for (int at = 0; at < before.Length; at += TLanes.Bytes / 2)
            {
                uint hits = TLanes.WhereEqual(TLanes.And(TLanes.LoadBin(ref positions, at), mask), wanted);
                for (; hits != 0; hits &= hits - 1) kept = Collect(at + BitOperations.TrailingZeroCount(hits), kept);
            }
            for (int at = 0; at < _further; at += TLanes.Bytes / 2)
            {
                uint hits = TLanes.WhereEqual(TLanes.And(TLanes.LoadBin(ref furtherPositions, at), mask), wanted);
                if (_further - at < 32) hits &= (1u << _further - at) - 1;
                for (; hits != 0; hits &= hits - 1) kept = Collect(_furtherPlaces![at + BitOperations.TrailingZeroCount(hits)], kept);
            }
        }
        for (int i = 0; i < kept; i++) _collected![_places![i]] = 0;
        TakeIntervals(before, after, kept);
        return kept;
    }

    /// <summary>Notes a place that is not among those collected.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Collect(int place, int kept)
    {
        _places![kept] = (ushort)place;
        int isNew = 1 - _collected![place];
        _collected[place] = 1;
        return kept + isNew;
    }

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
        TakeIntervals(before, after, kept);
        return kept;
    }

    /// <summary>Takes the intervals at the places collected.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TakeIntervals(ReadOnlySpan<float> before, ReadOnlySpan<float> after, int count)
    {
        ref ushort places = ref _places![0];
        ref float a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        ref float keptA = ref _intervals!.Before[0], keptB = ref _intervals.After[0];
        for (int i = 0; i < count; i++)
        {
            nint element = ValueBuckets.Element(Unsafe.Add(ref places, i));
            Unsafe.Add(ref keptA, i) = Unsafe.Add(ref a, element);
            Unsafe.Add(ref keptB, i) = Unsafe.Add(ref b, element);
        }
    }

    /// <summary>Keeps fewer of the intervals collected, while there are many; returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Thin(int count, float scale, int wanted)
    {
        if (count > ushort.MaxValue) return count;
        for (int round = 0; round < KsIntervals.Rounds && count > MaxWalked; round++)
        {
            scale *= FinerCells;
            // Both ends and the slots of each, and the cells between them, of which each time there are twice as many.
            if (!float.IsFinite(scale) || !Spend(128L * count + (16L << round) * Math.Min(_further, MaxCells * count))) return count;
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

    /// <summary>Offers the first difference of rows whose difference is nowhere beyond 1; false where it is not soon found.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool LocateOne(ReadOnlySpan<float> before, ReadOnlySpan<float> after, float scale, int slots, ref KsBest best)
    {
        int points = MaxPoints;
        foreach (int sign in (ReadOnlySpan<int>)[+1, -1])
        {
            float at = float.NegativeInfinity;
            while (true)
            {
                at = sign > 0 ? NextMoved(before, after, at) : NextMoved(after, before, at);
                if (float.IsPositiveInfinity(at)) break;
                if (DifferenceAt(before, after, at, scale, slots) == sign)
                {
                    best.Offer(sign, SortableKey.FromSingle(at));
                    return true;
                }
                if (--points < 0 || !Spend(12 * before.Length)) return false;
            }
        }
        return true;
    }

    /// <summary>The smallest value beyond a point that is not the other row's; infinite when there is none.</summary>
    /// <remarks>At each of them the difference steps towards this row: an interval of its direction begins there, or one of the other
    /// ends, which is as good where one of its own still covers the point.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float NextMoved(ReadOnlySpan<float> row, ReadOnlySpan<float> other, float beyond)
    {
        ref readonly float x = ref MemoryMarshal.GetReference(row), y = ref MemoryMarshal.GetReference(other);
        Vector256<float> none = Vector256.Create(float.PositiveInfinity), least0 = none, least1 = none, after = Vector256.Create(beyond);
        for (nuint i = 0; i < (nuint)row.Length; i += 16)
        {
            Vector256<float> x0 = Vector256.LoadUnsafe(in x, i), x1 = Vector256.LoadUnsafe(in x, i + 8);
            Vector256<float> isNext0 = ~Vector256.Equals(x0, Vector256.LoadUnsafe(in y, i)) & Vector256.GreaterThan(x0, after);
            Vector256<float> isNext1 = ~Vector256.Equals(x1, Vector256.LoadUnsafe(in y, i + 8)) & Vector256.GreaterThan(x1, after);
            least0 = Vector256.MinNative(least0, Vector256.ConditionalSelect(isNext0, x0, none));
            least1 = Vector256.MinNative(least1, Vector256.ConditionalSelect(isNext1, x1, none));
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
