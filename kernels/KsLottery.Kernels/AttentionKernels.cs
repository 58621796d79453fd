namespace KsLottery.Kernels;

/// <summary>Causal attention within packed sequences, 32 queries against 32 keys at a time; probabilities are never stored (Dao et al.
/// 2022, arXiv 2205.14135).</summary>
/// <remarks>Sums over keys, or over queries, grow in the result itself, which stays in a device's cache: heads may be of any width, shared
/// memory takes 13 KiB at most, and no two groups write one element.</remarks>
public static class AttentionKernels
{
    /// <summary>Rows of a tile of queries or of keys.</summary>
    public const int Tile = 32;

    /// <summary>Numbers that describe a tile: the sequence's first row, the tile's first row, its number of rows, the sequence's
    /// end.</summary>
    public const int TileNumbers = 4;

    private const int Depth = 16, Stride = Tile + 1;

    /// <summary>What happens to a result before a sum is added: it becomes 0, stays, or is multiplied with its row's factor.</summary>
    private const int Set = 0, Add = 1, Scale = 2;

    /// <summary>output = softmax(query · keyᵀ · scale) · value, a group a tile of queries and a head.</summary>
    /// <param name="output">(N, H·D).</param>
    /// <param name="logSumExp">(N, H).</param>
    /// <param name="query">(N, H·D).</param>
    /// <param name="key">(N, G·D).</param>
    /// <param name="value">(N, G·D).</param>
    /// <param name="tiles">The tiles, four numbers each.</param>
    /// <param name="heads">H.</param>
    /// <param name="keyHeads">G.</param>
    /// <param name="width">D.</param>
    /// <param name="scale">1/√D.</param>
    [Kernel(256)]
    public static void AttentionForward(ArrayView<float> output, ArrayView<float> logSumExp, ArrayView<float> query, ArrayView<float> key,
        ArrayView<float> value, ArrayView<int> tiles, int heads, int keyHeads, int width, float scale)
    {
        ArrayView<float> left = SharedMemory.Allocate<float>(Depth * Stride), right = SharedMemory.Allocate<float>(Depth * Stride);
        ArrayView<float> scores = SharedMemory.Allocate<float>(Tile * Stride), buffer = SharedMemory.Allocate<float>(256);
        ArrayView<float> maxima = SharedMemory.Allocate<float>(Tile), sums = SharedMemory.Allocate<float>(Tile),
            factors = SharedMemory.Allocate<float>(Tile);
        int tile = Grid.IdxX / heads * TileNumbers, head = Grid.IdxX % heads, i = Group.IdxX, part = i & 7, own = i / 8;
        int start = tiles[tile], row = tiles[tile + 1], rows = tiles[tile + 2], queryWidth = heads * width, keyWidth = keyHeads * width;
        long queries = ((long)row * queryWidth) + (head * width), keys = ((long)start * keyWidth) + (head / (heads / keyHeads) * width);
        if (i < Tile)
        {
            maxima[i] = float.NegativeInfinity;
            sums[i] = 0f;
        }
        for (int from = start; from < row + rows; from += Tile, keys += (long)Tile * keyWidth)
        {
            int count = Math.Min(Tile, row + rows - from);
            Four dots = Dots(left, right, query.SubView(queries), queryWidth, rows, key.SubView(keys), keyWidth, count, width);
            Put(scores, MaskedScores(dots, row, from, scale));
            Group.Barrier();
            float max = float.NegativeInfinity;
            for (int j = part; j < Tile; j += 8) max = Reduction.Greater(max, scores[(own * Stride) + j]);
            buffer[i] = max;
            Group.Barrier();
            max = maxima[own];
            for (int j = 0; j < 8; j++) max = Reduction.Greater(max, buffer[(own * 8) + j]);
            float sum = 0f;
            for (int j = part; j < Tile; j += 8)
            {
                float e = KernelMath.Exp(scores[(own * Stride) + j] - max);
                scores[(own * Stride) + j] = e;
                sum += e;
            }
            Group.Barrier();
            buffer[i] = sum;
            Group.Barrier();
            if (part == 0)
            {
                sum = 0f;
                for (int j = 0; j < 8; j++) sum += buffer[i + j];
                factors[own] = KernelMath.Exp(maxima[own] - max);
                sums[own] = Fused.MultiplyAdd(sums[own], factors[own], sum);
                maxima[own] = max;
            }
            Group.Barrier();
            AddWeighted(output.SubView(queries), queryWidth, rows, from == start ? Set
                : Scale, factors, scores, value.SubView(keys), keyWidth, count,
                width);
        }
        for (int c = i & 31; c < width; c += 32)
        {
            for (int r = i / 32; r < rows; r += 8)
                output[queries + ((long)r * queryWidth) + c] = output[queries + ((long)r * queryWidth) + c] / sums[r];
        }
        if (i < rows) logSumExp[((long)(row + i) * heads) + head] = maxima[i] + KernelMath.Log(sums[i]);
    }

    /// <summary>delta = Σ dy·y over each head, (N, H).</summary>
    /// <param name="delta">(N, H).</param>
    /// <param name="outputGradient">(N, H·D).</param>
    /// <param name="output">(N, H·D).</param>
    /// <param name="width">D.</param>
    /// <param name="lanes">Lanes that share a head, a power of two.</param>
    [Kernel(256)]
    public static void AttentionBackwardDelta(ArrayView<float> delta, ArrayView<float> outputGradient, ArrayView<float> output, int width,
        int lanes)
    {
        ArrayView<float> buffer = SharedMemory.Allocate<float>(256);
        long i = ((long)Grid.IdxX * (Group.DimX / lanes)) + (Group.IdxX / lanes);
        int lane = Group.IdxX & (lanes - 1);
        float sum = 0f;
        if (i < delta.Length)
        {
            for (int d = lane; d < width; d += lanes)
                sum = Fused.MultiplyAdd(outputGradient[(i * width) + d], output[(i * width) + d], sum);
        }
        sum = Reduction.Sum(buffer, sum, lanes);
        if (lane == 0 && i < delta.Length) delta[i] = sum;
    }

    /// <summary>The query's gradient, a group a tile of queries and a head; with p = exp(score - logSumExp), that of a score is
    /// p·(dy·v - delta)·scale.</summary>
    [Kernel(256)]
    public static void AttentionBackwardQuery(ArrayView<float> queryGradient, ArrayView<float> outputGradient, ArrayView<float> logSumExp,
        ArrayView<float> delta, ArrayView<float> query, ArrayView<float> key, ArrayView<float> value, ArrayView<int> tiles, int heads,
            int keyHeads,
        int width, float scale)
    {
        ArrayView<float> left = SharedMemory.Allocate<float>(Depth * Stride), right = SharedMemory.Allocate<float>(Depth * Stride);
        ArrayView<float> scores = SharedMemory.Allocate<float>(Tile * Stride);
        int tile = Grid.IdxX / heads * TileNumbers, head = Grid.IdxX % heads, y = Group.IdxX / 16;
        int start = tiles[tile], row = tiles[tile + 1], rows = tiles[tile + 2], queryWidth = heads * width, keyWidth = keyHeads * width;
        long queries = ((long)row * queryWidth) + (head * width), keys = ((long)start * keyWidth) + (head / (heads / keyHeads) * width);
        long upper = ((long)(row + Math.Min(y, rows - 1)) * heads) + head,
            lower = ((long)(row + Math.Min(y + 16, rows - 1)) * heads) + head;
        for (int from = start; from < row + rows; from += Tile, keys += (long)Tile * keyWidth)
        {
            int count = Math.Min(Tile, row + rows - from);
            Four dots = Dots(left, right, query.SubView(queries), queryWidth, rows, key.SubView(keys), keyWidth, count, width);
            Four p = Probabilities(MaskedScores(dots, row, from, scale), logSumExp[upper], logSumExp[lower]);
            dots = Dots(left, right, outputGradient.SubView(queries), queryWidth, rows, value.SubView(keys), keyWidth, count, width);
            Put(scores, ScoreGradients(p, dots, delta[upper], delta[lower], scale));
            Group.Barrier();
            AddWeighted(queryGradient.SubView(queries), queryWidth, rows, from == start ? Set
                : Add, left, scores, key.SubView(keys), keyWidth, count,
                width);
        }
    }

    /// <summary>The gradients of key and value, a group a tile of keys and a key head, over all its query heads and all later queries in
    /// order.</summary>
    [Kernel(256)]
    public static void AttentionBackwardKey(ArrayView<float> keyGradient, ArrayView<float> valueGradient, ArrayView<float> outputGradient,
        ArrayView<float> logSumExp, ArrayView<float> delta, ArrayView<float> query, ArrayView<float> key, ArrayView<float> value,
        ArrayView<int> tiles, int heads, int keyHeads, int width, float scale)
    {
        ArrayView<float> left = SharedMemory.Allocate<float>(Depth * Stride), right = SharedMemory.Allocate<float>(Depth * Stride);
        ArrayView<float> scores = SharedMemory.Allocate<float>(Tile * Stride), gradients = SharedMemory.Allocate<float>(Tile * Stride);
        int tile = Grid.IdxX / keyHeads * TileNumbers, keyHead = Grid.IdxX % keyHeads, y = Group.IdxX / 16, group = heads / keyHeads;
        int row = tiles[tile + 1], rows = tiles[tile + 2], end = tiles[tile + 3], queryWidth = heads * width, keyWidth = keyHeads * width;
        long keys = ((long)row * keyWidth) + (keyHead * width);
        for (int head = keyHead * group; head < (keyHead + 1) * group; head++)
        {
            for (int from = row; from < end; from += Tile)
            {
                int count = Math.Min(Tile, end - from), mode = head == keyHead * group && from == row ? Set : Add;
                long queries = ((long)from * queryWidth) + (head * width);
                long upper = ((long)(from + Math.Min(y, count - 1)) * heads) + head;
                long lower = ((long)(from + Math.Min(y + 16, count - 1)) * heads) + head;
                Four dots = Dots(left, right, query.SubView(queries), queryWidth, count, key.SubView(keys), keyWidth, rows, width);
                Four p = Probabilities(MaskedScores(dots, from, row, scale), logSumExp[upper], logSumExp[lower]);
                dots = Dots(left, right, outputGradient.SubView(queries), queryWidth, count, value.SubView(keys), keyWidth, rows, width);
                PutTransposed(scores, p);
                PutTransposed(gradients, ScoreGradients(p, dots, delta[upper], delta[lower], scale));
                Group.Barrier();
                AddWeighted(valueGradient.SubView(keys), keyWidth, rows, mode, left, scores, outputGradient.SubView(queries), queryWidth,
                    count,
                    width);
                AddWeighted(keyGradient.SubView(keys), keyWidth, rows, mode, left, gradients, query.SubView(queries), queryWidth, count,
                    width);
            }
        }
    }

    /// <summary>Rows y and y + 16 of A times rows x and x + 16 of B, for the lane 16·y + x; rows that are not there count as
    /// zero.</summary>
    private static Four Dots(ArrayView<float> left, ArrayView<float> right, ArrayView<float> a, int aWidth, int aRows, ArrayView<float> b,
        int bWidth,
        int bRows, int width)
    {
        int i = Group.IdxX, x = i & 15, y = i / 16;
        float sum00 = 0f, sum01 = 0f, sum10 = 0f, sum11 = 0f;
        for (int from = 0; from < width; from += Depth)
        {
            int at = from + x;
            left[(x * Stride) + y] = at < width && y < aRows ? a[((long)y * aWidth) + at] : 0f;
            left[(x * Stride) + y + 16] = at < width && y + 16 < aRows ? a[((long)(y + 16) * aWidth) + at] : 0f;
            right[(x * Stride) + y] = at < width && y < bRows ? b[((long)y * bWidth) + at] : 0f;
            right[(x * Stride) + y + 16] = at < width && y + 16 < bRows ? b[((long)(y + 16) * bWidth) + at] : 0f;
            Group.Barrier();
            for (int d = 0; d < Depth; d++)
            {
                float a0 = left[(d * Stride) + y], a1 = left[(d * Stride) + y + 16];
                float b0 = right[(d * Stride) + x], b1 = right[(d * Stride) + x + 16];
                sum00 = Fused.MultiplyAdd(a0, b0, sum00);
                sum01 = Fused.MultiplyAdd(a0, b1, sum01);
                sum10 = Fused.MultiplyAdd(a1, b0, sum10);
                sum11 = Fused.MultiplyAdd(a1, b1, sum11);
            }
            Group.Barrier();
        }
        return new Four(sum00, sum01, sum10, sum11);
    }

    /// <summary>Scaled scores; -∞ where the key, of which the tile's first is <paramref name="key"/>, lies behind the query.</summary>
    private static Four MaskedScores(Four dots, int query, int key, float scale)
    {
        int x = key + (Group.IdxX & 15), y = query + (Group.IdxX / 16);
        return new Four(x <= y ? dots.A * scale : float.NegativeInfinity, x + 16 <= y ? dots.B * scale : float.NegativeInfinity,
            x <= y + 16 ? dots.C * scale : float.NegativeInfinity, x + 16 <= y + 16 ? dots.D * scale : float.NegativeInfinity);
    }

    private static Four Probabilities(Four scores, float upper, float lower) => new(KernelMath.Exp(scores.A - upper),
        KernelMath.Exp(scores.B - upper), KernelMath.Exp(scores.C - lower), KernelMath.Exp(scores.D - lower));

    private static Four ScoreGradients(Four p, Four gradients, float upper, float lower, float scale) =>
        new(p.A * ((gradients.A - upper) * scale), p.B * ((gradients.B - upper) * scale), p.C * ((gradients.C - lower) * scale),
            p.D * ((gradients.D - lower) * scale));

    private static void Put(ArrayView<float> matrix, Four values)
    {
        int x = Group.IdxX & 15, y = Group.IdxX / 16;
        matrix[(y * Stride) + x] = values.A;
        matrix[(y * Stride) + x + 16] = values.B;
        matrix[((y + 16) * Stride) + x] = values.C;
        matrix[((y + 16) * Stride) + x + 16] = values.D;
    }

    private static void PutTransposed(ArrayView<float> matrix, Four values)
    {
        int x = Group.IdxX & 15, y = Group.IdxX / 16;
        matrix[(x * Stride) + y] = values.A;
        matrix[((x + 16) * Stride) + y] = values.B;
        matrix[(x * Stride) + y + 16] = values.C;
        matrix[((x + 16) * Stride) + y + 16] = values.D;
    }

    /// <summary>result[r] += Σ weights[r, j]·source[j] over the first rows of the source, in one of three modes; factors are read in the
    /// last alone. The lane 32·y + x takes rows y, y + 8, y + 16 and y + 24, and columns x, x + 32, ….</summary>
    private static void AddWeighted(ArrayView<float> result, int resultWidth, int rows, int mode, ArrayView<float> factors,
        ArrayView<float> weights, ArrayView<float> source, int sourceWidth, int count, int width)
    {
        int y = Group.IdxX / 32;
        for (int c = Group.IdxX & 31; c < width; c += 32)
        {
            Four sum = new(0f, 0f, 0f, 0f);
            for (int j = 0; j < count; j++)
            {
                int at = (y * Stride) + j;
                Four factor = new(weights[at], weights[at + (8 * Stride)], weights[at + (16 * Stride)], weights[at + (24 * Stride)]);
                sum = Four.MultiplyAdd(source[((long)j * sourceWidth) + c], factor, sum);
            }
            AddTo(result, sum.A, y, c, resultWidth, rows, mode, factors);
            AddTo(result, sum.B, y + 8, c, resultWidth, rows, mode, factors);
            AddTo(result, sum.C, y + 16, c, resultWidth, rows, mode, factors);
            AddTo(result, sum.D, y + 24, c, resultWidth, rows, mode, factors);
        }
    }

    private static void AddTo(ArrayView<float> result, float sum, int row, int column, int resultWidth, int rows, int mode,
        ArrayView<float> factors)
    {
        if (row >= rows) return;
        long at = ((long)row * resultWidth) + column;
        if (mode == Scale) sum = Fused.MultiplyAdd(result[at], factors[row], sum);
        else if (mode == Add) sum += result[at];
        result[at] = sum;
    }
}
