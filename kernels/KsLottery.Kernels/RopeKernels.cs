namespace KsLottery.Kernels;

/// <summary>Rotary positions in place: element d of a head's first half and of its second half turn by the angle of their row's
/// position.</summary>
public static class RopeKernels
{
    /// <summary>(x₀, x₁) → (x₀·cos - x₁·sin, x₁·cos + x₀·sin).</summary>
    /// <param name="values">(N, width).</param>
    /// <param name="cosines">(positions, half).</param>
    /// <param name="sines">(positions, half).</param>
    /// <param name="positions">The N rows' positions.</param>
    /// <param name="width">Elements of a row, heads · 2 · half.</param>
    /// <param name="half">Half a head's width.</param>
    /// <param name="lanes">Lanes that share a row, a power of two.</param>
    [Kernel(256)]
    public static void RopeForward(ArrayView<float> values, ArrayView<float> cosines, ArrayView<float> sines, ArrayView<int> positions,
        int width,
        int half, int lanes) => Rotate(values, cosines, sines, positions, width, half, lanes, 1f);

    /// <summary>The same rotation backwards.</summary>
    [Kernel(256)]
    public static void RopeBackward(ArrayView<float> values, ArrayView<float> cosines, ArrayView<float> sines, ArrayView<int> positions,
        int width,
        int half, int lanes) => Rotate(values, cosines, sines, positions, width, half, lanes, -1f);

    private static void Rotate(ArrayView<float> values, ArrayView<float> cosines, ArrayView<float> sines, ArrayView<int> positions,
        int width,
        int half, int lanes, float sign)
    {
        long i = ((long)Grid.IdxX * (Group.DimX / lanes)) + (Group.IdxX / lanes);
        if (i >= positions.Length) return;
        long angles = (long)positions[i] * half;
        for (int pair = Group.IdxX & (lanes - 1); pair < width / 2; pair += lanes)
        {
            int d = pair % half;
            long at = (i * width) + (pair - d) + pair;
            float cosine = cosines[angles + d], sine = sines[angles + d] * sign, x = values[at], y = values[at + half];
            values[at] = Fused.MultiplyAdd(x, cosine, -(y * sine));
            values[at + half] = Fused.MultiplyAdd(y, cosine, x * sine);
        }
    }
}
