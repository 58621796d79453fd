namespace KsLottery.Engine.Operations;

/// <summary>Rotary positions: element i of a head's first half and element i of its second half turn by the angle of their position.</summary>
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
}
