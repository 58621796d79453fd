using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Kernels;

/// <summary>Compares rows by splitting them around pivots: what narrow rows take, and rows that buckets do not hold.</summary>
internal sealed class KsRowSplits(string name, int width, IKsKeySplitter<int> singles, IKsKeySplitter<short> halves)
    : IKsRowKernel, IKsEffort
{
    private KsRowRadix? _fallback;

    public string Name => name;

    public int Width => width;

    public long Effort { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public KsRowOutcome Test(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        const int Infinity = 0x7f80_0000;
        KsSplit split = singles.Run(MemoryMarshal.Cast<float, int>(before), MemoryMarshal.Cast<float, int>(after), Infinity, ~Infinity);
        Effort = singles.Effort;
        if (split.HasNaN) return KsRowOutcome.NotANumber;
        return split.IsDone ? split.Best.Outcome : Fallback().Test(before, after);
    }

    public KsRowOutcome TestFloat16(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after) =>
        TestHalves<Float16>(before, after) ?? Fallback().TestFloat16(before, after);

    public KsRowOutcome TestBFloat16(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after) =>
        TestHalves<BFloat16>(before, after) ?? Fallback().TestBFloat16(before, after);

    private KsRowRadix Fallback()
    {
        _fallback ??= new(width);
        Effort += _fallback.Effort;
        return _fallback;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome? TestHalves<TElement>(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after)
        where TElement : IStoredElement<TElement, ushort>
    {
        short infinity = (short)TElement.NonFinite;
        KsSplit split = halves.Run(MemoryMarshal.Cast<ushort, short>(before), MemoryMarshal.Cast<ushort, short>(after), infinity,
            (short)-infinity);
        Effort = halves.Effort;
        if (split.HasNaN) return KsRowOutcome.NotANumber;
        if (!split.IsDone) return null;
        KsBest best = split.Best;
        return best.HighestAt is uint high ? new(best.Count, 1, Value(high))
            : best.LowestAt is uint low ? new(best.Count, -1, Value(low)) : KsRowOutcome.Equal;

        static float Value(uint at) => KsRowKeySums.Value<TElement>((int)(at ^ 0x8000_0000));
    }
}
