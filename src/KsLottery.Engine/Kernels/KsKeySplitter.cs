using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Kernels;

/// <inheritdoc cref="IKsKeySplitter{TKey}"/>
/// <remarks>
/// <para>Quicksort that leaves out most of the sorting. A pivot p splits a part of both rows into what lies below and above it, and the
/// numbers of each give the difference at p, exactly, and just below it; on either side the difference cannot exceed that at the side's
/// left edge by more values than the side holds of one row. Sides whose bound is no better than the best so far are not even moved.
/// Small parts are counted, each value against all.</para>
/// <para>O(d log d) at worst for usual pivots; it gives up after more. No distribution is special: of few values each is soon a
/// pivot.</para>
/// </remarks>
internal sealed class KsKeySplitter<TLanes, TVector, TKey> : IKsKeySplitter<TKey>
    where TLanes : struct, IKsKeyLanes<TVector, TKey>
    where TVector : struct
    where TKey : unmanaged, IBinaryInteger<TKey>, IMinMaxValue<TKey>
{
    /// <summary>Parts of so many vectors of each row are counted at once.</summary>
    private const int SmallVectors = 2;

    /// <summary>Parts of up to so many vectors are divided before it is known which side matters: counting takes as long.</summary>
    private const int DividedVectors = 16;

    /// <summary>Memory behind that of both rows, in vectors, and what of it a part must leave to those within it.</summary>
    private const int SpareVectors = 192, MinSpareVectors = 32;

    private readonly int _maxPasses;
    private readonly AlignedScratch<TKey> _before, _after, _differences = new(TLanes.Count);
    private readonly Part[] _parts = new Part[DividedVectors * TLanes.Count + 64];
    private readonly KsSameKeys<TKey> _sameKeys = new();
    private int _partCount, _vectors;

    /// <param name="width">d.</param>
    /// <param name="maxPasses">How often both rows may be gone through before it gives up; usual pivots take log2 d or less.</param>
    public KsKeySplitter(int width, int maxPasses = 24)
    {
        _maxPasses = maxPasses;
        // The smaller side of each counted split lies above all others: together no more than both rows, with a vector's end for each. What
        // is more serves small parts, which are divided without counting while there is as much behind them.
        int capacity = 3 * width + SpareVectors * TLanes.Count;
        (_before, _after) = (new(capacity), new(capacity));
    }

    /// <summary>Values of both rows between two keys.</summary>
    /// <param name="Above">All keys lie above it, as <see cref="KsBest"/> has keys.</param>
    /// <param name="Start">The difference below them.</param>
    /// <param name="Before">Where those of the first row lie.</param>
    /// <param name="BeforeCount">How many they are.</param>
    /// <param name="After">Where those of the second row lie.</param>
    /// <param name="AfterCount">How many they are.</param>
    private readonly record struct Part(uint Above, int Start, int Before, int BeforeCount, int After, int AfterCount)
    {
        public int Count => BeforeCount + AfterCount;
    }

    /// <summary>Keys are taken, and those that are equal dropped; each part is counted and moved, and ends within a vector of either
    /// row.</summary>
    public long Effort => (long)BytesOfVector * _vectors;

    private static int BytesOfVector => 4 * Unsafe.SizeOf<TKey>() * TLanes.Count;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public KsSplit Run(ReadOnlySpan<TKey> before, ReadOnlySpan<TKey> after, TKey infinity, TKey lowest)
    {
        KsBest best = new(0);
        int notNumbers = TakeKeys(before, ref _before.Origin, infinity, lowest, out TKey squares)
            + TakeKeys(after, ref _after.Origin, infinity, lowest, out TKey squaresAfter);
        if (notNumbers > 0) return new(best, true, true);
        int count = DropEqual(ref _before.Origin, ref _after.Origin, before.Length);

        int all = 2 * before.Length / TLanes.Count + 8, left = _maxPasses * all;
        _vectors = 2 * all;  // to take them, and to count each value of small parts once
        bool mayBeSame = squares == squaresAfter;
        _parts[0] = new(0, 0, 0, count, 0, count);
        for (_partCount = 1; _partCount > 0;)
        {
            Part part = _parts[--_partCount];
            if (part.Count == 0 || !best.CouldChange(part.Above, part.Start, part.BeforeCount, part.AfterCount)) continue;
            if (mayBeSame && part.BeforeCount == part.AfterCount && part.BeforeCount <= KsSameKeys<TKey>.MaxKeys)
            {
                int vectors = KsSameKeys<TKey>.BytesOf(part.BeforeCount) / BytesOfVector + 1;
                if (mayBeSame = vectors <= left)
                {
                    _vectors += vectors;
                    left -= vectors;
                    mayBeSame = _sameKeys.Test(
                        ref Unsafe.Add(ref _before.Origin, part.Before), ref Unsafe.Add(ref _after.Origin, part.After), part.BeforeCount);
                    if (mayBeSame) continue;  // they move no difference
                }
            }
            Close(ref Unsafe.Add(ref _before.Origin, part.Before), part.BeforeCount);
            Close(ref Unsafe.Add(ref _after.Origin, part.After), part.AfterCount);
            if (Math.Max(part.BeforeCount, part.AfterCount) <= SmallVectors * TLanes.Count) CountEach(part, ref best);
            else if ((left -= part.Count / TLanes.Count) < 0) return new(best, false, false);
            else
            {
                _vectors += part.Count / TLanes.Count;
                Split(part, ref best);
            }
        }
        return new(best, false, true);
    }

    /// <summary>Turns bits into keys; returns how many are NaN.</summary>
    /// <param name="row">The bits.</param>
    /// <param name="keys">Where the keys go.</param>
    /// <param name="infinity">The key of infinity.</param>
    /// <param name="lowest">The key of minus infinity.</param>
    /// <param name="squares">The sum of the keys' squares, of which the highest bits are lost: the same whatever their order.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int TakeKeys(ReadOnlySpan<TKey> row, ref TKey keys, TKey infinity, TKey lowest, out TKey squares)
    {
        TVector high = TLanes.Broadcast(infinity), low = TLanes.Broadcast(lowest), sums = TLanes.Broadcast(TKey.Zero);
        ref TKey bits = ref MemoryMarshal.GetReference(row);
        int outside = 0, i = 0;
        for (; i + TLanes.Count <= row.Length; i += TLanes.Count)
        {
            TVector key = TLanes.KeysOf(TLanes.Load(ref bits, i));
            TLanes.Store(key, ref keys, i);
            sums = TLanes.AddSquares(sums, key);
            outside += TLanes.CountLess(high, key) + TLanes.CountLess(key, low);
            Interop.Cache.Prefetch(ref bits, row.Length + i);
        }
        squares = TLanes.Sum(sums);
        if (i == row.Length) return outside;
        row[i..].CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref keys, i), row.Length - i));
        TVector rest = TLanes.KeysOf(TLanes.Load(ref keys, i));
        TLanes.Store(rest, ref keys, i);
        MemoryMarshal.CreateSpan(ref Unsafe.Add(ref keys, row.Length), TLanes.Count).Clear();
        rest = TLanes.Load(ref keys, i);
        squares = TLanes.Sum(TLanes.AddSquares(sums, rest));
        return outside + TLanes.CountLess(high, rest) + TLanes.CountLess(rest, low);
    }

    /// <summary>Keeps the keys at places where the rows differ: equal ones move no difference. Returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int DropEqual(ref TKey before, ref TKey after, int count)
    {
        int kept = 0;
        for (int i = 0; i < count; i += TLanes.Count)
            kept += TLanes.StoreDifferent(TLanes.Load(ref before, i), TLanes.Load(ref after, i), ref Unsafe.Add(ref before, kept),
                ref Unsafe.Add(ref after, kept));
        return kept;
    }

    /// <summary>Ends a part with keys above all others, up to a whole vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Close(ref TKey keys, int count) => TLanes.Store(TLanes.Broadcast(TKey.MaxValue), ref keys, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Order(TKey key) => uint.CreateTruncating(key) ^ 0x8000_0000;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Split(in Part part, ref KsBest best)
    {
        ref TKey before = ref Unsafe.Add(ref _before.Origin, part.Before), after = ref Unsafe.Add(ref _after.Origin, part.After);
        TKey pivot = Pivot(part, ref before, ref after);
        TVector pivots = TLanes.Broadcast(pivot);
        int beforeEnd = part.Before + Whole(part.BeforeCount), afterEnd = part.After + Whole(part.AfterCount);
        if (part.Count <= DividedVectors * TLanes.Count
            && Math.Max(beforeEnd, afterEnd) + 3 * part.Count + MinSpareVectors * TLanes.Count < _before.Length)
        {
            SplitUncounted(part, pivot, beforeEnd, afterEnd, ref best);
            return;
        }
        (int lessBefore, int equalBefore) = CountBelow(ref before, part.BeforeCount, pivots);
        (int lessAfter, int equalAfter) = CountBelow(ref after, part.AfterCount, pivots);
        int below = part.Start + lessBefore - lessAfter, at = below + equalBefore - equalAfter;
        best.Raise(Math.Abs(below));
        best.Offer(at, Order(pivot));

        Part less = part with { BeforeCount = lessBefore, AfterCount = lessAfter };
        Part greater = part with
        {
            Above = Order(pivot),
            Start = at,
            BeforeCount = part.BeforeCount - lessBefore - equalBefore,
            AfterCount = part.AfterCount - lessAfter - equalAfter,
        };
        bool wantsLess = less.Count > 0 && best.CouldChange(less.Above, less.Start, less.BeforeCount, less.AfterCount);
        bool wantsGreater = greater.Count > 0 && best.CouldChange(greater.Above, greater.Start, greater.BeforeCount, greater.AfterCount);
        if (!wantsLess && !wantsGreater) return;
        if (!wantsGreater)
        {
            Keep(ref before, part.BeforeCount, pivots, less: true);
            Keep(ref after, part.AfterCount, pivots, less: true);
            _parts[_partCount++] = less;
            return;
        }
        if (!wantsLess)
        {
            Keep(ref before, part.BeforeCount, pivots, less: false);
            Keep(ref after, part.AfterCount, pivots, less: false);
            _parts[_partCount++] = greater;
            return;
        }
        // The smaller side goes behind the part, and is done with before the other one needs that memory.
        bool lessIsSmaller = less.Count <= greater.Count;
        Divide(ref before, part.BeforeCount, pivots, ref Unsafe.Add(ref _before.Origin, beforeEnd), lessIsSmaller);
        Divide(ref after, part.AfterCount, pivots, ref Unsafe.Add(ref _after.Origin, afterEnd), lessIsSmaller);
        _parts[_partCount++] = lessIsSmaller ? greater : less;
        _parts[_partCount++] = (lessIsSmaller ? less : greater) with { Before = beforeEnd, After = afterEnd };
    }

    /// <summary>Splits a small part, of which one side goes behind it, whatever its size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SplitUncounted(in Part part, TKey pivot, int beforeEnd, int afterEnd, ref KsBest best)
    {
        ref TKey before = ref Unsafe.Add(ref _before.Origin, part.Before), after = ref Unsafe.Add(ref _after.Origin, part.After);
        TVector pivots = TLanes.Broadcast(pivot);
        (int lessBefore, int greaterBefore) =
            Divide(ref before, part.BeforeCount, pivots, ref Unsafe.Add(ref _before.Origin, beforeEnd), lessMoves: true);
        (int lessAfter, int greaterAfter) =
            Divide(ref after, part.AfterCount, pivots, ref Unsafe.Add(ref _after.Origin, afterEnd), lessMoves: true);
        int at = part.Start + part.BeforeCount - greaterBefore - (part.AfterCount - greaterAfter);
        best.Raise(Math.Abs(part.Start + lessBefore - lessAfter));
        best.Offer(at, Order(pivot));
        _parts[_partCount++] = new(Order(pivot), at, part.Before, greaterBefore, part.After, greaterAfter);
        _parts[_partCount++] = new(part.Above, part.Start, beforeEnd, lessBefore, afterEnd, lessAfter);
    }

    /// <summary>Up to the next whole vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Whole(int count) => (count + TLanes.Count - 1) / TLanes.Count * TLanes.Count;

    /// <summary>The median of three medians of three values from all over the part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static TKey Pivot(in Part part, ref TKey before, ref TKey after)
    {
        // A row's share of the nine is about its share of the part.
        int step = (part.Count - 1) / 9, at = step / 2, split = part.BeforeCount;
        TKey x = Median(Next(ref before, ref after), Next(ref before, ref after), Next(ref before, ref after));
        TKey y = Median(Next(ref before, ref after), Next(ref before, ref after), Next(ref before, ref after));
        TKey z = Median(Next(ref before, ref after), Next(ref before, ref after), Next(ref before, ref after));
        return Median(x, y, z);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        TKey Next(ref TKey before, ref TKey after)
        {
            TKey key = at < split ? Unsafe.Add(ref before, at) : Unsafe.Add(ref after, at - split);
            at += step;
            return key;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static TKey Median(TKey a, TKey b, TKey c) => TKey.Max(TKey.Min(a, b), TKey.Min(TKey.Max(a, b), c));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (int Less, int Equal) CountBelow(ref TKey keys, int count, TVector pivots)
    {
        int less = 0, equal = 0;
        for (int i = 0; i < count; i += TLanes.Count)
        {
            TVector key = TLanes.Load(ref keys, i);
            less += TLanes.CountLess(key, pivots);
            equal += TLanes.CountEqual(key, pivots);
        }
        return (less, equal);
    }

    /// <summary>Keeps one side in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Keep(ref TKey keys, int count, TVector pivots, bool less)
    {
        int kept = 0;
        if (less)
            for (int i = 0; i < count; i += TLanes.Count)
                kept += TLanes.StoreLess(TLanes.Load(ref keys, i), pivots, ref Unsafe.Add(ref keys, kept));
        else
            for (int i = 0; i < count; i += TLanes.Count)
                kept += TLanes.StoreGreater(TLanes.Load(ref keys, i), pivots, ref Unsafe.Add(ref keys, kept));
    }

    /// <summary>Keeps one side in place and moves the other away; returns how many were moved and kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (int Moved, int Kept) Divide(ref TKey keys, int count, TVector pivots, ref TKey target, bool lessMoves)
    {
        int kept = 0, moved = 0;
        if (lessMoves)
            for (int i = 0; i < count; i += TLanes.Count)
            {
                TVector key = TLanes.Load(ref keys, i);
                moved += TLanes.StoreLess(key, pivots, ref Unsafe.Add(ref target, moved));
                kept += TLanes.StoreGreater(key, pivots, ref Unsafe.Add(ref keys, kept));
            }
        else
            for (int i = 0; i < count; i += TLanes.Count)
            {
                TVector key = TLanes.Load(ref keys, i);
                moved += TLanes.StoreGreater(key, pivots, ref Unsafe.Add(ref target, moved));
                kept += TLanes.StoreLess(key, pivots, ref Unsafe.Add(ref keys, kept));
            }
        int end = Whole(count) - count;  // keys there are greater than all
        return lessMoves ? (moved, kept - end) : (moved - end, kept);
    }

    /// <summary>Offers the difference at each value of a small part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CountEach(in Part part, ref KsBest best)
    {
        ref TKey before = ref Unsafe.Add(ref _before.Origin, part.Before), after = ref Unsafe.Add(ref _after.Origin, part.After);
        int second = TLanes.Count;
        TVector a0 = TLanes.Load(ref before, 0), b0 = TLanes.Load(ref after, 0);
        // All values of a row but those above: relative to the start, so that narrow keys hold it.
        TVector inA0 = TLanes.Broadcast(TKey.CreateTruncating(part.BeforeCount - part.AfterCount)), inB0 = inA0;
        if (part.BeforeCount <= second && part.AfterCount <= second)
        {
            for (int i = 0; i < part.BeforeCount; i++)
            {
                TVector key = TLanes.Broadcast(Unsafe.Add(ref before, i));
                inA0 = TLanes.DecrementWhereLess(inA0, a0, key);
                inB0 = TLanes.DecrementWhereLess(inB0, b0, key);
            }
            for (int i = 0; i < part.AfterCount; i++)
            {
                TVector key = TLanes.Broadcast(Unsafe.Add(ref after, i));
                inA0 = TLanes.IncrementWhereLess(inA0, a0, key);
                inB0 = TLanes.IncrementWhereLess(inB0, b0, key);
            }
        }
        else
        {
            TVector a1 = TLanes.Load(ref before, second), b1 = TLanes.Load(ref after, second), inA1 = inA0, inB1 = inA0;
            for (int i = 0; i < part.BeforeCount; i++)
            {
                TVector key = TLanes.Broadcast(Unsafe.Add(ref before, i));
                inA0 = TLanes.DecrementWhereLess(inA0, a0, key);
                inA1 = TLanes.DecrementWhereLess(inA1, a1, key);
                inB0 = TLanes.DecrementWhereLess(inB0, b0, key);
                inB1 = TLanes.DecrementWhereLess(inB1, b1, key);
            }
            for (int i = 0; i < part.AfterCount; i++)
            {
                TVector key = TLanes.Broadcast(Unsafe.Add(ref after, i));
                inA0 = TLanes.IncrementWhereLess(inA0, a0, key);
                inA1 = TLanes.IncrementWhereLess(inA1, a1, key);
                inB0 = TLanes.IncrementWhereLess(inB0, b0, key);
                inB1 = TLanes.IncrementWhereLess(inB1, b1, key);
            }
            Offer(inA1, ref Unsafe.Add(ref before, second), part.BeforeCount - second, part.Start, ref best);
            Offer(inB1, ref Unsafe.Add(ref after, second), part.AfterCount - second, part.Start, ref best);
        }
        Offer(inA0, ref before, part.BeforeCount, part.Start, ref best);
        Offer(inB0, ref after, part.AfterCount, part.Start, ref best);
    }

    /// <summary>Offers differences at the first keys of a vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Offer(TVector differences, ref TKey keys, int count, int start, ref KsBest best)
    {
        uint reached = TLanes.WhereOutside(differences, TLanes.Broadcast(TKey.CreateSaturating(1 - best.Count - start)),
            TLanes.Broadcast(TKey.CreateSaturating(best.Count - 1 - start)));
        if (count < 32) reached &= (1u << Math.Max(count, 0)) - 1;
        if (reached != 0) OfferReached(reached, differences, ref keys, start, ref best);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void OfferReached(uint reached, TVector differences, ref TKey keys, int start, ref KsBest best)
    {
        TLanes.Store(differences, ref _differences.Origin, 0);
        for (; reached != 0; reached &= reached - 1)
        {
            int i = BitOperations.TrailingZeroCount(reached);
            best.Offer(start + int.CreateTruncating(Unsafe.Add(ref _differences.Origin, i)), Order(Unsafe.Add(ref keys, i)));
        }
    }
}
