namespace KsLottery.Kernels;

/// <summary>The memory of <see cref="KsCountKernels"/>.</summary>
public interface IBucketCapacity
{
    /// <summary>Buckets: a power of two, from 256 to 8,192.</summary>
    static abstract int Buckets { get; }

    /// <summary>Elements of each row that a lane keeps in registers.</summary>
    static abstract int Held { get; }

    /// <summary>Keys of both rows together that can be looked at one by one; at least 512.</summary>
    static abstract int Keys { get; }
}

/// <summary>For rows of up to 1,024 elements: 13 KiB of shared memory.</summary>
public readonly struct Buckets2048 : IBucketCapacity
{
    /// <inheritdoc/>
    public static int Buckets => 2048;

    /// <inheritdoc/>
    public static int Held => 4;

    /// <inheritdoc/>
    public static int Keys => 512;
}

/// <summary>For rows of up to 4,096 elements, and read again instead of kept for wider ones, where a value has a bucket or memory is short:
/// 27 KiB.</summary>
public readonly struct Buckets4096 : IBucketCapacity
{
    /// <inheritdoc/>
    public static int Buckets => 4096;

    /// <inheritdoc/>
    public static int Held => 16;

    /// <inheritdoc/>
    public static int Keys => 2048;
}

/// <summary>The same with buckets narrow enough for rows that changed little: 43 KiB.</summary>
public readonly struct Buckets8192 : IBucketCapacity
{
    /// <inheritdoc/>
    public static int Buckets => 8192;

    /// <inheritdoc/>
    public static int Held => 16;

    /// <inheritdoc/>
    public static int Keys => 2048;
}

/// <summary>The row test in linear time: counts both rows in monotone buckets and looks only into those that could still hold the
/// outcome.</summary>
/// <remarks>
/// <para>One group a row; the outcome is exact.</para>
/// <list type="number">
/// <item>Each lane loads its elements, neighbours side by side, and all lanes fit a monotone map from values to buckets to a part of them.
/// How well it fits decides the speed, never the result.</item>
/// <item>Counters of both rows share a word, 16 bits each. Elements that did not change are left out: they move no difference. A pair that
/// stays in its bucket takes one atomic addition.</item>
/// <item>Prefix sums give the difference at the right edge of every lane's buckets, and by the same bounds as below only lanes that reach
/// the best of them
/// go through their buckets one by one. The best edge of a bucket bounds the outcome from below; inside a bucket the difference exceeds
/// that at its left edge by at most what the bucket holds of one row.</item>
/// <item>The keys of all buckets that reach the best edge, at or before its place, or beat it, are gathered, sorted and walked as in
/// <see cref="KsSortKernels"/>. They hold the outcome.</item>
/// </list>
/// <para>A row with more such keys than there is room for is left <see cref="KsOutcomes.Unresolved"/>.</para>
/// <para>
/// On a GPU, at d = 4096: 32 registers a lane hold the elements until they are counted and 16 their buckets after that, 43 KiB of shared
/// memory let five
/// groups share a multiprocessor, the hot loops are unrolled and have no branch but that of equal pairs. A word is left free after each
/// lane's counters, so
/// that lanes that go through theirs meet in no bank. Many equal values hammer one counter: a warp's additions to it then come one after
/// another, at worst 32 for one.
/// </para>
/// </remarks>
public static partial class KsCountKernels
{
    /// <summary>Two buckets that no value has.</summary>
    private const uint Dropped = 0x7FFF_7FFF;

    /// <summary>The top bits of two numbers of 16 bits.</summary>
    private const uint Tops = 0x8000_8000;

    /// <summary>What the variance of a lane's eight values is too small by.</summary>
    private const float Unbiased = 8f / 7;

    /// <summary>
    /// Where it stands what the group has found: how many values lie in marked buckets and are gathered, the range of these buckets,
    /// whether there is a NaN.
    /// </summary>
    private const int MarkedBefore = 0, MarkedAfter = 1, GatheredBefore = 2, GatheredAfter = 3, Last = 4, FirstFromEnd = 5, Poison = 6,
        Findings = 7;

    /// <summary>Tests rows, one a group.</summary>
    /// <param name="outcomes">Two numbers a row, see <see cref="KsOutcomes"/>.</param>
    /// <param name="before">(rows, width).</param>
    /// <param name="after">(rows, width).</param>
    /// <param name="width">d, at most 65,535: a counter has 16 bits.</param>
    [Kernel(256)]
    [KernelInstance(typeof(float), typeof(F32), typeof(ValueBuckets), typeof(Buckets2048))]
    [KernelInstance(typeof(float), typeof(F32), typeof(ValueBuckets), typeof(Buckets4096))]
    [KernelInstance(typeof(float), typeof(F32), typeof(ValueBuckets), typeof(Buckets8192))]
    [KernelInstance(typeof(ushort), typeof(F16), typeof(ValueBuckets), typeof(Buckets2048))]
    [KernelInstance(typeof(ushort), typeof(F16), typeof(ValueBuckets), typeof(Buckets4096))]
    [KernelInstance(typeof(ushort), typeof(F16), typeof(ValueBuckets), typeof(Buckets8192))]
    [KernelInstance(typeof(ushort), typeof(BF16), typeof(KeyBuckets), typeof(Buckets2048))]
    [KernelInstance(typeof(ushort), typeof(BF16), typeof(KeyBuckets), typeof(Buckets4096))]
    public static void KsCount<TStored, TElement, TMap, TCapacity>(ArrayView<int> outcomes, ArrayView<TStored> before,
        ArrayView<TStored> after, int width)
        where TStored : unmanaged
        where TElement : IElement<TStored>
        where TMap : IBucketMap
        where TCapacity : IBucketCapacity
    {
        ArrayView<uint> counters = SharedMemory.Allocate<uint>(TCapacity.Buckets + 256);
        ArrayView<uint> keys = SharedMemory.Allocate<uint>(TCapacity.Keys);
        ArrayView<uint> marks = SharedMemory.Allocate<uint>(256);
        ArrayView<uint> lefts = SharedMemory.Allocate<uint>(256);
        ArrayView<int> found = SharedMemory.Allocate<int>(Findings);
        ArrayView<uint> held = LocalMemory.Allocate<uint>(2 * TCapacity.Held);
        int lane = Group.IdxX, row = Grid.IdxX, perLane = TCapacity.Buckets / 256, heldByAll = 256 * TCapacity.Held;

        for (int r = 0; r <= perLane; r++) counters[(256 * r) + lane] = 0;
        if (lane < Findings) found[lane] = 0;

        // 1: load, and fit the map to a quarter of the elements. Places beyond the row hold equal pairs, which count nowhere.
        long origin = (long)row * width;
        int start = Math.Min(lane, width - 1);
        ArrayView<TStored> mineBefore = before.SubView(origin + start, width - start),
            mineAfter = after.SubView(origin + start, width - start);
        for (int k = 0; k < TCapacity.Held; k++)
        {
            held[k] = 0;
            held[TCapacity.Held + k] = 0;
            if (lane + (256 * k) >= width) continue;
            held[k] = Interop.FloatAsInt(TElement.Load(mineBefore[256 * k]));
            held[TCapacity.Held + k] = Interop.FloatAsInt(TElement.Load(mineAfter[256 * k]));
        }
        // A NaN makes the sum none; then, and where the sum overflows, each element is looked at.
        bool isPoisoned = false;
        float all = 0;
        for (int k = 0; k < 2 * TCapacity.Held; k++) all += Interop.IntAsFloat(held[k]);
        if (!IsFinite(all))
            for (int k = 0; k < 2 * TCapacity.Held; k++) isPoisoned |= KsOutcomes.IsNaN(held[k]);
        float pivot = Interop.IntAsFloat(held[0]), sum = 0, squares = 0;
        int count = 0;
        for (int k = 0; k < TCapacity.Held; k += TCapacity.Held / 4)
        {
            if (lane + (256 * k) >= width) continue;
            float x = Interop.IntAsFloat(held[k]) - pivot, y = Interop.IntAsFloat(held[TCapacity.Held + k]) - pivot;
            sum += x + y;
            squares += (x * x) + (y * y);
            count += 2;
        }
        float share = count > 0 ? 1f / count : 0, mean = sum * share, variance = count > 0 ? ((squares * share) - (mean * mean)) * Unbiased
            : -1;
        BucketFit fit = TMap.Fit(Estimate(pivot + mean, variance, keys, marks), TCapacity.Buckets);

        // 2: count.
        for (int part = 0; part < width; part += heldByAll)
        {
            // In a loop of its own: compilers keep in registers what is only ever read as held.
            if (part > 0)
            {
                for (int k = 0; k < TCapacity.Held; k++)
                {
                    held[k] = 0;
                    held[TCapacity.Held + k] = 0;
                    if (part + lane + (256 * k) >= width) continue;
                    held[k] = Interop.FloatAsInt(TElement.Load(mineBefore[part + (256 * k)]));
                    held[TCapacity.Held + k] = Interop.FloatAsInt(TElement.Load(mineAfter[part + (256 * k)]));
                }
                for (int k = 0; k < 2 * TCapacity.Held; k++) isPoisoned |= KsOutcomes.IsNaN(held[k]);
            }
            for (int k = 0; k < TCapacity.Held; k++)
            {
                uint x = held[k], y = held[TCapacity.Held + k];
                held[k] = Dropped;
                if (x == y) continue;
                int bucketBefore = TMap.BucketOf(x, fit), bucketAfter = TMap.BucketOf(y, fit);
                bool stays = bucketBefore == bucketAfter;
                held[k] = PairOf(bucketBefore, bucketAfter);
                Atomic.Add(ref counters[PlaceOf(bucketBefore, perLane)], stays ? 0x10001u : 1u);
                if (!stays) Atomic.Add(ref counters[PlaceOf(bucketAfter, perLane)], 0x10000u);
            }
        }
        if (isPoisoned) Atomic.Or(ref found[Poison], 1);
        Group.Barrier();

        // 3: the best edge, from the lanes that could hold the outcome.
        int first = lane * perLane, place = PlaceOf(first, perLane);
        uint own = 0;
        for (int r = 0; r < perLane; r++) own += counters[place + r];
        int ownBefore = (int)(own & 0xFFFF), ownAfter = (int)(own >> 16), startsAt = KsOutcomes.SumBefore(ownBefore - ownAfter, keys);
        uint edge = BestEdge(KsOutcomes.RankOf(startsAt + ownBefore - ownAfter), keys);
        int high = startsAt, low = startsAt, top = startsAt, bottom = startsAt;
        if (startsAt + ownBefore >= Upwards(edge) || startsAt - ownAfter <= Downwards(edge))
        {
            int left = startsAt;
            for (int r = 0; r < perLane; r++)
            {
                uint both = counters[place + r];
                int a = (int)(both & 0xFFFF), b = (int)(both >> 16);
                high = Math.Max(high, left + a);
                low = Math.Min(low, left - b);
                left += a - b;
                top = Math.Max(top, left);
                bottom = Math.Min(bottom, left);
            }
        }
        edge = BestEdge(Math.Max(KsOutcomes.RankOf(Math.Max(top, 0)), KsOutcomes.RankOf(Math.Min(bottom, 0))), keys);

        // 4: mark the buckets that could hold the outcome, and leave in their counters the difference at their left edge, less what the
        // lane has marked so far.
        KsBest best = new(0, 0);
        uint mark = 0;
        int upwards = Upwards(edge), downwards = Downwards(edge), markedBefore = 0, markedAfter = 0;
        if (high >= upwards || low <= downwards)
        {
            int left = startsAt, firstMarked = 0, lastMarked = 0;
            for (int r = 0; r < perLane; r++)
            {
                uint both = counters[place + r];
                int a = (int)(both & 0xFFFF), b = (int)(both >> 16), right = left + a - b;
                if (left + a >= upwards || left - b <= downwards)
                {
                    if (TMap.IsOneValue(first + r, fit))
                    {
                        if (both != 0) best = KsOutcomes.Better(best, right, TMap.KeyOf(first + r, fit));
                    }
                    else
                    {
                        if (mark == 0) firstMarked = first + r;
                        lastMarked = first + r;
                        mark |= 1u << r;
                        counters[place + r] = (uint)(left - markedBefore + markedAfter);
                        markedBefore += a;
                        markedAfter += b;
                    }
                }
                left = right;
            }
            if (mark != 0)
            {
                Atomic.Add(ref found[MarkedBefore], markedBefore);
                Atomic.Add(ref found[MarkedAfter], markedAfter);
                Atomic.Max(ref found[Last], lastMarked);
                Atomic.Max(ref found[FirstFromEnd], TCapacity.Buckets - firstMarked);
            }
        }
        marks[lane] = mark;
        lefts[lane] = (uint)KsOutcomes.SumBefore(markedBefore - markedAfter, keys);
        int keysBefore = found[MarkedBefore], keysAfter = found[MarkedAfter], most = Math.Max(keysBefore, keysAfter);
        bool isResolved = 2 * most <= TCapacity.Keys;

        // 5: gather, sort and walk their keys.
        int padded = 1, end = isResolved && most > 0 ? width : 0;
        while (padded < most && isResolved) padded *= 2;
        if (end > 0)
        {
            for (int i = keysBefore + lane; i < padded; i += 256) keys[i] = uint.MaxValue;
            for (int i = keysAfter + lane; i < padded; i += 256) keys[padded + i] = uint.MaxValue;
        }
        uint lowest = (uint)(TCapacity.Buckets - found[FirstFromEnd]) * 0x10001u, highest = ((uint)found[Last] * 0x10001u) | Tops;
        for (int part = 0; part < end; part += heldByAll)
        {
            if (width > heldByAll)
            {
                for (int k = 0; k < TCapacity.Held; k++)
                {
                    held[k] = Dropped;
                    if (part + lane + (256 * k) >= width) continue;
                    uint x = Interop.FloatAsInt(TElement.Load(mineBefore[part + (256 * k)]));
                    uint y = Interop.FloatAsInt(TElement.Load(mineAfter[part + (256 * k)]));
                    if (x != y) held[k] = PairOf(TMap.BucketOf(x, fit), TMap.BucketOf(y, fit));
                }
            }
            for (int k = 0; k < TCapacity.Held; k++)
            {
                uint pair = held[k];
                // Both buckets at once: a difference keeps its top bit where they are in the range.
                if ((((pair | Tops) - lowest) & (highest - pair) & Tops) == 0) continue;
                uint isBefore = MarkOf(marks, pair & 0xFFFF, (uint)perLane), isAfter = MarkOf(marks, pair >> 16, (uint)perLane);
                if (((isBefore | isAfter) & 1) == 0) continue;
                if ((isBefore & 1) != 0)
                    keys[Atomic.Add(ref found[GatheredBefore], 1)] =
                        KsOutcomes.KeyOf(Interop.FloatAsInt(TElement.Load(mineBefore[part + (256 * k)])));
                if ((isAfter & 1) != 0)
                    keys[padded + Atomic.Add(ref found[GatheredAfter], 1)] =
                        KsOutcomes.KeyOf(Interop.FloatAsInt(TElement.Load(mineAfter[part + (256 * k)])));
            }
        }
        Group.Barrier();
        KsSortKernels.Sort(keys, padded);
        if (end > 0)
            best = Walk<TMap>(best, keys.SubView(0, keysBefore), keysBefore, keys.SubView(padded, keysAfter), keysAfter, counters, lefts,
                fit, perLane);
        if (!isResolved) best = new KsBest(KsOutcomes.UnresolvedRank, 0);
        if (found[Poison] != 0) best = new KsBest(KsOutcomes.NoCountRank, 0);
        Group.Barrier();
        KsOutcomes.Write(outcomes, row, best, keys);
    }

    private static uint PairOf(int bucketBefore, int bucketAfter) => (uint)bucketBefore | ((uint)bucketAfter << 16);

    /// <summary>Where a bucket's counter lies.</summary>
    private static int PlaceOf(int bucket, int perLane) => bucket + (int)((uint)bucket / (uint)perLane);

    /// <summary>In its lowest bit whether a bucket is marked.</summary>
    private static uint MarkOf(ArrayView<uint> marks, uint bucket, uint perLane) =>
        marks[(int)(bucket / perLane)] >> (int)(bucket & (perLane - 1));

    /// <summary>
    /// The best rank of any lane, at least that of the smallest difference, with the first lane that has it in the lowest 8 bits, counted
    /// from the end.
    /// </summary>
    private static uint BestEdge(uint rank, ArrayView<uint> scratch) =>
        KsOutcomes.Largest((Math.Max(rank, 2) * 256) + (rank < 2 ? 0 : 255 - (uint)Group.IdxX), scratch);

    /// <summary>The least difference above 0 in this lane's buckets that could be the outcome: as good as the best edge, better in lanes
    /// behind it.</summary>
    private static int Upwards(uint edge) => (int)MinRank(edge) / 2;

    /// <summary>The same below 0.</summary>
    private static int Downwards(uint edge) => -(int)((MinRank(edge) + 1) / 2);

    private static uint MinRank(uint edge) => (edge >> 8) + (Group.IdxX > 255 - (int)(edge & 255) ? 1u : 0);

    /// <summary>Mean and standard deviation of the row pair from those of all lanes; called by all of them.</summary>
    /// <remarks>
    /// Sixteen sets of lanes estimate on their own and are weighted by the inverse of their variance, so that a few outliers spoil only the
    /// sets that they fall in.
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
            float setVariance = count > 0 ? sumVariance / count : 1e37f, weight = setVariance < 1e37f ? 1 / Math.Max(setVariance, 1e-37f)
                : 0;
            sets[lane] = Interop.FloatAsInt(weight);
            sets[16 + lane] = Interop.FloatAsInt(weight > 0 ? (sumMean / count) * weight : 0);
            sets[32 + lane] = Interop.FloatAsInt(MathF.Sqrt(weight));
        }
        Group.Barrier();
        if (lane == 0)
        {
            float weights = 0, weighted = 0, deviations = 0;
            int used = 0;
            for (int i = 0; i < 16; i++)
            {
                float weight = Interop.IntAsFloat(sets[i]);
                weights += weight;
                weighted += Interop.IntAsFloat(sets[16 + i]);
                deviations += Interop.IntAsFloat(sets[32 + i]);
                if (weight > 0) used++;
            }
            float center = used > 0 ? weighted / weights : 0, scale = used > 0 ? deviations / used : 1;
            bool isFinite = IsFinite(center) && IsFinite(center * scale);
            sets[48] = Interop.FloatAsInt(isFinite ? center : 0);
            sets[49] = Interop.FloatAsInt(isFinite ? scale : 1);
        }
        Group.Barrier();
        return new RowScale(Interop.IntAsFloat(sets[48]), Interop.IntAsFloat(sets[49]));
    }

    private static bool IsFinite(float value) => (Interop.FloatAsInt(value) & 0x7F80_0000) != 0x7F80_0000;

    /// <summary>This lane's best of the differences after each run of equal keys in marked buckets.</summary>
    private static KsBest Walk<TMap>(
        KsBest best, ArrayView<uint> before, int countBefore, ArrayView<uint> after, int countAfter,
        ArrayView<uint> counters, ArrayView<uint> lefts, BucketFit fit, int perLane)
        where TMap : IBucketMap
    {
        for (int i = Group.IdxX; i < countBefore; i += 256)
        {
            uint key = before[i];
            if (i + 1 < countBefore && before[i + 1] == key) continue;
            int left = LeftOf(TMap.BucketOf(KsOutcomes.BitsOf(key), fit), counters, lefts, perLane);
            best = KsOutcomes.Better(best, left + i + 1 - KsSortKernels.CountUpTo(after, countAfter, key), key);
        }
        for (int i = Group.IdxX; i < countAfter; i += 256)
        {
            uint key = after[i];
            if (i + 1 < countAfter && after[i + 1] == key) continue;
            int left = LeftOf(TMap.BucketOf(KsOutcomes.BitsOf(key), fit), counters, lefts, perLane);
            best = KsOutcomes.Better(best, left + KsSortKernels.CountUpTo(before, countBefore, key) - (i + 1), key);
        }
        return best;
    }

    /// <summary>The difference at a marked bucket's left edge, less what the marked buckets before it hold.</summary>
    private static int LeftOf(int bucket, ArrayView<uint> counters, ArrayView<uint> lefts, int perLane) =>
        (int)(counters[PlaceOf(bucket, perLane)] - lefts[(int)((uint)bucket / (uint)perLane)]);
}
