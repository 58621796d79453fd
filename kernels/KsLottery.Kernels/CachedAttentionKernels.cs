namespace KsLottery.Kernels;

/// <summary>Attention of single rows over caches, a group a row and a head, 256 keys at a time.</summary>
public static class CachedAttentionKernels
{
    private const int Keys = 256, Depth = 16, Stride = Depth + 1;

    /// <summary>output = softmax(query · keysᵀ · scale) · values. Keys come through shared memory, 16 elements of each, so that they are
    /// read in line; then each lane has a key of its own. 19.4 KiB of shared memory.</summary>
    /// <param name="output">(N, H·D).</param>
    /// <param name="query">(N, H·D).</param>
    /// <param name="keyCache">(slots, capacity, G·D).</param>
    /// <param name="valueCache">(slots, capacity, G·D).</param>
    /// <param name="slots">The N rows' slots.</param>
    /// <param name="lengths">How many cached rows each of them attends to.</param>
    /// <param name="capacity">Rows of a slot.</param>
    /// <param name="heads">H.</param>
    /// <param name="keyHeads">G.</param>
    /// <param name="width">D.</param>
    /// <param name="scale">1/√D.</param>
    [Kernel(256)]
    public static void CachedAttentionForward(ArrayView<float> output, ArrayView<float> query, ArrayView<float> keyCache,
        ArrayView<float> valueCache, ArrayView<int> slots, ArrayView<int> lengths, int capacity, int heads, int keyHeads, int width,
            float scale)
    {
        ArrayView<float> tile = SharedMemory.Allocate<float>(Keys * Stride), weights = SharedMemory.Allocate<float>(Keys),
            buffer = SharedMemory.Allocate<float>(Keys);
        int n = Grid.IdxX / heads, head = Grid.IdxX % heads, i = Group.IdxX, x = i & 15, column = i & 31;
        int keyWidth = keyHeads * width, length = lengths[n];
        long queries = (long)Grid.IdxX * width, keys = ((long)slots[n] * capacity * keyWidth) + (head / (heads / keyHeads) * width);
        float max = float.NegativeInfinity, total = 0f;
        for (int from = 0; from < length; from += Keys, keys += (long)Keys * keyWidth)
        {
            int count = Math.Min(Keys, length - from);
            float score = 0f;
            for (int d = 0; d < width; d += Depth)
            {
                int depth = Math.Min(Depth, width - d);
                for (int j = i / 16; j < count; j += 16)
                {
                    if (x < depth) tile[(j * Stride) + x] = keyCache[keys + ((long)j * keyWidth) + d + x];
                }
                Group.Barrier();
                if (i < count)
                {
                    for (int e = 0; e < depth; e++) score = Fused.MultiplyAdd(query[queries + d + e], tile[(i * Stride) + e], score);
                }
                Group.Barrier();
            }
            score = i < count ? score * scale : float.NegativeInfinity;
            float greatest = Reduction.Greater(max, Reduction.Max(buffer, score, Keys)), factor = KernelMath.Exp(max - greatest);
            float weight = i < count ? KernelMath.Exp(score - greatest) : 0f;
            weights[i] = weight;
            total = Fused.MultiplyAdd(total, factor, Reduction.Sum(buffer, weight, Keys));
            max = greatest;
            float divisor = from + Keys < length ? 1f : total;
            for (int c = column; c < width + column; c += 32)
            {
                float sum = 0f;
                if (c < width)
                {
                    for (int j = i / 32; j < count; j += 8)
                        sum = Fused.MultiplyAdd(weights[j], valueCache[keys + ((long)j * keyWidth) + c], sum);
                }
                buffer[i] = sum;
                Group.Barrier();
                if (i < 32 && c < width)
                {
                    for (int part = i + 32; part < Keys; part += 32) sum += buffer[part];
                    if (from > 0) sum = Fused.MultiplyAdd(output[queries + c], factor, sum);
                    output[queries + c] = sum / divisor;
                }
                Group.Barrier();
            }
        }
    }
}
