using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Kernels;

/// <summary>The first step for F32 rows: the <see cref="BucketMap"/> in vector registers, and counters of both rows behind it.</summary>
internal sealed partial class KsRowBuckets<TLanes, TFloat, TBin, TCount>
{
    private static int NormalBuckets(int length) =>
        (int)Math.Clamp(BitOperations.RoundUpToPowerOf2((uint)length * 2), MinBuckets, MaxBuckets);

    /// <summary>The share, in 1/256, of sampled elements that stay in their bucket.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int StayingShare(ReadOnlySpan<float> before, ReadOnlySpan<float> after, in BucketMap map)
    {
        MapLanes lanes = new(map, 0);
        ref float a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        int half = TLanes.Bytes / 4, pair = 2 * half, step = Math.Max(before.Length / 4 / pair * pair, pair), equal = 0, seen = 0;
        for (int i = 0; i < before.Length; i += step, seen += pair)
            equal += BitOperations.PopCount(TLanes.WhereEqual(
                lanes.Bins(TLanes.Load(ref a, i), TLanes.Load(ref a, i + half)),
                    lanes.Bins(TLanes.Load(ref b, i), TLanes.Load(ref b, i + half))));
        return 256 * equal / seen;
    }

    /// <summary>Rows that are close together have small counts, which only finer buckets can tell apart; their counters leave the L1
    /// cache.</summary>
    /// <remarks>The steps are measured, see <c>bench/results</c>.</remarks>
    private static int BucketsFor(int length, int stayingShare) => stayingShare switch
    {
        < SomeStaying => NormalBuckets(length),
        < MostlyStaying => Math.Min(2 * NormalBuckets(length), MaxBuckets),
        _ => Math.Min(8 * NormalBuckets(length), MaxBuckets),
    };

    /// <summary>Buckets that the map made: any may hold several values.</summary>
    private readonly ref struct ValueBuckets(ReadOnlySpan<float> before, ReadOnlySpan<float> after) : IBuckets
    {
        public ReadOnlySpan<float> Before { get; } = before;
        public ReadOnlySpan<float> After { get; } = after;

        public uint KeyBefore(int place) => SortableKey.FromSingle(Before[Element(place)]);
        public uint KeyAfter(int place) => SortableKey.FromSingle(After[Element(place)]);

        /// <summary>Packing interleaves two vectors of F floats by groups of four.</summary>
        public static int Element(int place)
        {
            int floats = TLanes.Bytes / 4, inPair = place & 2 * floats - 1;
            return place - inPair + (inPair >> 3) * 4 + (inPair & 3) + (inPair >> 2 & 1) * floats;
        }
    }

    /// <summary>A <see cref="BucketMap"/> in vector registers.</summary>
    private readonly struct MapLanes(in BucketMap map, int rowBits)
    {
        private readonly TFloat _scale = TLanes.Broadcast(map.Scale), _offset = TLanes.Broadcast(map.Offset);
        private readonly TFloat _innerSlope = TLanes.Broadcast(map.InnerSlope), _outerSlope = TLanes.Broadcast(map.OuterSlope);
        private readonly TFloat _innerLimit = TLanes.Broadcast(BucketMap.InnerLimit), _outerLimit = TLanes.Broadcast(BucketMap.OuterLimit);
        private readonly TFloat _middle = TLanes.Broadcast(map.Middle);
        private readonly TBin _mask = TLanes.BroadcastBin((ushort)((1 << rowBits) - 1 << 6));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TBin Bins(TFloat low, TFloat high) => TLanes.Pack(Map(low), Map(high));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TBin Positions(TFloat low, TFloat high, int rowBits) => Transpose(Bins(low, high), rowBits, _mask);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private TFloat Map(TFloat value)
        {
            TFloat t = TLanes.MultiplyAdd(value, _scale, _offset);
            TFloat inner = TLanes.MultiplyAdd(TLanes.Clamp(t, _innerLimit), _innerSlope, _middle);
            return TLanes.MultiplyAdd(TLanes.Clamp(t, _outerLimit), _outerSlope, inner);
        }
    }

    /// <summary>bucket = lane·2^rowBits + r becomes r·64 + lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TBin Transpose(TBin buckets, int rowBits, TBin mask) =>
        TLanes.Or(TLanes.And(TLanes.ShiftLeft(buckets, 6), mask), TLanes.ShiftRight(buckets, rowBits));

    /// <summary>Counts both rows; false when a NaN or an infinity was met.</summary>
    /// <remarks>
    /// Counting is bound by loads and stores, mapping by arithmetic: they run interleaved, counting one block behind. The next row pair is
    /// fetched meanwhile.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool CountBuckets(ReadOnlySpan<float> before, ReadOnlySpan<float> after, in BucketMap map, int rowBits)
    {
        int n = before.Length, half = TLanes.Bytes / 4;
        MapLanes lanes = new(map, rowBits);
        TFloat zero = TLanes.Broadcast(0), poisonA = zero, poisonB = zero;
        ref float a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        ref ushort positionsA = ref _positionsBefore.Origin, positionsB = ref _positionsAfter.Origin;
        ref sbyte countA = ref _counts.Origin, countB = ref Unsafe.Add(ref countA, 1 << rowBits + 6);
        for (int i = 0; i <= n; i += Block)
        {
            if (i < n)
            {
                for (int k = i; k < i + Block; k += 2 * half)
                {
                    TFloat a0 = TLanes.Load(ref a, k), a1 = TLanes.Load(ref a, k + half), b0 = TLanes.Load(ref b, k),
                        b1 = TLanes.Load(ref b, k + half);
                    // Zero times NaN or infinity is NaN, and stays.
                    poisonA = TLanes.MultiplyAdd(a1, zero, TLanes.MultiplyAdd(a0, zero, poisonA));
                    poisonB = TLanes.MultiplyAdd(b1, zero, TLanes.MultiplyAdd(b0, zero, poisonB));
                    TLanes.StoreBin(lanes.Positions(a0, a1, rowBits), ref positionsA, k);
                    TLanes.StoreBin(lanes.Positions(b0, b1, rowBits), ref positionsB, k);
                }
                Interop.Cache.Prefetch(ref a, n + i);
                Interop.Cache.Prefetch(ref a, n + i + Block / 2);
                Interop.Cache.Prefetch(ref b, n + i);
                Interop.Cache.Prefetch(ref b, n + i + Block / 2);
            }
            if (i > 0)
                CountBlock(ref countA, ref countB, ref Unsafe.Add(ref positionsA, i - Block), ref Unsafe.Add(ref positionsB, i - Block));
        }
        return !TLanes.AnyNaN(poisonA) && !TLanes.AnyNaN(poisonB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CountBlock(ref sbyte countA, ref sbyte countB, ref ushort positionsA, ref ushort positionsB)
    {
        for (nint i = 0; i < Block; i += 8)
        {
            Unsafe.Add(ref countA, (nint)Unsafe.Add(ref positionsA, i))++;
            Unsafe.Add(ref countB, (nint)Unsafe.Add(ref positionsB, i))++;
            Unsafe.Add(ref countA, (nint)Unsafe.Add(ref positionsA, i + 1))++;
            Unsafe.Add(ref countB, (nint)Unsafe.Add(ref positionsB, i + 1))++;
            Unsafe.Add(ref countA, (nint)Unsafe.Add(ref positionsA, i + 2))++;
            Unsafe.Add(ref countB, (nint)Unsafe.Add(ref positionsB, i + 2))++;
            Unsafe.Add(ref countA, (nint)Unsafe.Add(ref positionsA, i + 3))++;
            Unsafe.Add(ref countB, (nint)Unsafe.Add(ref positionsB, i + 3))++;
            Unsafe.Add(ref countA, (nint)Unsafe.Add(ref positionsA, i + 4))++;
            Unsafe.Add(ref countB, (nint)Unsafe.Add(ref positionsB, i + 4))++;
            Unsafe.Add(ref countA, (nint)Unsafe.Add(ref positionsA, i + 5))++;
            Unsafe.Add(ref countB, (nint)Unsafe.Add(ref positionsB, i + 5))++;
            Unsafe.Add(ref countA, (nint)Unsafe.Add(ref positionsA, i + 6))++;
            Unsafe.Add(ref countB, (nint)Unsafe.Add(ref positionsB, i + 6))++;
            Unsafe.Add(ref countA, (nint)Unsafe.Add(ref positionsA, i + 7))++;
            Unsafe.Add(ref countB, (nint)Unsafe.Add(ref positionsB, i + 7))++;
        }
    }
}
