using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Kernels;

/// <summary>Counts both rows in monotone buckets and looks inside only those buckets that could still beat the best bucket edge.</summary>
/// <remarks>
/// <para>O(d), exact, in steps that have a file each:</para>
/// <list type="number">
/// <item>A monotone <see cref="BucketMap"/> takes each value to one of B buckets; 8-bit counters of both rows are kept apart.</item>
/// <item>A prefix sum gives the difference before-minus-after at each bucket edge, exactly. The greatest of these bounds h from below;
/// inside a bucket the difference exceeds that at its left edge by no more than the bucket holds of one row, which bounds h from
/// above.</item>
/// <item>Buckets whose upper bound beats the best so far are sorted and walked, highest bound first.</item>
/// <item>The location is searched in value order among the buckets that could reach h.</item>
/// </list>
/// <para>
/// Counters lie transposed: bucket b = lane·(B/64) + r is stored at r·64 + lane, so that the prefix sums of 64 lanes run
/// vertically, whatever the vector width. A counter that overflows, or a lane whose running sum saturates, sends the row to
/// another kernel.
/// </para>
/// <para>
/// BF16 rows need no map: the 16-bit keys themselves are the buckets, so edges are exact values. Only magnitudes below those that
/// fit into the buckets share one. F16 rows, and BF16 rows whose counters overflow, have a bin for each value.
/// </para>
/// </remarks>
internal sealed partial class KsRowBuckets<TLanes, TFloat, TBin, TCount> : IKsRowKernel, IKsEffort
    where TLanes : struct, IKsLanes<TFloat, TBin, TCount>
    where TFloat : struct
    where TBin : struct
    where TCount : struct
{
    private const int Lanes = 64;

    /// <summary>Elements of a row are handled in blocks of this many, whatever the vector width; rows are padded to it.</summary>
    private const int Block = 32;

    // From here on the numbers decide how fast a row is, never its outcome. They are a compromise between the regimes of `kslottery bench
    // ks`,
    // of which a change usually helps one and slows another: compare all of them before and after (bench/results has the tables).
    private const int MinBuckets = 256, MaxBuckets = 65536;

    /// <summary>Up to here each bucket is gathered by a search of its own; beyond, all in one pass.</summary>
    private const int MaxSearches = 20;

    /// <summary>Shares of elements that stay in their bucket, in 1/256.</summary>
    private const int SomeStaying = 24, MostlyStaying = 160;

    /// <summary>So few elements are sorted at once.</summary>
    private const int FewDifferent = 48;

    /// <summary>A row that wants more searches than this is sorted instead.</summary>
    private const int MaxWalks = 96;

    /// <summary>From this difference on, few buckets come near the largest.</summary>
    private const int LargeDifference = 24;

    /// <summary>With more left than this, sorting the whole row is as fast.</summary>
    private const int MaxCandidates = 2048;

    /// <summary>With this share of both rows in them, splitting the whole rows is as fast.</summary>
    private const double MaxGatheredShare = 0.5;

    /// <summary>Rows of F32 and of 16-bit values that are split at once: buckets do not pay.</summary>
    private const int MaxSplitSingles = 128, MaxSplitHalves = 128, MinPairsWidth = 64;

    /// <summary>Rows of F32 of up to this width, and so few 16-bit values, are split when many, or all others, are equal.</summary>
    private const int MaxSplitEqual = 1024, MaxSplitDifferent = 256;

    /// <summary>After a row that a first attempt does not hold, so many do without it, and twice as many each time it fails again: rows of
    /// a matrix are alike.</summary>
    private const int MinRowsOnWay = 15, MaxRowsOnWay = 255;

    /// <summary>So many rows in turn may fail behind quantiles before those that follow do without them.</summary>
    private const int MaxFailures = 2;

    /// <summary>Narrower rows are split sooner than quantiles are fitted.</summary>
    private const int MinQuantilesWidth = 256;

    private readonly Func<KsRowSplits> _newFallback;
    private readonly int _padded;
    private readonly float[] _scratchBefore, _scratchAfter;
    private readonly AlignedScratch<ushort> _positionsBefore, _positionsAfter;
    private readonly AlignedScratch<sbyte> _counts, _laneEnd, _edgeHigh, _edgeLow, _high, _low, _upper, _lower, _hitSums;
    private readonly AlignedScratch<short> _laneStart = new(Lanes);
    private readonly (int At, ulong Hits)[] _hits = new (int, ulong)[MaxCandidates + 1];
    private readonly int[] _startsBefore = new int[MaxCandidates], _startsAfter = new int[MaxCandidates];
    private readonly Candidate[] _candidates = new Candidate[MaxCandidates];
    private readonly uint[] _gatheredBefore, _gatheredAfter;
    private readonly AlignedScratch<ushort> _magnitudes = new(Block);

    // Made when a row first needs them.
    private KsRowSplits? _fallback;
    private KsKnownValues<Float32, uint>? _knownSingles;
    private ushort[]? _slots, _bitsBefore, _bitsAfter;
    private byte[]? _marks;
    private float[]? _widenedBefore, _widenedAfter;

    // Of the row pair at hand.
    private int _length, _candidateCount, _candidateElements, _walks;

    // Of the rows before it: they decide how fast a row is, never its outcome.
    private Way _way;
    private int _rowsOnWay, _rowsInBins, _patience = MinRowsOnWay, _failures;

    /// <param name="width">d.</param>
    /// <param name="newFallback">Makes the kernel for rows that buckets do not hold.</param>
    /// <param name="maxEffortOfElement">Bytes that may be gone through for each element of a row before it is split.</param>
    public KsRowBuckets(int width, Func<KsRowSplits> newFallback, int maxEffortOfElement = MaxEffortOfElement)
    {
        (Width, _newFallback, _maxEffortOfElement) = (width, newFallback, maxEffortOfElement);
        _padded = (width + Block - 1) / Block * Block;
        _scratchBefore = new float[_padded + 1];  // one more: compaction writes before it knows whether to keep
        _scratchAfter = new float[_padded + 1];
        _positionsBefore = new(_padded);
        _positionsAfter = new(_padded);
        _counts = new(2 * MaxBuckets);
        (_laneEnd, _edgeHigh, _edgeLow, _high, _low, _upper, _lower) =
            (new(Lanes), new(Lanes), new(Lanes), new(Lanes), new(Lanes), new(Lanes), new(Lanes));
        _hitSums = new((MaxCandidates + 1) * TLanes.Bytes);
        _gatheredBefore = new uint[_padded];
        _gatheredAfter = new uint[_padded];
    }

    /// <summary>What F32 rows are counted by.</summary>
    private enum Way
    {
        Map, Quantiles, Fallback,
    }

    public string Name => TLanes.Name;

    public int Width { get; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public KsRowOutcome Test(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        Begin(16 * Width);
        if (Width <= MaxSplitSingles) return TestNarrow(before, after);
        if (AreSame(before, after, out bool finite)) return !finite && HasNaN(before) ? KsRowOutcome.NotANumber : KsRowOutcome.Equal;
        if (TestKnown(before, after) is { } known) return known;
        if (Width <= MaxSplitEqual && ManyEqual(before, after)) return Fallback.Test(before, after);
        return TestInBuckets(before, after) ?? Fallback.Test(before, after);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome TestNarrow(ReadOnlySpan<float> before, ReadOnlySpan<float> after) =>
        TestKnown(before, after)
            ?? (Width % Block == 0 && Width >= MinPairsWidth ? TestPairs(before, after) : null)
            ?? Fallback.Test(before, after);

    /// <summary>Null where the rows have many values.</summary>
    private KsRowOutcome? TestKnown(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        KsRowOutcome? outcome = (_knownSingles ??= new()).Test(
            MemoryMarshal.Cast<float, uint>(before), MemoryMarshal.Cast<float, uint>(after));
        _effortOfKnown = _knownSingles.Effort;
        return outcome;
    }

    /// <summary>Null where buckets do not hold the rows or do not pay.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome? TestInBuckets(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        Way way = _rowsOnWay-- > 0 ? _way : Way.Map;
        if (way == Way.Fallback) return null;
        Take(96 * _padded);  // samples, those that differ, and whether there is a NaN
        ReadOnlySpan<float> a = before, b = after;
        if (_padded != Width)
        {
            before.CopyTo(_scratchBefore);
            after.CopyTo(_scratchAfter);
            Pad(Width, out a, out b);
        }
        if (way == Way.Map)
        {
            if (TestPairs(a, b) is { } byPairs) return byPairs;
            BucketMap map = BucketMap.Fit(a, b, NormalBuckets(_padded));
            int staying = StayingShare(a, b, map);
            if (staying >= MostlyStaying && ManyEqual(a, b))
            {
                if (HasNaN(a) || HasNaN(b)) return KsRowOutcome.NotANumber;
                int kept = KeepDifferent(a, b);
                if (kept <= FewDifferent) return WalkAll(kept);
                Pad(kept, out a, out b);
            }
            if (TestMapped(a, b, map.Resize(BucketsFor(a.Length, staying))) is { } outcome)
            {
                _patience = MinRowsOnWay;
                return outcome;
            }
        }
        KsRowOutcome? byQuantiles = Width < MinQuantilesWidth ? null : TestByQuantiles(a, b, mayReuse: way == Way.Quantiles);
        bool fails = byQuantiles is null && (way == Way.Map || ++_failures > MaxFailures);
        if (byQuantiles is not null) _failures = 0;
        if (fails || (way == Way.Map && byQuantiles is not null))
        {
            (_way, _rowsOnWay, _failures) = (fails ? Way.Fallback : Way.Quantiles, _patience, 0);
            _patience = Math.Min(2 * _patience, MaxRowsOnWay);
        }
        return byQuantiles;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome? TestMapped(ReadOnlySpan<float> before, ReadOnlySpan<float> after, in BucketMap map)
    {
        int rowBits = BitOperations.Log2((uint)map.Buckets) - 6;
        if (!SpendOnBuckets(rowBits)) return null;
        return EvaluateCounted(before, after, rowBits, CountBuckets(before, after, map, rowBits));
    }

    /// <summary>Finds the outcome from the counters, and clears them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome? EvaluateCounted(ReadOnlySpan<float> before, ReadOnlySpan<float> after, int rowBits, bool finite)
    {
        _length = before.Length;
        KsRowOutcome? outcome = !finite && (HasNaN(before) || HasNaN(after))
            ? KsRowOutcome.NotANumber
            : Evaluate(new ValueBuckets(before, after), rowBits, 2 * before.Length);
        _counts.Span[..(2 * Lanes << rowBits)].Clear();
        return outcome;
    }

    /// <summary>Fills the scratch rows up to a whole block with values of their own: added to both rows, they move no difference between
    /// them. One value many times over would look like a row of few values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pad(int length, out ReadOnlySpan<float> before, out ReadOnlySpan<float> after)
    {
        int padded = (length + Block - 1) / Block * Block;
        before = _scratchBefore.AsSpan(0, padded);
        after = _scratchAfter.AsSpan(0, padded);
        for (int i = length; i < padded; i++) _scratchBefore[i] = _scratchAfter[i] = _scratchBefore[i - length];
    }

    /// <summary>Moves the elements that differ to the front of the scratch rows, which may be the rows themselves: equal pairs move no
    /// difference.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int KeepDifferent(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        ref float keptBefore = ref MemoryMarshal.GetArrayDataReference(_scratchBefore),
            keptAfter = ref MemoryMarshal.GetArrayDataReference(_scratchAfter);
        int kept = 0;
        for (int i = 0; i < before.Length; i++)
        {
            float a = before[i], b = after[i];
            Unsafe.Add(ref keptBefore, kept) = a;
            Unsafe.Add(ref keptAfter, kept) = b;
            kept += BitConverter.SingleToInt32Bits(a) != BitConverter.SingleToInt32Bits(b) ? 1 : 0;
        }
        return kept;
    }

    /// <summary>Walks the first elements of the scratch rows as if they were one bucket.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome WalkAll(int length)
    {
        for (int i = 0; i < length; i++)
        {
            _gatheredBefore[i] = SortableKey.FromSingle(_scratchBefore[i]);
            _gatheredAfter[i] = SortableKey.FromSingle(_scratchAfter[i]);
        }
        KsBest best = new(0);
        Walk(_gatheredBefore.AsSpan(0, length), _gatheredAfter.AsSpan(0, length), 0, ref best);
        return best.Outcome;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool HasNaN(ReadOnlySpan<float> row)
    {
        TFloat zero = TLanes.Broadcast(0), poison = zero;
        ref float first = ref MemoryMarshal.GetReference(row);
        int i = 0;
        for (; i + TLanes.Bytes / 4 <= row.Length; i += TLanes.Bytes / 4)
            poison = TLanes.MultiplyAdd(TLanes.Load(ref first, i), zero, poison);
        foreach (float value in TLanes.AnyNaN(poison) ? row : row[i..])  // zero times NaN or infinity is NaN, and stays
            if (float.IsNaN(value)) return true;
        return false;
    }

    /// <summary>Whether both rows have the same bits; where they do, whether all values are finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool AreSame(ReadOnlySpan<float> before, ReadOnlySpan<float> after, out bool finite)
    {
        int floats = TLanes.Bytes / 4, i = 0;
        ref float a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        TFloat zero = TLanes.Broadcast(0), poison0 = zero, poison1 = zero;
        finite = false;
        for (; i + 2 * floats <= before.Length; i += 2 * floats)
        {
            TFloat a0 = TLanes.Load(ref a, i), a1 = TLanes.Load(ref a, i + floats);
            if (!TLanes.AreSame(a0, TLanes.Load(ref b, i), a1, TLanes.Load(ref b, i + floats))) return false;
            poison0 = TLanes.MultiplyAdd(a0, zero, poison0);
            poison1 = TLanes.MultiplyAdd(a1, zero, poison1);
            Interop.Cache.Prefetch(ref a, before.Length + i);
            Interop.Cache.Prefetch(ref a, before.Length + i + floats);
            Interop.Cache.Prefetch(ref b, before.Length + i);
            Interop.Cache.Prefetch(ref b, before.Length + i + floats);
        }
        finite = !TLanes.AnyNaN(poison0) && !TLanes.AnyNaN(poison1);
        for (; i < before.Length; i++)
        {
            float value = Unsafe.Add(ref a, i);
            if (BitConverter.SingleToInt32Bits(value) != BitConverter.SingleToInt32Bits(Unsafe.Add(ref b, i))) return false;
            finite &= float.IsFinite(value);
        }
        return true;
    }

    /// <summary>Whether more than a quarter of the sampled elements seem equal.</summary>
    /// <remarks>Compares halves of elements: both are equal where the element is, and the upper one where it is near.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool ManyEqual(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        ReadOnlySpan<ushort> halvesBefore = MemoryMarshal.Cast<float, ushort>(before),
            halvesAfter = MemoryMarshal.Cast<float, ushort>(after);
        ref ushort a = ref MemoryMarshal.GetReference(halvesBefore), b = ref MemoryMarshal.GetReference(halvesAfter);
        int step = Math.Max(halvesBefore.Length / 4 / Block * Block, Block), equal = 0, seen = 0;
        for (int i = 0; i < halvesBefore.Length; i += step, seen += TLanes.Bytes / 2)
            equal += BitOperations.PopCount(TLanes.WhereEqual(TLanes.LoadBin(ref a, i), TLanes.LoadBin(ref b, i)));
        return 8 * equal > 5 * seen;
    }
}
