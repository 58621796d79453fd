using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KsLottery.Engine.Kernels;

/// <summary>F32 rows whose values the usual map crowds into few buckets: the same buckets behind a <see cref="QuantileMap"/>.</summary>
internal sealed partial class KsRowBuckets<TLanes, TFloat, TBin, TCount>
{
    private QuantileMap? _quantiles;

    /// <summary>Null where values are so few that buckets overflow all the same.</summary>
    /// <param name="before">The row, padded.</param>
    /// <param name="after">The other.</param>
    /// <param name="mayReuse">Whether the quantiles of a row before may serve: fitting takes as long as counting.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome? TestByQuantiles(ReadOnlySpan<float> before, ReadOnlySpan<float> after, bool mayReuse)
    {
        int rowBits = BitOperations.Log2((uint)NormalBuckets(before.Length)) - 6;
        if (!SpendOnBuckets(rowBits)) return null;
        if (mayReuse && _quantiles is not null && TestFitted(before, after, _quantiles, rowBits) is { } outcome) return outcome;
        if (!SpendOnBuckets(rowBits)) return null;
        _quantiles ??= new(Width);
        return _quantiles.Fit(before, after, Lanes << rowBits) ? TestFitted(before, after, _quantiles, rowBits) : null;
    }

    private KsRowOutcome? TestFitted(ReadOnlySpan<float> before, ReadOnlySpan<float> after, QuantileMap map, int rowBits) =>
        EvaluateCounted(before, after, rowBits, CountByQuantiles(before, after, map, rowBits));

    /// <summary>Counts both rows as <see cref="CountBuckets"/> does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool CountByQuantiles(ReadOnlySpan<float> before, ReadOnlySpan<float> after, QuantileMap map, int rowBits)
    {
        int n = before.Length, half = TLanes.Bytes / 4;
        TBin mask = TLanes.BroadcastBin((ushort)((1 << rowBits) - 1 << 6));
        TFloat zero = TLanes.Broadcast(0), one = TLanes.Broadcast(1), middle = TLanes.Broadcast(Lanes / 2 << rowBits), poison = zero;
        ref float a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        ref ushort positionsA = ref _positionsBefore.Origin, positionsB = ref _positionsAfter.Origin;
        ref sbyte countA = ref _counts.Origin, countB = ref Unsafe.Add(ref countA, 1 << rowBits + 6);
        ref float centres = ref map.Centres[0], halves = ref map.Halves[0], slopes = ref map.Slopes[0];
        for (int i = 0; i <= n; i += Block)
        {
            if (i < n)
            {
                for (int k = i; k < i + Block; k += 2 * half)
                {
                    TFloat a0 = TLanes.Load(ref a, k), a1 = TLanes.Load(ref a, k + half), b0 = TLanes.Load(ref b, k),
                        b1 = TLanes.Load(ref b, k + half);
                    poison = TLanes.MultiplyAdd(a1, zero, TLanes.MultiplyAdd(a0, zero, poison));
                    poison = TLanes.MultiplyAdd(b1, zero, TLanes.MultiplyAdd(b0, zero, poison));
                    TFloat toA0 = middle, toA1 = middle, toB0 = middle, toB1 = middle;
                    for (nint ramp = 0; ramp < QuantileMap.Ramps; ramp++)
                    {
                        TFloat centre = TLanes.Broadcast(-Unsafe.Add(ref centres, ramp)),
                            limit = TLanes.Broadcast(Unsafe.Add(ref halves, ramp)), slope = TLanes.Broadcast(Unsafe.Add(ref slopes, ramp));
                        toA0 = TLanes.MultiplyAdd(TLanes.Clamp(TLanes.MultiplyAdd(a0, one, centre), limit), slope, toA0);
                        toA1 = TLanes.MultiplyAdd(TLanes.Clamp(TLanes.MultiplyAdd(a1, one, centre), limit), slope, toA1);
                        toB0 = TLanes.MultiplyAdd(TLanes.Clamp(TLanes.MultiplyAdd(b0, one, centre), limit), slope, toB0);
                        toB1 = TLanes.MultiplyAdd(TLanes.Clamp(TLanes.MultiplyAdd(b1, one, centre), limit), slope, toB1);
                    }
                    TLanes.StoreBin(Transpose(TLanes.Pack(toA0, toA1), rowBits, mask), ref positionsA, k);
                    TLanes.StoreBin(Transpose(TLanes.Pack(toB0, toB1), rowBits, mask), ref positionsB, k);
                }
                Interop.Cache.Prefetch(ref a, n + i);
                Interop.Cache.Prefetch(ref a, n + i + Block / 2);
                Interop.Cache.Prefetch(ref b, n + i);
                Interop.Cache.Prefetch(ref b, n + i + Block / 2);
            }
            if (i > 0)
                CountBlock(ref countA, ref countB, ref Unsafe.Add(ref positionsA, i - Block), ref Unsafe.Add(ref positionsB, i - Block));
        }
        return !TLanes.AnyNaN(poison);
    }
}
