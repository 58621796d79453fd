using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Kernels;

/// <summary>Counts rows of few values, each value in a slot of its own that a hash of its bits finds. Values keep their slots and their
/// order for the rows that follow: rows of a matrix are alike.</summary>
/// <remarks>O(d + values), portable; no count overflows. Only speed depends on the rows before.</remarks>
internal sealed class KsKnownValues<TElement, TBits>
    where TElement : IStoredElement<TElement, TBits>
    where TBits : unmanaged, IBinaryInteger<TBits>
{
    /// <summary>The most values that are kept, what of them a row may bring anew again and again.</summary>
    private const int MaxValues = 320, MaxChanging = MaxValues / 4;

    /// <summary>How many hashes are tried for a row before values that no slots of their own are found for are too many.</summary>
    private const int MaxTries = 192;

    /// <summary>Rows that have less than one in so many of the kept values are of others each: what was kept is forgotten.</summary>
    private const int MaxUnused = 4;

    /// <summary>One new value for so many elements a row may bring again and again: each costs as much as counting some twenty. More only
    /// where values occur twice on average, zeros left aside.</summary>
    private const int ElementsPerChange = 16;

    private const int Block = 8;

    /// <summary>Elements that are looked at before a row is tried, and how often.</summary>
    private const int Sampled = 32, RowsBetweenLooks = 7, RowsBetweenGlances = 31;

    /// <summary>After a row of many values so many are not tried, and twice as many each time.</summary>
    private const int MinRowsAway = 15, MaxRowsAway = 1023;

    // Made when rows first look as if they had few values; aligned, so that no slot lies in two cache lines.
    private AlignedScratch<int> _memory;
    private SplitMix64 _random = new(1);
    private uint _multiplier = typeof(TBits) == typeof(ushort) ? 1u << 32 - SlotBits : 0x9E37_79B1;

    // Keys and bits in value order. Zeros of both signs stand side by side; one key more ends the last.
    private readonly uint[] _keys = new uint[MaxValues + 1], _bits = new uint[MaxValues];
    private int _count, _added, _tries, _rowsAway, _rowsToGlance, _patience = MinRowsAway;
    private bool _areFew, _hasNaN;

    public KsKnownValues() => Forget();

    /// <summary>Zero is always known, in the first; in all others its bits mean that there is no value.</summary>
    private Span<Slot> Slots => MemoryMarshal.Cast<int, Slot>(_memory.Span);

    /// <summary>log2 of how many slots there are: one for each value of 16 bits, and many more than values of F32.</summary>
    private static int SlotBits
    {
        // A program compiled ahead of time would call it, four times for each pair of elements.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => typeof(TBits) == typeof(ushort) ? 16 : 14;
    }

    /// <summary>How many pairs of the elements looked at must be twins: of 16-bit values some are by chance.</summary>
    private static int MinTwins => typeof(TBits) == typeof(ushort) ? 3 : 2;

    /// <summary>How many must be where a row has hardly more than thirty values.</summary>
    private const int ManyTwins = 12;

    /// <summary>How many bytes loops went through for the last row, at most.</summary>
    public long Effort { get; private set; }

    /// <summary>A value's bits, and how many elements have it: of the first row in two counters by turns, so that an addition need not wait
    /// for that of its neighbour.</summary>
    private struct Slot
    {
        public uint Bits;
        public int Before, BeforeToo, After;
    }

    /// <summary>Null where the rows have many values, or those before had.</summary>
    /// <param name="before">The row.</param>
    /// <param name="after">The other.</param>
    /// <param name="areVeryFew">Whether rows are left aside that do not look as if they had hardly more than thirty values.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public KsRowOutcome? Test(ReadOnlySpan<TBits> before, ReadOnlySpan<TBits> after, bool areVeryFew = false)
    {
        Effort = 0;
        if (areVeryFew && !_areFew)
        {
            if (_rowsAway > 0 ? _rowsAway-- > 0 : --_rowsToGlance >= 0) return null;
            if (!AreLikelyFew(before, ManyTwins))
            {
                _rowsToGlance = RowsBetweenGlances;
                return null;
            }
        }
        else if (--_rowsAway >= 0) return null;
        else if (!_areFew && !AreLikelyFew(before, MinTwins))
        {
            _rowsAway = RowsBetweenLooks;
            return null;
        }
        KsRowOutcome? outcome = CountAll(before, after, out bool isLikeThoseBefore);
        _areFew = outcome is not null && isLikeThoseBefore;
        if (!_areFew) (_rowsAway, _patience) = (_patience, Math.Min(2 * _patience, MaxRowsAway));
        else if (_added == 0) _patience = MinRowsAway;
        return outcome;
    }

    /// <summary>Whether a row looks as if it had few values: several of its elements are the same, zeros left aside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool AreLikelyFew(ReadOnlySpan<TBits> row, int minTwins)
    {
        Effort += 4 * Sampled * Sampled * Unsafe.SizeOf<TBits>();
        int step = Math.Max(1, row.Length / Sampled), count = 0, equal = 0;
        Span<TBits> sample = stackalloc TBits[2 * Sampled];
        for (int i = 0; i < row.Length; i += step)
        {
            sample[count] = row[i];
            count += row[i] << 1 != TBits.Zero ? 1 : 0;
        }
        sample[count..].Clear();
        ref TBits first = ref MemoryMarshal.GetReference(sample);
        for (int i = 0; i < count; i++)
        {
            Vector256<TBits> bits = Vector256.Create(sample[i]);
            for (int k = 0; k < count; k += Vector256<TBits>.Count)
                equal += BitOperations.PopCount(
                    Vector256.Equals(Vector256.LoadUnsafe(ref first, (nuint)k), bits).ExtractMostSignificantBits());
        }
        return equal - count >= 2 * minTwins;  // each is equal to itself, and twins to each other
    }

    private KsRowOutcome? CountAll(ReadOnlySpan<TBits> before, ReadOnlySpan<TBits> after, out bool isLikeThoseBefore)
    {
        isLikeThoseBefore = true;
        _tries = 0;
        if (_memory.Length == 0) _memory = new(Unsafe.SizeOf<Slot>() / sizeof(int) << SlotBits);
        bool isFirst = _count == 1;
        if (Count(before, after))
        {
            KsRowOutcome outcome = Sum(out bool areRepeated);
            isLikeThoseBefore = isFirst || IsFewNew(before.Length, areRepeated);
            return outcome;
        }
        Forget();
        if (_hasNaN) return KsRowOutcome.NotANumber;
        if (isFirst) return null;
        // Values of rows before took the slots.
        bool isCounted = Count(before, after);
        if (isCounted)
        {
            KsRowOutcome outcome = Sum(out bool areRepeated);
            isLikeThoseBefore = IsFewNew(before.Length, areRepeated);
            return outcome;
        }
        isLikeThoseBefore = IsFewNew(before.Length, areRepeated: false);
        Forget();
        return _hasNaN ? KsRowOutcome.NotANumber : null;
    }

    private bool IsFewNew(int width, bool areRepeated) =>
        _added <= Math.Min(MaxChanging, width / (areRepeated ? 2 : ElementsPerChange));

    private void Forget()
    {
        for (int i = 0; i < _count; i++) Slots[(int)(_bits[i] * _multiplier >> 32 - SlotBits)] = default;
        (_count, _bits[0], _keys[0], _keys[1]) = (1, 0, SortableKey.FromSingle(0), uint.MaxValue);
    }

    /// <summary>False where a value finds no slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Count(ReadOnlySpan<TBits> before, ReadOnlySpan<TBits> after)
    {
        (_added, _hasNaN) = (0, false);
        Effort += 2L * before.Length * (Unsafe.SizeOf<TBits>() + Unsafe.SizeOf<Slot>());
        int whole = before.Length / Block * Block;
        for (int i = 0; i < whole; i += Block)
            if (CountBlock(before, after, i, +1) != 0 && !CountNew(before, after, i)) return false;
        for (int i = whole; i < before.Length; i++)
            if (!CountEach(before[i], after[i])) return false;
        return true;
    }

    /// <summary>Counts a block, or takes its counts back; not 0 where a value is not known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint CountBlock(ReadOnlySpan<TBits> before, ReadOnlySpan<TBits> after, int start, int step)
    {
        ref Slot slots = ref Unsafe.As<int, Slot>(ref _memory.Origin);
        ref TBits a = ref Unsafe.Add(ref MemoryMarshal.GetReference(before), start);
        ref TBits b = ref Unsafe.Add(ref MemoryMarshal.GetReference(after), start);
        uint missed = 0, multiplier = _multiplier;
        for (nint i = 0; i < Block; i += 2)
        {
            uint bits = uint.CreateTruncating(Unsafe.Add(ref a, i));
            ref Slot slot = ref Unsafe.Add(ref slots, bits * multiplier >> 32 - SlotBits);
            missed |= slot.Bits ^ bits;
            slot.Before += step;
            bits = uint.CreateTruncating(Unsafe.Add(ref b, i));
            slot = ref Unsafe.Add(ref slots, bits * multiplier >> 32 - SlotBits);
            missed |= slot.Bits ^ bits;
            slot.After += step;
            bits = uint.CreateTruncating(Unsafe.Add(ref a, i + 1));
            slot = ref Unsafe.Add(ref slots, bits * multiplier >> 32 - SlotBits);
            missed |= slot.Bits ^ bits;
            slot.BeforeToo += step;
            bits = uint.CreateTruncating(Unsafe.Add(ref b, i + 1));
            slot = ref Unsafe.Add(ref slots, bits * multiplier >> 32 - SlotBits);
            missed |= slot.Bits ^ bits;
            slot.After += step;
        }
        return missed;
    }

    /// <summary>Counts a block with new values; false where there are too many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private bool CountNew(ReadOnlySpan<TBits> before, ReadOnlySpan<TBits> after, int start)
    {
        Effort += 4 * Block * (Unsafe.SizeOf<TBits>() + Unsafe.SizeOf<Slot>());
        CountBlock(before, after, start, -1);
        for (int i = start; i < start + Block; i++)
            if (!CountEach(before[i], after[i])) return false;
        return true;
    }

    private bool CountEach(TBits before, TBits after)
    {
        int from = SlotOf(uint.CreateTruncating(before));
        if (from < 0) return false;
        Slots[from].Before++;
        int to = SlotOf(uint.CreateTruncating(after));
        if (to < 0) return false;
        Slots[to].After++;
        return true;
    }

    /// <summary>The slot of a value, which may be new; less than 0 where there are too many values, or it is NaN.</summary>
    private int SlotOf(uint bits)
    {
        Span<Slot> slots = Slots;
        int at = (int)(bits * _multiplier >> 32 - SlotBits);
        if (slots[at].Bits == bits) return at;
        float value = TElement.Widen(TBits.CreateTruncating(bits));
        _hasNaN |= float.IsNaN(value);
        if (_hasNaN || _count == MaxValues || ((at == 0 || slots[at].Bits != 0) && !TrySpread(bits))) return -1;
        at = (int)(bits * _multiplier >> 32 - SlotBits);
        slots[at].Bits = bits;
        Insert(SortableKey.FromSingle(value), bits);
        return at;
    }

    /// <summary>Finds a hash that gives each value a slot of its own, that of a new one free, and moves all there; false where none is
    /// found soon.</summary>
    private bool TrySpread(uint added)
    {
        Span<ulong> taken = stackalloc ulong[1 << SlotBits - 6];
        for (; _tries < MaxTries; _tries++)
        {
            Effort += sizeof(ulong) * (taken.Length + _count);
            uint multiplier = (uint)_random.Next() | 1;
            taken.Clear();
            bool areApart = TryTake(taken, added * multiplier >> 32 - SlotBits);
            for (int i = 0; i < _count && areApart; i++) areApart = TryTake(taken, _bits[i] * multiplier >> 32 - SlotBits);
            if (!areApart) continue;
            Move(multiplier);
            return true;
        }
        return false;

        static bool TryTake(Span<ulong> taken, uint at)
        {
            ulong bit = 1UL << (int)(at & 63), before = taken[(int)(at >> 6)];
            taken[(int)(at >> 6)] = before | bit;
            return (before & bit) == 0;
        }
    }

    private void Move(uint multiplier)
    {
        Span<Slot> slots = Slots, moved = stackalloc Slot[_count];
        for (int i = 0; i < _count; i++)
        {
            ref Slot slot = ref slots[(int)(_bits[i] * _multiplier >> 32 - SlotBits)];
            (moved[i], slot) = (slot, default);
        }
        _multiplier = multiplier;
        foreach (Slot slot in moved) slots[(int)(slot.Bits * multiplier >> 32 - SlotBits)] = slot;
    }

    private void Insert(uint key, uint bits)
    {
        Effort += 2 * sizeof(uint) * _count;
        int at = _keys.AsSpan(0, _count).BinarySearch(key);
        if (at < 0) at = ~at;
        _keys.AsSpan(at, _count + 1 - at).CopyTo(_keys.AsSpan(at + 1));
        _bits.AsSpan(at, _count - at).CopyTo(_bits.AsSpan(at + 1));
        (_keys[at], _bits[at]) = (key, bits);
        _count++;
        _added++;
    }

    /// <summary>Sums all counts in value order, and takes them back.</summary>
    /// <param name="areRepeated">Whether values other than zero occur twice on average.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome Sum(out bool areRepeated)
    {
        ref Slot slots = ref Unsafe.As<int, Slot>(ref _memory.Origin);
        ref uint keys = ref MemoryMarshal.GetArrayDataReference(_keys), bits = ref MemoryMarshal.GetArrayDataReference(_bits);
        int sum = 0, highest = 0, lowest = 0, count = _count, used = 0, elements = 0;
        Effort += (Unsafe.SizeOf<Slot>() + 2 * sizeof(uint)) * count;
        Slot zeros = slots;
        uint highestAt = 0, lowestAt = 0, multiplier = _multiplier;
        for (nint i = 0; i < count; i++)
        {
            ref Slot slot = ref Unsafe.Add(ref slots, Unsafe.Add(ref bits, i) * multiplier >> 32 - SlotBits);
            int occurs = slot.Before + slot.BeforeToo + slot.After;
            used += occurs == 0 ? 0 : 1;
            elements += occurs;
            sum += slot.Before + slot.BeforeToo - slot.After;
            (slot.Before, slot.BeforeToo, slot.After) = (0, 0, 0);
            uint key = Unsafe.Add(ref keys, i);
            if (key == Unsafe.Add(ref keys, i + 1)) continue;
            if (sum > highest) (highest, highestAt) = (sum, key);
            if (sum < lowest) (lowest, lowestAt) = (sum, key);
        }
        areRepeated = 2 * used <= elements - (zeros.Before + zeros.BeforeToo + zeros.After);
        if (used * MaxUnused < count) Forget();
        if (highest == 0 && lowest == 0) return KsRowOutcome.Equal;
        return highest >= -lowest ? new(highest, 1, SortableKey.ToSingle(highestAt)) : new(-lowest, -1, SortableKey.ToSingle(lowestAt));
    }
}
