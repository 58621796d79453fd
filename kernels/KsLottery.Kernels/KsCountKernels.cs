namespace KsLottery.Kernels;

/// <summary>The memory of <see cref="KsCountKernels"/>.</summary>
public interface IBucketRoom
{
    /// <summary>Buckets: a power of two, from 256 to 8,192.</summary>
    static abstract int Buckets { get; }

    /// <summary>Elements of each row that a lane keeps in registers.</summary>
    static abstract int Held { get; }

    /// <summary>Keys of both rows together that can be looked at one by one; at least 512.</summary>
    static abstract int Keys { get; }
}

/// <summary>For rows of up to 1,024 elements: 11 KiB of shared memory.</summary>
public readonly struct Buckets2048 : IBucketRoom
{
    /// <inheritdoc/>
    public static int Buckets => 2048;

    /// <inheritdoc/>
    public static int Held => 4;

    /// <inheritdoc/>
    public static int Keys => 512;
}

/// <summary>For rows of up to 4,096 elements, and read again instead of kept for wider ones: 37 KiB of shared memory.</summary>
public readonly struct Buckets8192 : IBucketRoom
{
    /// <inheritdoc/>
    public static int Buckets => 8192;

    /// <inheritdoc/>
    public static int Held => 16;

    /// <inheritdoc/>
    public static int Keys => 1024;
}

/// <summary>The row test in linear time: counts both rows in monotone buckets and looks only into those that could still hold the outcome.</summary>
/// <remarks>
/// <para>One group a row; the outcome is exact.</para>
/// <list type="number">
/// <item>Each lane loads its elements, neighbours side by side, and all lanes fit a monotone map from values to buckets. How well it fits decides the
/// speed, never the result.</item>
/// <item>Counters of both rows share a word, 16 bits each. Elements that did not change are left out: they move no difference. A pair that stays in its
/// bucket takes one atomic addition.</item>
/// <item>Prefix sums give the difference at every bucket's right edge. The best edge bounds the outcome from below; inside a bucket the difference exceeds
/// that at its left edge by at most what the bucket holds of one row.</item>
/// <item>The keys of all buckets that reach the best edge, at or before its place, or beat it, are gathered, sorted and walked as in
/// <see cref="KsSortKernels"/>. They hold the outcome.</item>
/// </list>
/// <para>A row with more such keys than there is room for is left <see cref="KsOutcomes.Unresolved"/>.</para>
/// <para>
/// On a GPU, at d = 4096: 32 registers a lane hold the elements until they are counted and 16 their places after that, 37 KiB of shared memory let five
/// groups share a multiprocessor, the hot loops are unrolled and have no branch but that of equal pairs. Bucket lane·R + r lies at r·256 + lane, so that
/// the prefix sums run without bank conflicts. Many equal values hammer one counter: a warp's additions to it then come one after another, at worst 32 for one.
/// </para>
/// </remarks>
public static class KsCountKernels
{
    private const uint Dropped = uint.MaxValue;

    /// <summary>Tests rows, one a group.</summary>
    /// <param name="outcomes">Two numbers a row, see <see cref="KsOutcomes"/>.</param>
    /// <param name="before">(rows, width).</param>
    /// <param name="after">(rows, width).</param>
    /// <param name="width">d, at most 65,535: a counter has 16 bits.</param>
    [Kernel(256)]
    [KernelInstance(typeof(float), typeof(F32), typeof(ValueBuckets), typeof(Buckets2048))]
    [KernelInstance(typeof(float), typeof(F32), typeof(ValueBuckets), typeof(Buckets8192))]
    [KernelInstance(typeof(ushort), typeof(F16), typeof(ValueBuckets), typeof(Buckets2048))]
    [KernelInstance(typeof(ushort), typeof(F16), typeof(ValueBuckets), typeof(Buckets8192))]
    [KernelInstance(typeof(ushort), typeof(BF16), typeof(KeyBuckets), typeof(Buckets2048))]
    [KernelInstance(typeof(ushort), typeof(BF16), typeof(KeyBuckets), typeof(Buckets8192))]
    public static void KsCount<TStored, TElement, TMap, TRoom>(ArrayView<int> outcomes, ArrayView<TStored> before, ArrayView<TStored> after, int width)
        where TStored : unmanaged
        where TElement : IElement<TStored>
        where TMap : IBucketMap
        where TRoom : IBucketRoom
    {
        ArrayView<uint> counters = SharedMemory.Allocate<uint>(TRoom.Buckets);
        ArrayView<uint> keys = SharedMemory.Allocate<uint>(TRoom.Keys);
        ArrayView<uint> marks = SharedMemory.Allocate<uint>(256);
        ArrayView<int> poison = SharedMemory.Allocate<int>(1);
        ArrayView<int> found = SharedMemory.Allocate<int>(4);
        ArrayView<uint> held = LocalMemory.Allocate<uint>(2 * TRoom.Held);
        int lane = Group.IdxX, row = Grid.IdxX, perLane = TRoom.Buckets / 256, heldByAll = 256 * TRoom.Held;
        long origin = (long)row * width;

        for (int r = 0; r < perLane; r++) counters[(256 * r) + lane] = 0;
        if (lane == 0) poison[0] = 0;
        if (lane < 4) found[lane] = 0;

        // 1: load, and fit the map.
        float pivot = lane < width ? TElement.Load(before[origin + lane]) : 0, sum = 0, squares = 0;
        int count = 0;
        for (int k = 0; k < TRoom.Held; k++)
        {
            int i = lane + (256 * k);
            if (i >= width) continue;
            float a = TElement.Load(before[origin + i]), b = TElement.Load(after[origin + i]);
            held[k] = Interop.FloatAsInt(a);
            held[TRoom.Held + k] = Interop.FloatAsInt(b);
            float x = a - pivot, y = b - pivot;
            sum += x + y;
            squares += (x * x) + (y * y);
            count += 2;
        }
        float mean = count > 0 ? sum / count : 0, variance = count > 0 ? (squares / count) - (mean * mean) : -1;
        BucketFit fit = TMap.Fit(Estimate(pivot + mean, variance, keys, marks), TRoom.Buckets);

        // 2: count.
        bool isPoisoned = false;
        for (int start = 0; start < width; start += heldByAll)
        {
            // In a loop of its own: compilers keep in registers what is only ever read as held.
            if (start > 0)
            {
                for (int k = 0; k < TRoom.Held; k++)
                {
                    int i = start + lane + (256 * k);
                    if (i >= width) continue;
                    held[k] = Interop.FloatAsInt(TElement.Load(before[origin + i]));
                    held[TRoom.Held + k] = Interop.FloatAsInt(TElement.Load(after[origin + i]));
                }
            }
            for (int k = 0; k < TRoom.Held; k++)
            {
                int i = start + lane + (256 * k);
                if (i >= width) continue;
                uint x = held[k], y = held[TRoom.Held + k];
                if (KsOutcomes.IsNaN(x) || KsOutcomes.IsNaN(y)) isPoisoned = true;
                uint places = Places<TMap>(x, y, fit, perLane);
                held[k] = places;
                if (places == Dropped) continue;
                int placeBefore = (int)(places & 0xFFFF), placeAfter = (int)(places >> 16);
                if (placeBefore == placeAfter) Atomic.Add(ref counters[placeBefore], 0x10001u);
                else
                {
                    Atomic.Add(ref counters[placeBefore], 1u);
                    Atomic.Add(ref counters[placeAfter], 0x10000u);
                }
            }
        }
        if (isPoisoned) Atomic.Or(ref poison[0], 1);
        Group.Barrier();

        // 3: the best edge, and this lane's bounds.
        int difference = 0, high = 0, low = 0;
        int top = int.MinValue, bottom = int.MaxValue;  // 32·difference and 5 bits that put the first place before the others
        for (int r = 0; r < perLane; r++)
        {
            uint both = counters[(256 * r) + lane];
            int a = (int)(both & 0xFFFF), b = (int)(both >> 16);
            high = Math.Max(high, difference + a);
            low = Math.Min(low, difference - b);
            difference += a - b;
            top = Math.Max(top, (32 * difference) + 31 - r);
            bottom = Math.Min(bottom, (32 * difference) + r);
        }
        int first = lane * perLane, startsAt = KsOutcomes.SumBefore(difference, keys);
        uint edge = KsOutcomes.Largest(
            Math.Max(
                Standing(KsOutcomes.RankOf(startsAt + (top >> 5)), first + 31 - (top & 31)),
                Standing(KsOutcomes.RankOf(startsAt + (bottom >> 5)), first + (bottom & 31))),
            keys);

        // 4: mark the buckets that could hold the outcome, and leave in their counters the difference at their left edge.
        KsBest best = new(0, 0);
        uint mark = 0;
        if (Standing(Reach(startsAt + high, startsAt + low), 0) >= edge)
        {
            int left = startsAt, markedBefore = 0, markedAfter = 0;
            for (int r = 0; r < perLane; r++)
            {
                uint both = counters[(256 * r) + lane];
                int a = (int)(both & 0xFFFF), b = (int)(both >> 16), right = left + a - b;
                if (both != 0)
                {
                    if (TMap.IsOneValue(first + r, fit))
                    {
                        if (Standing(KsOutcomes.RankOf(right), first + r) == edge) best = KsOutcomes.Better(best, right, TMap.KeyOf(first + r, fit));
                    }
                    else if (Standing(Reach(left + a, left - b), first + r) >= edge)
                    {
                        mark |= 1u << r;
                        markedBefore += a;
                        markedAfter += b;
                        counters[(256 * r) + lane] = (uint)left;
                    }
                }
                left = right;
            }
            if (mark != 0)
            {
                Atomic.Add(ref found[0], markedBefore);
                Atomic.Add(ref found[1], markedAfter);
            }
        }
        marks[lane] = mark;
        Group.Barrier();
        int keysBefore = found[0], keysAfter = found[1], most = Math.Max(keysBefore, keysAfter);
        bool isResolved = 2 * most <= TRoom.Keys;

        // 5: gather, sort and walk their keys.
        int padded = 1, end = isResolved && most > 0 ? width : 0;
        while (padded < most && isResolved) padded *= 2;
        if (end > 0)
        {
            for (int i = keysBefore + lane; i < padded; i += 256) keys[i] = uint.MaxValue;
            for (int i = keysAfter + lane; i < padded; i += 256) keys[padded + i] = uint.MaxValue;
        }
        for (int start = 0; start < end; start += heldByAll)
        {
            for (int k = 0; k < TRoom.Held; k++)
            {
                int i = start + lane + (256 * k);
                if (i >= width) continue;
                uint places = width <= heldByAll ? held[k] : Places<TMap>(
                    Interop.FloatAsInt(TElement.Load(before[origin + i])), Interop.FloatAsInt(TElement.Load(after[origin + i])), fit, perLane);
                if (places == Dropped) continue;
                if (IsMarked(marks, places & 0xFFFF))
                    keys[Atomic.Add(ref found[2], 1)] = KsOutcomes.KeyOf(Interop.FloatAsInt(TElement.Load(before[origin + i])));
                if (IsMarked(marks, places >> 16))
                    keys[padded + Atomic.Add(ref found[3], 1)] = KsOutcomes.KeyOf(Interop.FloatAsInt(TElement.Load(after[origin + i])));
            }
        }
        Group.Barrier();
        KsSortKernels.Sort(keys, padded);
        if (end > 0) best = Walk<TMap>(best, keys.SubView(0, keysBefore), keysBefore, keys.SubView(padded, keysAfter), keysAfter, counters, fit, perLane);
        if (!isResolved) best = new KsBest(KsOutcomes.UnresolvedRank, 0);
        if (poison[0] != 0) best = new KsBest(KsOutcomes.NoCountRank, 0);
        Group.Barrier();
        KsOutcomes.Write(outcomes, row, best, keys);
    }

    /// <summary>Where the counters of both values lie, 16 bits each; <see cref="Dropped"/> where the values have the same bits or one is no number.</summary>
    private static uint Places<TMap>(uint x, uint y, BucketFit fit, int perLane) where TMap : IBucketMap
    {
        if (x == y || KsOutcomes.IsNaN(x) || KsOutcomes.IsNaN(y)) return Dropped;
        return (uint)PlaceOf(TMap.BucketOf(x, fit), perLane) | ((uint)PlaceOf(TMap.BucketOf(y, fit), perLane) << 16);
    }

    private static int PlaceOf(int bucket, int perLane) => ((bucket & (perLane - 1)) * 256) + (int)((uint)bucket / (uint)perLane);

    private static bool IsMarked(ArrayView<uint> marks, uint place) => (marks[(int)(place & 255)] >> (int)(place >> 8) & 1) != 0;

    /// <summary>Orders differences by their rank, and those of the same rank by their bucket, the first before the others.</summary>
    private static uint Standing(uint rank, int bucket) => rank == 0 ? 0 : (rank * 8192) + (uint)(8191 - bucket);

    /// <summary>The best rank of any difference between two.</summary>
    private static uint Reach(int high, int low) => Math.Max(high > 0 ? KsOutcomes.RankOf(high) : 0, low < 0 ? KsOutcomes.RankOf(low) : 0);

    /// <summary>Mean and standard deviation of the row pair from those of all lanes; called by all of them.</summary>
    /// <remarks>
    /// Sixteen sets of lanes estimate on their own and are weighted by the inverse of their variance, so that a few outliers spoil only the sets that
    /// they fall in.
    /// </remarks>
    private static RowScale Estimate(float mean, float variance, ArrayView<uint> scratch, ArrayView<uint> sets)
    {
        int lane = Group.IdxX;
        scratch[lane] = Interop.FloatAsInt(mean);
        scratch[256 + lane] = Interop.FloatAsInt(variance);
        Group.Barrier();
        if (lane < 16)
        {
            float sumMean = 0, sumVariance = 0;
            int count = 0;
            for (int i = lane; i < 256; i += 16)
            {
                float m = Interop.IntAsFloat(scratch[i]), v = Interop.IntAsFloat(scratch[256 + i]);
                if (v >= 0 && v < 1e37f)
                {
                    sumMean += m;
                    sumVariance += v;
                    count++;
                }
            }
            float setVariance = count > 0 ? sumVariance / count : 1e37f;
            sets[lane] = Interop.FloatAsInt(count > 0 ? sumMean / count : 0);
            sets[16 + lane] = Interop.FloatAsInt(setVariance < 1e37f ? 1 / Math.Max(setVariance, 1e-37f) : 0);
        }
        Group.Barrier();
        float weights = 0, weighted = 0, deviations = 0;
        int used = 0;
        for (int i = 0; i < 16; i++)
        {
            float weight = Interop.IntAsFloat(sets[16 + i]);
            if (weight == 0) continue;
            weights += weight;
            weighted += Interop.IntAsFloat(sets[i]) * weight;
            deviations += MathF.Sqrt(weight);
            used++;
        }
        Group.Barrier();
        float center = used > 0 ? weighted / weights : 0, scale = used > 0 ? deviations / used : 1;
        return IsFinite(center) && IsFinite(center * scale) ? new RowScale(center, scale) : new RowScale(0, 1);
    }

    private static bool IsFinite(float value) => (Interop.FloatAsInt(value) & 0x7F80_0000) != 0x7F80_0000;

    /// <summary>This lane's best of the differences after each run of equal keys.</summary>
    private static KsBest Walk<TMap>(
        KsBest best, ArrayView<uint> before, int countBefore, ArrayView<uint> after, int countAfter, ArrayView<uint> counters, BucketFit fit, int perLane)
        where TMap : IBucketMap
    {
        for (int i = Group.IdxX; i < countBefore + countAfter; i += 256)
        {
            uint key = i < countBefore ? before[i] : after[i - countBefore];
            int upToBefore = KsSortKernels.CountUpTo(before, countBefore, key), upToAfter = KsSortKernels.CountUpTo(after, countAfter, key);
            int bucket = TMap.BucketOf(KsOutcomes.BitsOf(key), fit);
            int left = (int)counters[PlaceOf(bucket, perLane)];
            int difference = left + upToBefore - CountBelow<TMap>(before, countBefore, bucket, fit)
                - (upToAfter - CountBelow<TMap>(after, countAfter, bucket, fit));
            best = KsOutcomes.Better(best, difference, key);
        }
        return best;
    }

    /// <summary>How many keys lie in buckets before one.</summary>
    private static int CountBelow<TMap>(ArrayView<uint> keys, int count, int bucket, BucketFit fit) where TMap : IBucketMap
    {
        int low = 0, high = count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (TMap.BucketOf(KsOutcomes.BitsOf(keys[middle]), fit) < bucket) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
