using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Operations;

/// <summary>Rotary positions: element i of a head's first half and element i of its second half turn by the angle of their
/// position.</summary>
internal static class Rope
{
    /// <summary>The definition: values (N, heads·D), cosines and sines (positions, D/2), positions (N); sign -1 turns back.</summary>
    public static void Rotate(Span<double> values, ReadOnlySpan<double> cosines, ReadOnlySpan<double> sines, ReadOnlySpan<int> positions,
        int headWidth, int sign)
    {
        int half = headWidth / 2, width = positions.Length == 0 ? 0 : values.Length / positions.Length;
        for (int i = 0; i < positions.Length; i++)
            for (int head = i * width; head < (i + 1) * width; head += headWidth)
                for (int d = 0; d < half; d++)
                {
                    double cos = cosines[(positions[i] * half) + d], sin = sign * sines[(positions[i] * half) + d];
                    (double x0, double x1) = (values[head + d], values[head + half + d]);
                    (values[head + d], values[head + half + d]) = ((x0 * cos) - (x1 * sin), (x1 * cos) + (x0 * sin));
                }
    }

    /// <summary>The same in F32, shared out by rows.</summary>
    public static void Rotate(WorkerPool pool, DeviceSpan values, DeviceSpan cosines, DeviceSpan sines, ReadOnlyMemory<int> positions,
        int headWidth, int sign)
    {
        if (positions.Length == 0) return;
        int half = headWidth / 2, width = (int)(values.Length / positions.Length);
        pool.Share(positions.Length, width, (from, to) => RotateRows(values.Write(from * width, (to - from) * width), cosines.Read(),
            sines.Read(), positions.Span[(int)from..(int)to], half, sign));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RotateRows(Span<float> rows, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines, ReadOnlySpan<int> positions,
        int half, int sign)
    {
        int width = rows.Length / positions.Length;
        for (int i = 0; i < positions.Length; i++)
            for (int head = i * width; head < (i + 1) * width; head += 2 * half)
                RotateHead(rows.Slice(head, half), rows.Slice(head + half, half), cosines.Slice(positions[i] * half, half),
                    sines.Slice(positions[i] * half, half), sign);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RotateHead(Span<float> x, Span<float> y, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines, float sign)
    {
        for (int d = 0; d < x.Length; d += Lanes.Count)
        {
            Vector256<float> x0 = Lanes.Load(x, d), x1 = Lanes.Load(y, d), cos = Lanes.Load(cosines, d), sin = Lanes.Load(sines, d) * sign;
            Lanes.MultiplyAdd(x0, cos, -(x1 * sin)).Store(x, d);
            Lanes.MultiplyAdd(x1, cos, x0 * sin).Store(y, d);
        }
    }
}
