using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Kernels;

/// <summary>16-bit rows with a bin for each value that the type has, which holds a 16-bit difference: no regime overflows it.</summary>
internal sealed partial class KsRowBuckets<TLanes, TFloat, TBin, TCount>
{
    /// <summary>Up to here 16 bits hold every difference; wider rows are summed by <see cref="KsRowKeySums"/>.</summary>
    private const int MaxBinsWidth = short.MaxValue;

    /// <summary>From here on the bins pay, and from the second width on for F16 rows that have an eighth in common; going through all of
    /// them takes as long for short rows.</summary>
    private const int MinBinsWidth = 4096, MinEqualBinsWidth = 768;

    private AlignedScratch<ushort> _bins;
    private KsRowKeySums? _keySums;

    /// <summary>Where the bins of all values up to a magnitude lie: transposed as the buckets are, zero in the middle, or first where no
    /// value is negative.</summary>
    private readonly struct BinLayout(int largest, bool hasNegative)
    {
        /// <summary>log2 of the bins of a lane.</summary>
        public int RowBits { get; } = Math.Max(0, BitOperations.Log2((uint)largest | 1) + (hasNegative ? 2 : 1) - 6);

        public int Count => Lanes << RowBits;

        public int Zero => hasNegative ? Count / 2 : 0;
    }

    /// <summary>Counts both rows in one array, up and down.</summary>
    private readonly ref struct BinCounters(ref ushort bins) : IKeyCounters
    {
        private readonly ref ushort _bins = ref bins;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void AddBlock(ref ushort positionsBefore, ref ushort positionsAfter)
        {
            for (nint i = 0; i < Block; i += 4)
            {
                Add(Unsafe.Add(ref positionsBefore, i), Unsafe.Add(ref positionsAfter, i));
                Add(Unsafe.Add(ref positionsBefore, i + 1), Unsafe.Add(ref positionsAfter, i + 1));
                Add(Unsafe.Add(ref positionsBefore, i + 2), Unsafe.Add(ref positionsAfter, i + 2));
                Add(Unsafe.Add(ref positionsBefore, i + 3), Unsafe.Add(ref positionsAfter, i + 3));
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(int positionBefore, int positionAfter)
        {
            Unsafe.Add(ref _bins, (nint)positionBefore)++;
            Unsafe.Add(ref _bins, (nint)positionAfter)--;
        }
    }

    /// <summary>Finds h, sign and location of padded rows without a NaN, whatever their values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome TestInBins<TElement>(
        ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after, int largest, bool hasNegative, int equal)
        where TElement : IStoredElement<TElement, ushort>
    {
        Take(32 * _padded + 6 * sizeof(int) * (1 << 16));  // counted; all bins summed, searched and cleared
        if (_padded > MaxBinsWidth)
        {
            if (4 * equal >= before.Length) KeepDifferent(ref before, ref after);
            return (_keySums ??= new()).Test<TElement>(before, after);
        }
        if (_bins.Length == 0) _bins = new(1 << 16);
        BinLayout layout = new(largest, hasNegative);
        Count(before, after, equal, new KeyLanes(0, layout.Zero, layout.RowBits), layout.RowBits, new BinCounters(ref _bins.Origin));
        ScanBins(layout);
        int h = ChainLanes();
        KsRowOutcome outcome = h == 0 ? KsRowOutcome.Equal
            : FirstBin<TElement>(layout, +1, h) ?? FirstBin<TElement>(layout, -1, h) ?? throw new InvalidOperationException("no bin has h");
        _bins.Span[..layout.Count].Clear();
        return outcome;
    }

    /// <summary>Takes the values at places where the rows differ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void KeepDifferent(ref ReadOnlySpan<ushort> before, ref ReadOnlySpan<ushort> after)
    {
        ref ushort a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        ref ushort keptA = ref _positionsBefore.Origin, keptB = ref _positionsAfter.Origin;
        int kept = 0;
        for (int i = 0; i < before.Length; i += TLanes.Bytes / 2)
        {
            TBin x = TLanes.LoadBin(ref a, i), y = TLanes.LoadBin(ref b, i);
            kept += TLanes.StoreWhereDifferent(x, y, x, y, ref Unsafe.Add(ref keptA, kept), ref Unsafe.Add(ref keptB, kept));
        }
        before = _positionsBefore.Span[..kept];
        after = _positionsAfter.Span[..kept];
    }

    /// <summary>Runs the prefix sums of all lanes, as <see cref="ScanKeys"/> does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScanBins(BinLayout layout)
    {
        ref ushort bins = ref _bins.Origin;
        TBin bias = TLanes.BroadcastBin(Bias), mirror = TLanes.BroadcastBin(Mirror);
        int end = layout.Count;
        for (int group = 0; group < Lanes; group += TLanes.Bytes / 2)
        {
            TBin sum = bias, high = bias, low = bias;
            for (int at = group; at < end; at += Lanes)
            {
                sum = TLanes.Add(sum, TLanes.LoadBin(ref bins, at));
                high = TLanes.Max(high, sum);
                low = TLanes.Max(low, TLanes.Subtract(mirror, sum));
            }
            TLanes.StoreBin(sum, ref _keyEnd.Origin, group);
            TLanes.StoreBin(high, ref _keyHigh.Origin, group);
            TLanes.StoreBin(low, ref _keyLow.Origin, group);
        }
    }

    /// <summary>The outcome at the first bin after which the difference is sign·h; null when there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome? FirstBin<TElement>(BinLayout layout, int sign, int h) where TElement : IStoredElement<TElement, ushort>
    {
        ReadOnlySpan<ushort> reach = sign > 0 ? _keyHigh.Span : _keyLow.Span;
        for (int lane = 0; lane < Lanes; lane++)
        {
            if (sign * _keyStart[lane] + reach[lane] - Bias < h) continue;
            int row = FirstRow(lane, (ushort)(Bias + sign * h - _keyStart[lane]));
            return new(h, sign, KsRowKeySums.Value<TElement>((lane << layout.RowBits | row) - layout.Zero));
        }
        return null;
    }

    /// <summary>The first row of the bins after which the sum of a lane, which gets there, is what is wanted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int FirstRow(int lane, ushort wanted)
    {
        int inGroup = lane & TLanes.Bytes / 2 - 1, group = lane - inGroup;
        _magnitudes.Span.Clear();  // no lane's sum is 0: it is biased
        _magnitudes.Span[inGroup] = wanted;
        ref ushort bins = ref Unsafe.Add(ref _bins.Origin, group);
        TBin sum = TLanes.BroadcastBin(Bias), wantedHere = TLanes.LoadBin(ref _magnitudes.Origin, 0);
        for (int row = 0; ; row++)
        {
            sum = TLanes.Add(sum, TLanes.LoadBin(ref bins, row * Lanes));
            if (TLanes.WhereEqual(sum, wantedHere) != 0) return row;
        }
    }
}
