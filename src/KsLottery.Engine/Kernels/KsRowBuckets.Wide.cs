using System.Runtime.CompilerServices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Kernels;

/// <summary>F32 rows that differ so much that the sum of a lane leaves 8 bits: the same buckets with sums of 16 bits.</summary>
internal sealed partial class KsRowBuckets<TLanes, TFloat, TBin, TCount>
{
    private readonly AlignedScratch<ushort> _reachHigh = new(Lanes), _reachLow = new(Lanes);

    /// <summary>Finds h, sign and location from counters that did not overflow; null where sorting is faster.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome? EvaluateWide<T>(T buckets, int rowBits) where T : IBuckets, allows ref struct
    {
        ScanWide(1 << rowBits);
        int edge = ChainLanes();
        if (!CollectWide(rowBits, edge)) return null;
        KsBest best = new(edge);
        WalkByBound(buckets, edge + 1, ref best);
        return LocateLarge(buckets, edge, best);
    }

    /// <summary>Whether no lane holds more of either row than a sum of 16 bits can.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool LanesAreSmall(int rows)
    {
        ref sbyte counts = ref _counts.Origin;
        for (int row = 0; row < 2; row++)
        {
            TBin most = TLanes.BroadcastBin(0);
            for (int group = 0; group < Lanes; group += TLanes.Bytes)
            {
                TBin lower = TLanes.BroadcastBin(0), upper = lower;
                int start = row * rows * Lanes + group;
                for (int at = start; at < start + rows * Lanes; at += Lanes)
                {
                    TCount held = TLanes.LoadCount(ref counts, at);
                    lower = TLanes.Add(lower, TLanes.WidenLower(held));
                    upper = TLanes.Add(upper, TLanes.WidenUpper(held));
                }
                most = TLanes.Max(most, TLanes.Max(lower, upper));
            }
            // Of 65,536 elements in one lane nothing is left in 16 bits.
            if (LargestOf(most) is 0 or > MaxBinsWidth) return false;
        }
        return true;
    }

    /// <summary>Runs the prefix sums of all lanes; sums lie around <see cref="Bias"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScanWide(int rows)
    {
        ref sbyte before = ref _counts.Origin, after = ref Unsafe.Add(ref before, rows * Lanes);
        TBin bias = TLanes.BroadcastBin(Bias), mirror = TLanes.BroadcastBin(Mirror);
        for (int group = 0; group < Lanes; group += TLanes.Bytes)
        {
            TBin lower = bias, upper = bias, highLower = bias, highUpper = bias, lowLower = bias, lowUpper = bias;
            TBin reachHighLower = bias, reachHighUpper = bias, reachLowLower = bias, reachLowUpper = bias;
            for (int at = group; at < rows * Lanes; at += Lanes)
            {
                TCount a = TLanes.LoadCount(ref before, at), b = TLanes.LoadCount(ref after, at);
                TBin a0 = TLanes.WidenLower(a), a1 = TLanes.WidenUpper(a), b0 = TLanes.WidenLower(b), b1 = TLanes.WidenUpper(b);
                lower = TLanes.Add(lower, a0);
                upper = TLanes.Add(upper, a1);
                reachHighLower = TLanes.Max(reachHighLower, lower);
                reachHighUpper = TLanes.Max(reachHighUpper, upper);
                lower = TLanes.Subtract(lower, b0);
                upper = TLanes.Subtract(upper, b1);
                highLower = TLanes.Max(highLower, lower);
                highUpper = TLanes.Max(highUpper, upper);
                TBin belowLower = TLanes.Subtract(mirror, lower), belowUpper = TLanes.Subtract(mirror, upper);
                lowLower = TLanes.Max(lowLower, belowLower);
                lowUpper = TLanes.Max(lowUpper, belowUpper);
                reachLowLower = TLanes.Max(reachLowLower, TLanes.Add(belowLower, a0));
                reachLowUpper = TLanes.Max(reachLowUpper, TLanes.Add(belowUpper, a1));
            }
            int half = group + TLanes.Bytes / 2;
            Store(_keyEnd, lower, upper);
            Store(_keyHigh, highLower, highUpper);
            Store(_keyLow, lowLower, lowUpper);
            Store(_reachHigh, reachHighLower, reachHighUpper);
            Store(_reachLow, reachLowLower, reachLowUpper);

            void Store(in AlignedScratch<ushort> target, TBin lower, TBin upper)
            {
                TLanes.StoreBin(lower, ref target.Origin, group);
                TLanes.StoreBin(upper, ref target.Origin, half);
            }
        }
    }

    /// <summary>Lists the buckets whose bound reaches h; false when there are too many for it to pay.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool CollectWide(int rowBits, int h)
    {
        int rows = 1 << rowBits, total = rows * Lanes;
        ref sbyte before = ref _counts.Origin, after = ref Unsafe.Add(ref before, total);
        _candidateCount = 0;
        int elements = 0;
        for (int lane = 0; lane < Lanes; lane++)
        {
            int start = _keyStart[lane];
            if (start + _reachHigh.Span[lane] - Bias < h && _reachLow.Span[lane] - Bias - start < h) continue;
            for (int position = lane; position < total; position += Lanes)
            {
                int a = Unsafe.Add(ref before, position), b = Unsafe.Add(ref after, position);
                if ((start + a >= h || b - start >= h) && a + b != 0)
                {
                    elements += a + b;
                    if (_candidateCount == MaxCandidates || elements > MaxGatheredShare * _length) return false;
                    _candidates[_candidateCount++] = new(lane << rowBits | position >> 6, position, start, a, b);
                }
                start += a - b;
            }
        }
        return true;
    }
}
