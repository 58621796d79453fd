using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Kernels;

/// <summary>The second step: prefix sums bound h from both sides, and list the buckets that may hold it or the location.</summary>
internal sealed partial class KsRowBuckets<TLanes, TFloat, TBin, TCount>
{
    /// <summary>What the search knows of the buckets and of the values in them.</summary>
    private interface IBuckets
    {
        /// <summary>The row.</summary>
        ReadOnlySpan<float> Before { get; }

        /// <summary>The other row.</summary>
        ReadOnlySpan<float> After { get; }

        /// <summary>The sortable key of the value whose position stands at this place in the position array.</summary>
        uint KeyBefore(int place);

        /// <inheritdoc cref="KeyBefore"/>
        uint KeyAfter(int place);
    }

    /// <summary>A bucket that may matter: where its counters lie, the difference at its left edge, and what it holds of either
    /// row.</summary>
    private readonly record struct Candidate(int Bucket, int Position, int Start, int Before, int After)
    {
        /// <summary>The greatest difference that the bucket could hold, up or down.</summary>
        public int Bound => Math.Max(Start + Before, After - Start);

        public bool Reaches(int sign, int h) => (sign > 0 ? Start + Before : After - Start) >= h;
    }

    /// <summary>Finds h, sign and location from the counters; null where a counter or a lane overflowed, or where sorting is
    /// faster.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome? Evaluate<T>(T buckets, int rowBits, int total) where T : IBuckets, allows ref struct
    {
        _walks = 0;
        if (!Scan(1 << rowBits, total, out bool isSaturated)) return null;
        if (isSaturated) return _padded <= MaxBinsWidth || LanesAreSmall(1 << rowBits) ? EvaluateWide(buckets, rowBits) : null;

        (int edge, int bound) = SumLanes();

        KsBest best = new(edge);
        if (edge >= LargeDifference)
        {
            // Few buckets come near a large difference: one list serves for h and for the location.
            SetLimits(edge - 1);
            bool areFew = CollectCandidates(rowBits);
            if (AreLikelyDiscrete)
                return Width < MinDiscreteWidth ? null : EvaluateDiscrete(buckets.Before, buckets.After, rowBits, edge);
            if (!areFew) return null;
            WalkByBound(buckets, edge + 1, ref best);
            return LocateLarge(buckets, edge, best);
        }
        if (bound > edge)
        {
            SetLimits(edge);
            bool areFew = CollectCandidates(rowBits);
            if (AreLikelyDiscrete)
                return Width < MinDiscreteWidth ? null : EvaluateDiscrete(buckets.Before, buckets.After, rowBits, edge);
            if (!areFew) return null;
            if (_candidateCount > MaxSearches) WalkTogether(buckets, _candidates.AsSpan(0, _candidateCount), edge + 1, ref best);
            else WalkByBound(buckets, edge + 1, ref best);
        }
        if (best.Count == edge) best = Locate(buckets, rowBits, +1, edge) ?? Locate(buckets, rowBits, -1, edge) ?? new(0);
        return _walks <= MaxWalks ? best.Outcome : null;
    }

    /// <summary>The outcome of a difference in whose reach few buckets come, all of them candidates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome? LocateLarge<T>(T buckets, int edge, KsBest best) where T : IBuckets, allows ref struct
    {
        if (best.Count == edge) best = First(buckets, +1, edge) ?? First(buckets, -1, edge) ?? new(0);
        return _walks <= MaxWalks ? best.Outcome : null;
    }

    /// <summary>Runs the prefix sums of all lanes; false where a counter overflowed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Scan(int rows, int total, out bool isSaturated)
    {
        ref sbyte before = ref _counts.Origin, after = ref Unsafe.Add(ref before, rows * Lanes);
        TBin sum = TLanes.BroadcastBin(0);
        TCount zero = TLanes.BroadcastCount(0), overflow = zero;
        for (int group = 0; group < Lanes; group += TLanes.Bytes)
        {
            TCount s = zero, high = zero, low = zero, edgeHigh = zero, edgeLow = zero;
            for (int at = group; at < rows * Lanes; at += Lanes)
            {
                TCount a = TLanes.LoadCount(ref before, at), b = TLanes.LoadCount(ref after, at);
                overflow = TLanes.Or(overflow, TLanes.Or(a, b));
                sum = TLanes.AddUnsigned(sum, TLanes.Add(a, b));  // exact unless a counter overflowed
                high = TLanes.Max(high, TLanes.AddSaturate(s, a));
                low = TLanes.Min(low, TLanes.SubtractSaturate(s, b));
                s = TLanes.AddSaturate(s, TLanes.SubtractSaturate(a, b));
                edgeHigh = TLanes.Max(edgeHigh, s);
                edgeLow = TLanes.Min(edgeLow, s);
            }
            TLanes.StoreCount(s, ref _laneEnd.Origin, group);
            TLanes.StoreCount(high, ref _high.Origin, group);
            TLanes.StoreCount(low, ref _low.Origin, group);
            TLanes.StoreCount(edgeHigh, ref _edgeHigh.Origin, group);
            TLanes.StoreCount(edgeLow, ref _edgeLow.Origin, group);
        }
        isSaturated = _high.Span.Contains(sbyte.MaxValue) || _low.Span.Contains(sbyte.MinValue);
        return TLanes.Negative(overflow) == 0 && TLanes.Sum(sum) == total;
    }

    /// <summary>Chains the lanes; returns the greatest difference at any bucket edge, and the greatest that any bucket could
    /// hold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (int Edge, int Bound) SumLanes()
    {
        ref sbyte end = ref _laneEnd.Origin;
        ref short starts = ref _laneStart.Origin;
        for (int lane = 0, start = 0; lane < Lanes; lane++)
        {
            Unsafe.Add(ref starts, lane) = (short)start;
            start += Unsafe.Add(ref end, lane);
        }
        Vector128<short> edge = default, bound = default;
        for (nuint lane = 0; lane < Lanes; lane += 8)
        {
            Vector128<short> start = Vector128.LoadUnsafe(ref starts, lane);
            edge = Vector128.Max(edge, Vector128.Max(start + Widen(_edgeHigh, lane), -start - Widen(_edgeLow, lane)));
            bound = Vector128.Max(bound, Vector128.Max(start + Widen(_high, lane), -start - Widen(_low, lane)));
        }
        return (Max(edge), Max(bound));

        static Vector128<short> Widen(in AlignedScratch<sbyte> counts, nuint lane) =>
            Vector128.WidenLower(
                Vector128.CreateScalar(Unsafe.ReadUnaligned<long>(ref Unsafe.As<sbyte, byte>(ref Unsafe.Add(ref counts.Origin, lane))))
                    .AsSByte());

        static int Max(Vector128<short> values)
        {
            int greatest = 0;
            for (int i = 0; i < Vector128<short>.Count; i++) greatest = Math.Max(greatest, values[i]);
            return greatest;
        }
    }

    /// <summary>Limits the differences in each lane to [-difference, +difference].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SetLimits(int difference)
    {
        Vector128<short> limit = Vector128.Create((short)difference);
        for (nuint lane = 0; lane < Lanes; lane += 16)
        {
            Vector128<short> low = Vector128.LoadUnsafe(ref _laneStart.Origin, lane),
                high = Vector128.LoadUnsafe(ref _laneStart.Origin, lane + 8);
            Vector128.NarrowWithSaturation(limit - low, limit - high).StoreUnsafe(ref _upper.Origin, lane);
            Vector128.NarrowWithSaturation(-limit - low, -limit - high).StoreUnsafe(ref _lower.Origin, lane);
        }
    }

    /// <summary>Lists the buckets whose bound exceeds the limits; false when there are too many for it to pay.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool CollectCandidates(int rowBits)
    {
        int steps = FindHits(1 << rowBits);
        if (steps > MaxCandidates) return false;
        int total = Lanes << rowBits;
        ReadOnlySpan<sbyte> counts = _counts.Span;
        _candidateCount = 0;
        _candidateElements = 0;
        for (int step = 0; step < steps; step++)
        {
            (int at, ulong hits) = _hits[step];
            for (; hits != 0; hits &= hits - 1)
            {
                int bit = BitOperations.TrailingZeroCount(hits), position = at + bit, lane = position & Lanes - 1;
                int held = counts[position] + counts[total + position];
                if (held == 0) continue;
                _candidateElements += held;
                if (_candidateCount == MaxCandidates || _candidateElements > MaxGatheredShare * _length) return false;
                int start = _laneStart.Span[lane] + _hitSums.Span[step * TLanes.Bytes + bit];
                _candidates[_candidateCount++] = new(lane << rowBits | position >> 6, position, start, counts[position],
                    counts[total + position]);
            }
        }
        return true;
    }

    /// <summary>Notes each step of the prefix sums at which some lane goes beyond its limits, with the sums before the step.</summary>
    /// <remarks>Makes no calls, so that the limits stay in registers.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int FindHits(int rows)
    {
        ref sbyte before = ref _counts.Origin, after = ref Unsafe.Add(ref before, rows * Lanes), sums = ref _hitSums.Origin;
        ref (int At, ulong Hits) found = ref _hits[0];
        int steps = 0;
        for (int group = 0; group < Lanes; group += TLanes.Bytes)
        {
            TCount s = TLanes.BroadcastCount(0), upper = TLanes.LoadCount(ref _upper.Origin, group),
                lower = TLanes.LoadCount(ref _lower.Origin, group);
            for (int at = group; at < rows * Lanes; at += Lanes)
            {
                TCount a = TLanes.LoadCount(ref before, at), b = TLanes.LoadCount(ref after, at);
                ulong hits = TLanes.Outside(TLanes.AddSaturate(s, a), upper, TLanes.SubtractSaturate(s, b), lower);
                if (hits != 0)
                {
                    TLanes.StoreCount(s, ref sums, steps * TLanes.Bytes);
                    Unsafe.Add(ref found, steps) = (at, hits);
                    if (++steps > MaxCandidates) return steps;
                }
                s = TLanes.AddSaturate(s, TLanes.SubtractSaturate(a, b));
            }
        }
        return steps;
    }

    /// <summary>Finds the first value at which the difference reaches sign·h, when h stands at a bucket's edge; null when none
    /// does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsBest? Locate<T>(T buckets, int rowBits, int sign, int h) where T : IBuckets, allows ref struct
    {
        // Beyond the first lane with such an edge there is nothing to look for.
        int last = 0;
        ReadOnlySpan<sbyte> edges = sign > 0 ? _edgeHigh.Span : _edgeLow.Span;
        while (last < Lanes - 1 && sign * (_laneStart.Span[last] + edges[last]) < h) last++;

        SetLimits(h - 1);
        (sign > 0 ? _lower : _upper).Span.Fill(sign > 0 ? sbyte.MinValue : sbyte.MaxValue);
        (sign > 0 ? _upper : _lower).Span[(last + 1)..].Fill(sign > 0 ? sbyte.MaxValue : sbyte.MinValue);
        return CollectCandidates(rowBits) ? First(buckets, sign, h) : LocateByLane(buckets, rowBits, sign, h);
    }

    /// <summary>The same, bucket by bucket: where most of them could reach h.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsBest? LocateByLane<T>(T buckets, int rowBits, int sign, int h) where T : IBuckets, allows ref struct
    {
        int rows = 1 << rowBits, total = rows * Lanes;
        ReadOnlySpan<sbyte> counts = _counts.Span, reach = sign > 0 ? _high.Span : _low.Span;
        for (int lane = 0; lane < Lanes; lane++)
        {
            int s = _laneStart.Span[lane];
            if (sign * (s + reach[lane]) < h) continue;
            for (int r = 0; r < rows; r++)
            {
                int position = r * Lanes + lane, a = counts[position], b = counts[total + position];
                Candidate candidate = new(lane << rowBits | r, position, s, a, b);
                if (a + b != 0 && candidate.Reaches(sign, h))
                {
                    if (++_walks > MaxWalks) return null;
                    KsBest found = new(h);
                    WalkAlone(buckets, candidate, ref found);
                    if (found.Reached(sign)) return found;
                }
                s += a - b;
            }
        }
        return null;
    }
}
