using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Kernels;

internal sealed partial class KsRowBuckets<TLanes, TFloat, TBin, TCount>
{
    private const int Magnitude = 0x7fff;

    /// <summary>The bucket of zero; above and below it lie this many magnitudes, less one.</summary>
    private const int ZeroBucket = 4096, KeyRowBits = 7;

    /// <summary>What stands for a difference of 0 within a lane; a lane's differences stay below it.</summary>
    private const ushort Bias = 0x8000, Mirror = unchecked((ushort)(2 * Bias));

    /// <summary>From here on buckets are faster for few BF16 values, while they hold them.</summary>
    private const int MinBucketsFirst = 768;

    private KsKnownValues<Float16, ushort>? _knownFloats16;
    private KsKnownValues<BFloat16, ushort>? _knownBFloats16;
    private readonly AlignedScratch<ushort> _keyEnd = new(Lanes), _keyHigh = new(Lanes), _keyLow = new(Lanes);
    private readonly int[] _keyStart = new int[Lanes];

    /// <summary>The buckets of BF16 rows: a value's bits are its bucket, but for the smallest magnitudes, which share that of
    /// zero.</summary>
    /// <param name="Smallest">The largest of the magnitudes that share the bucket of zero.</param>
    private readonly record struct KeyBuckets(int Smallest)
    {
        /// <summary>The sortable key of the one value in a bucket other than a shared one.</summary>
        public uint KeyOf(int bucket)
        {
            int offset = bucket - ZeroBucket;
            int bits = offset == 0 ? 0 : Math.Abs(offset) + Smallest | (offset < 0 ? Magnitude + 1 : 0);
            return Key((ushort)bits);
        }

        public static uint Key(ushort bits) => SortableKey.FromSingle(HalfPrecision.FromBFloat16(bits));
    }

    public KsRowOutcome TestFloat16(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after)
    {
        Begin(8 * Width);
        return Width > MaxSplitHalves ? TestKeys<Float16>(before, after)
            : TestKnown<Float16>(before, after) ?? Fallback.TestFloat16(before, after);
    }

    public KsRowOutcome TestBFloat16(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after)
    {
        Begin(8 * Width);
        return Width > MaxSplitHalves ? TestKeys<BFloat16>(before, after)
            : TestKnown<BFloat16>(before, after) ?? Fallback.TestBFloat16(before, after);
    }

    /// <summary>Null where the rows have many values, or are left aside as not having very few.</summary>
    private KsRowOutcome? TestKnown<TElement>(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after, bool areVeryFew = false)
    {
        if (typeof(TElement) == typeof(BFloat16))
        {
            KsRowOutcome? outcome = (_knownBFloats16 ??= new()).Test(before, after, areVeryFew);
            _effortOfKnown += _knownBFloats16.Effort;
            return outcome;
        }
        else
        {
            KsRowOutcome? outcome = (_knownFloats16 ??= new()).Test(before, after, areVeryFew);
            _effortOfKnown += _knownFloats16.Effort;
            return outcome;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome TestKeys<TElement>(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after)
        where TElement : IStoredElement<TElement, ushort>
    {
        ReadOnlySpan<ushort> a = before, b = after;
        if (_padded != Width)
        {
            a = PadBits(before, _bitsBefore ??= new ushort[_padded], before[0]);
            b = PadBits(after, _bitsAfter ??= new ushort[_padded], before[0]);
        }
        if (AreSame(a, b, out int largest)) return largest > TElement.NonFinite ? KsRowOutcome.NotANumber : KsRowOutcome.Equal;
        bool bucketsAreFirst = typeof(TElement) == typeof(BFloat16) && Width >= MinBucketsFirst;
        if (TestKnown<TElement>(before, after, areVeryFew: bucketsAreFirst) is { } known) return known;
        Take(4 * _padded);
        (largest, int equal, bool hasNegative) = Survey(a, b);
        if (largest > TElement.NonFinite) return KsRowOutcome.NotANumber;
        if (Width <= MaxSplitEqual && _padded - equal <= MaxSplitDifferent)
            return typeof(TElement) == typeof(BFloat16) ? Fallback.TestBFloat16(before, after) : Fallback.TestFloat16(before, after);
        if (typeof(TElement) == typeof(BFloat16))
        {
            return TestInKeyBuckets(a, b, largest, equal) ?? (bucketsAreFirst ? TestKnown<BFloat16>(before, after) : null)
                ?? (Width < MinBinsWidth ? Fallback.TestBFloat16(before, after) : TestInBins<TElement>(a, b, largest, hasNegative, equal));
        }
        if (Width < MinBinsWidth && 8 * equal < Width)
            return TestWidened<TElement>(before, after) ?? Fallback.TestFloat16(before, after);
        return Width < MinEqualBinsWidth ? Fallback.TestFloat16(before, after) : TestInBins<TElement>(a, b, largest, hasNegative, equal);
    }

    /// <summary>Null where buckets do not hold the rows.</summary>
    private KsRowOutcome? TestWidened<TElement>(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after)
        where TElement : IStoredElement<TElement, ushort>
    {
        Take(12 * Width);
        TElement.Widen(before, _widenedBefore ??= new float[Width]);
        TElement.Widen(after, _widenedAfter ??= new float[Width]);
        return TestInBuckets(_widenedBefore, _widenedAfter);
    }

    /// <summary>Null where a bucket overflowed, or a row before it did.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome? TestInKeyBuckets(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after, int largest, int equal)
    {
        if (--_rowsInBins >= 0) return null;
        Take(32 * _padded + 5 * (2 * Lanes << KeyRowBits));  // mapped, counted, and those of a shared bucket found and sorted
        KeyBuckets buckets = new(Math.Max(0, largest - (ZeroBucket - 1)));
        int counted = Count(before, after, equal, new KeyLanes(buckets.Smallest, ZeroBucket, KeyRowBits), KeyRowBits,
            new BucketCounters(ref _counts.Origin));
        KsRowOutcome? outcome = ScanKeys(2 * counted) ? Evaluate(before, after, buckets) : null;
        _counts.Span[..(2 * Lanes << KeyRowBits)].Clear();
        _rowsInBins = outcome is null ? MinRowsOnWay : 0;
        return outcome;
    }

    private static ushort[] PadBits(ReadOnlySpan<ushort> row, ushort[] padded, ushort value)
    {
        row.CopyTo(padded);
        padded.AsSpan(row.Length).Fill(value);
        return padded;
    }

    /// <summary>The largest magnitude in both rows, at how many places their bits are equal, and whether any value has a
    /// sign.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (int Largest, int Equal, bool HasNegative) Survey(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after)
    {
        ref ushort a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        TBin mask = TLanes.BroadcastBin(Magnitude), largest = TLanes.BroadcastBin(0), all = largest;
        int equal = 0;
        for (int i = 0; i < before.Length; i += TLanes.Bytes / 2)
        {
            TBin x = TLanes.LoadBin(ref a, i), y = TLanes.LoadBin(ref b, i);
            largest = TLanes.Max(largest, TLanes.Max(TLanes.And(x, mask), TLanes.And(y, mask)));
            all = TLanes.Or(all, TLanes.Or(x, y));
            equal += BitOperations.PopCount(TLanes.WhereEqual(x, y));
        }
        return (LargestOf(largest), equal, LargestOf(all) > Magnitude);
    }

    /// <summary>Whether both rows have the same bits; where they do, the largest magnitude. Fetches the next row pair meanwhile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool AreSame(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after, out int largest)
    {
        ref ushort a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        TBin mask = TLanes.BroadcastBin(Magnitude), most = TLanes.BroadcastBin(0);
        largest = 0;
        for (int i = 0; i < before.Length; i += Block)
        {
            for (int k = i; k < i + Block; k += TLanes.Bytes / 2)
            {
                TBin x = TLanes.LoadBin(ref a, k);
                if (!TLanes.AreSame(x, TLanes.LoadBin(ref b, k))) return false;
                most = TLanes.Max(most, TLanes.And(x, mask));
            }
            Interop.Cache.Prefetch(ref a, before.Length + i);
            Interop.Cache.Prefetch(ref b, before.Length + i);
        }
        largest = LargestOf(most);
        return true;
    }

    // Inlined, because a vector that is passed on lives in memory throughout the loop that fills it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int LargestOf(TBin values)
    {
        TLanes.StoreBin(values, ref _magnitudes.Origin, 0);
        return Largest(_magnitudes.Span[..(TLanes.Bytes / 2)]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Largest(ReadOnlySpan<ushort> values)
    {
        int largest = 0;
        foreach (ushort value in values) largest = Math.Max(largest, value);
        return largest;
    }

    /// <summary>Turns bits into bucket positions.</summary>
    private readonly struct KeyLanes(int smallest, int zero, int rowBits)
    {
        private readonly TBin _smallest = TLanes.BroadcastBin((ushort)smallest), _zero = TLanes.BroadcastBin((ushort)zero);
        private readonly TBin _magnitude = TLanes.BroadcastBin(Magnitude), _mask = TLanes.BroadcastBin((ushort)((1 << rowBits) - 1 << 6));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TBin Positions(TBin bits, int rowBits)
        {
            TBin magnitude = TLanes.SubtractSaturate(TLanes.And(bits, _magnitude), _smallest), sign = TLanes.SignFill(bits);
            return Transpose(TLanes.Add(TLanes.Subtract(TLanes.Xor(magnitude, sign), sign), _zero), rowBits, _mask);
        }
    }

    /// <summary>What values are counted in.</summary>
    private interface IKeyCounters
    {
        /// <summary>Counts a <see cref="Block"/> of both rows.</summary>
        void AddBlock(ref ushort positionsBefore, ref ushort positionsAfter);

        /// <summary>Counts a value of either row.</summary>
        void Add(int positionBefore, int positionAfter);
    }

    /// <summary>Counts both rows apart, in 8 bits.</summary>
    private readonly ref struct BucketCounters(ref sbyte counts) : IKeyCounters
    {
        private readonly ref sbyte _before = ref counts, _after = ref Unsafe.Add(ref counts, Lanes << KeyRowBits);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void AddBlock(ref ushort positionsBefore, ref ushort positionsAfter) =>
            CountBlock(ref _before, ref _after, ref positionsBefore, ref positionsAfter);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(int positionBefore, int positionAfter)
        {
            Unsafe.Add(ref _before, (nint)positionBefore)++;
            Unsafe.Add(ref _after, (nint)positionAfter)++;
        }
    }

    /// <summary>Counts both rows, without pairs that are equal where there are many. Returns how many values of a row.</summary>
    private int Count<TCounters>(
        ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after, int equal, KeyLanes keys, int rowBits, TCounters counters)
        where TCounters : IKeyCounters, allows ref struct => 4 * equal < before.Length
            ? CountAll(before, after, keys, rowBits, counters) : CountDifferent(before, after, keys, rowBits, counters);

    /// <summary>Counts all values of both rows, one block behind the mapping.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int CountAll<TCounters>(
        ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after, KeyLanes keys, int rowBits, TCounters counters)
        where TCounters : IKeyCounters, allows ref struct
    {
        int n = before.Length;
        ref ushort a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        ref ushort positionsA = ref _positionsBefore.Origin, positionsB = ref _positionsAfter.Origin;
        for (int i = 0; i <= n; i += Block)
        {
            if (i < n)
            {
                for (int k = i; k < i + Block; k += TLanes.Bytes / 2)
                {
                    TLanes.StoreBin(keys.Positions(TLanes.LoadBin(ref a, k), rowBits), ref positionsA, k);
                    TLanes.StoreBin(keys.Positions(TLanes.LoadBin(ref b, k), rowBits), ref positionsB, k);
                }
                Interop.Cache.Prefetch(ref a, n + i);
                Interop.Cache.Prefetch(ref b, n + i);
            }
            if (i > 0) counters.AddBlock(ref Unsafe.Add(ref positionsA, i - Block), ref Unsafe.Add(ref positionsB, i - Block));
        }
        return n;
    }

    /// <summary>Counts the values at places where the rows differ: equal ones move no difference between them. Returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int CountDifferent<TCounters>(
        ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after, KeyLanes keys, int rowBits, TCounters counters)
        where TCounters : IKeyCounters, allows ref struct
    {
        int n = before.Length, kept = 0;
        ref ushort a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        ref ushort positionsA = ref _positionsBefore.Origin, positionsB = ref _positionsAfter.Origin;
        for (int i = 0; i < n; i += TLanes.Bytes / 2)
        {
            TBin x = TLanes.LoadBin(ref a, i), y = TLanes.LoadBin(ref b, i);
            Interop.Cache.Prefetch(ref a, n + i);
            Interop.Cache.Prefetch(ref b, n + i);
            kept += TLanes.StoreWhereDifferent(x, y, keys.Positions(x, rowBits), keys.Positions(y, rowBits),
                ref Unsafe.Add(ref positionsA, kept), ref Unsafe.Add(ref positionsB, kept));
        }
        int whole = kept / Block * Block;
        for (int i = 0; i < whole; i += Block) counters.AddBlock(ref Unsafe.Add(ref positionsA, i), ref Unsafe.Add(ref positionsB, i));
        for (int i = whole; i < kept; i++) counters.Add(Unsafe.Add(ref positionsA, i), Unsafe.Add(ref positionsB, i));
        return kept;
    }

    /// <summary>Runs the prefix sums of all lanes in 16 bits; false where a counter overflowed.</summary>
    /// <remarks>
    /// A lane of keys is a power of two of values, which may hold so much of a row that a sum in 8 bits would saturate. Only edges are
    /// wanted. Sums lie around <see cref="Bias"/>, so that unsigned maxima serve for both signs.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool ScanKeys(int total)
    {
        ref sbyte before = ref _counts.Origin, after = ref Unsafe.Add(ref before, Lanes << KeyRowBits);
        TBin bias = TLanes.BroadcastBin(Bias), mirror = TLanes.BroadcastBin(Mirror), sum = TLanes.BroadcastBin(0);
        TCount overflow = TLanes.BroadcastCount(0);
        for (int group = 0; group < Lanes; group += TLanes.Bytes)
        {
            TBin lower = bias, upper = bias, highLower = bias, highUpper = bias, lowLower = bias, lowUpper = bias;
            for (int at = group; at < Lanes << KeyRowBits; at += Lanes)
            {
                TCount a = TLanes.LoadCount(ref before, at), b = TLanes.LoadCount(ref after, at);
                overflow = TLanes.Or(overflow, TLanes.Or(a, b));
                sum = TLanes.AddUnsigned(sum, TLanes.Add(a, b));  // exact unless a counter overflowed
                lower = TLanes.Add(lower, TLanes.Subtract(TLanes.WidenLower(a), TLanes.WidenLower(b)));
                upper = TLanes.Add(upper, TLanes.Subtract(TLanes.WidenUpper(a), TLanes.WidenUpper(b)));
                highLower = TLanes.Max(highLower, lower);
                highUpper = TLanes.Max(highUpper, upper);
                lowLower = TLanes.Max(lowLower, TLanes.Subtract(mirror, lower));
                lowUpper = TLanes.Max(lowUpper, TLanes.Subtract(mirror, upper));
            }
            int half = group + TLanes.Bytes / 2;
            TLanes.StoreBin(lower, ref _keyEnd.Origin, group);
            TLanes.StoreBin(upper, ref _keyEnd.Origin, half);
            TLanes.StoreBin(highLower, ref _keyHigh.Origin, group);
            TLanes.StoreBin(highUpper, ref _keyHigh.Origin, half);
            TLanes.StoreBin(lowLower, ref _keyLow.Origin, group);
            TLanes.StoreBin(lowUpper, ref _keyLow.Origin, half);
        }
        return TLanes.Negative(overflow) == 0 && TLanes.Sum(sum) == total;
    }

    /// <summary>Finds h, sign and location: exact at every bucket edge, and looked up only inside the bucket that several values
    /// share.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome Evaluate(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after, KeyBuckets buckets)
    {
        int edge = ChainLanes();
        KsBest best = new(edge);
        if (buckets.Smallest > 0) WalkShared(before, after, buckets.Smallest, ref best);
        if (best.Count == edge && edge > 0)
        {
            LocateEdge(+1, buckets, ref best);
            if (!best.Reached(+1)) LocateEdge(-1, buckets, ref best);
        }
        return best.Outcome;
    }

    /// <summary>Chains the lanes; returns the greatest difference at any edge.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ChainLanes()
    {
        int edge = 0;
        ref ushort end = ref _keyEnd.Origin, high = ref _keyHigh.Origin, low = ref _keyLow.Origin;
        for (int lane = 0, start = 0; lane < Lanes; lane++)
        {
            _keyStart[lane] = start;
            edge = Math.Max(edge, Math.Max(start + Unsafe.Add(ref high, lane) - Bias, Unsafe.Add(ref low, lane) - Bias - start));
            start += Unsafe.Add(ref end, lane) - Bias;
        }
        return edge;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WalkShared(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after, int smallest, ref KsBest best)
    {
        const int Lane = ZeroBucket >> KeyRowBits, Position = Lane;  // its first row
        int start = _keyStart[Lane], inBefore = _counts.Span[Position], inAfter = _counts.Span[(Lanes << KeyRowBits) + Position];
        if (Math.Max(start + inBefore, inAfter - start) < best.Count) return;
        int a = 0, b = 0;
        for (int i = 0; i < before.Length; i++)
        {
            if (before[i] == after[i]) continue;
            if ((before[i] & Magnitude) <= smallest) _gatheredBefore[a++] = KeyBuckets.Key(before[i]);
            if ((after[i] & Magnitude) <= smallest) _gatheredAfter[b++] = KeyBuckets.Key(after[i]);
        }
        Walk(_gatheredBefore.AsSpan(0, a), _gatheredAfter.AsSpan(0, b), start, ref best);
    }

    /// <summary>Offers the first edge at which the difference is sign·h.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LocateEdge(int sign, KeyBuckets buckets, ref KsBest best)
    {
        ReadOnlySpan<sbyte> counts = _counts.Span;
        ReadOnlySpan<ushort> reach = sign > 0 ? _keyHigh.Span : _keyLow.Span;
        for (int lane = 0; lane < Lanes; lane++)
        {
            int s = _keyStart[lane];
            if (sign * s + reach[lane] - Bias < best.Count) continue;
            for (int r = 0; r < 1 << KeyRowBits; r++)
            {
                int position = r * Lanes + lane, bucket = lane << KeyRowBits | r;
                s += counts[position] - counts[(Lanes << KeyRowBits) + position];
                if (sign * s != best.Count) continue;
                // Inside the shared bucket the walk has offered the place already.
                if (bucket != ZeroBucket || buckets.Smallest == 0) best.Offer(s, buckets.KeyOf(bucket));
                return;
            }
        }
    }
}
