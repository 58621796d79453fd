using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KsLottery.Engine.Kernels;

/// <summary>F32 rows of so few values that each has a bucket of its own: differences within buckets need no search.</summary>
internal sealed partial class KsRowBuckets<TLanes, TFloat, TBin, TCount>
{
    /// <summary>Narrower rows of few values are split.</summary>
    private const int MinDiscreteWidth = 2048;

    private bool AreLikelyDiscrete => 8 * _candidateElements > _length && _candidateElements > 8 * _candidateCount;

    /// <summary>Where each element of a block stands in the position arrays.</summary>
    private static readonly int[] Places = [.. Enumerable.Range(0, Block).OrderBy(ValueBuckets.Element)];

    private float[]? _valueOf;

    /// <summary>The outcome at the first edge at which the difference is h; null where a bucket holds several values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome? EvaluateDiscrete(ReadOnlySpan<float> before, ReadOnlySpan<float> after, int rowBits, int h)
    {
        float[] valueOf = _valueOf ??= new float[MaxBuckets];
        SetValues(before, ref _positionsBefore.Origin, valueOf);
        SetValues(after, ref _positionsAfter.Origin, valueOf);
        if (!HaveValues(before, ref _positionsBefore.Origin, valueOf)) return null;
        if (!HaveValues(after, ref _positionsAfter.Origin, valueOf)) return null;
        if (h == 0) return KsRowOutcome.Equal;
        int position = FirstEdge(rowBits, +1, h), sign = position < 0 ? -1 : +1;
        if (position < 0) position = FirstEdge(rowBits, -1, h);
        return new(h, sign, valueOf[position] + 0f);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SetValues(ReadOnlySpan<float> row, ref ushort positions, float[] valueOf)
    {
        ref float value = ref MemoryMarshal.GetReference(row), target = ref valueOf[0];
        ref int places = ref Places[0];
        for (nint i = 0; i < row.Length; i += Block)
            for (nint k = 0; k < Block; k++)
                Unsafe.Add(ref target, (nint)Unsafe.Add(ref positions, i + Unsafe.Add(ref places, k))) = Unsafe.Add(ref value, i + k);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool HaveValues(ReadOnlySpan<float> row, ref ushort positions, float[] valueOf)
    {
        ref float value = ref MemoryMarshal.GetReference(row), target = ref valueOf[0];
        ref int places = ref Places[0];
        for (nint i = 0; i < row.Length; i += Block)
        {
            bool areSame = true;
            for (nint k = 0; k < Block; k++)
                areSame &= Unsafe.Add(ref value, i + k)
                    == Unsafe.Add(ref target, (nint)Unsafe.Add(ref positions, i + Unsafe.Add(ref places, k)));
            if (!areSame) return false;
        }
        return true;
    }

    /// <summary>The position of the first bucket after which the difference is sign·h; -1 when there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int FirstEdge(int rowBits, int sign, int h)
    {
        int total = Lanes << rowBits;
        ReadOnlySpan<sbyte> counts = _counts.Span, edges = sign > 0 ? _edgeHigh.Span : _edgeLow.Span;
        for (int lane = 0; lane < Lanes; lane++)
        {
            int sum = _laneStart.Span[lane];
            if (sign * (sum + edges[lane]) < h) continue;
            for (int position = lane; position < total; position += Lanes)
            {
                sum += counts[position] - counts[total + position];
                if (sign * sum == h) return position;
            }
        }
        return -1;
    }
}
