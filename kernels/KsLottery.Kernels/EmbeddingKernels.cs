namespace KsLottery.Kernels;

/// <summary>Rows of tables. Some neighbouring lanes share a row, so that narrow rows leave no lane idle and wide ones are read in
/// line.</summary>
public static class EmbeddingKernels
{
    /// <summary>output[i] = table[rows[i]]; a negative row leaves output[i] as it is.</summary>
    /// <param name="output">(N, width).</param>
    /// <param name="table">(any, width).</param>
    /// <param name="rows">N row numbers.</param>
    /// <param name="width">Elements of a row.</param>
    /// <param name="lanes">Lanes that share a row, a power of two.</param>
    [Kernel(256)]
    [KernelInstance(typeof(float), typeof(F32))]
    [KernelInstance(typeof(ushort), typeof(F16))]
    [KernelInstance(typeof(ushort), typeof(BF16))]
    public static void EmbeddingForward<TStored, TElement>(ArrayView<float> output, ArrayView<TStored> table, ArrayView<int> rows,
        int width,
        int lanes)
        where TStored : unmanaged
        where TElement : IElement<TStored>
    {
        long i = ((long)Grid.IdxX * (Group.DimX / lanes)) + (Group.IdxX / lanes);
        if (i >= rows.Length) return;
        long row = rows[i];
        if (row < 0) return;
        for (int c = Group.IdxX & (lanes - 1); c < width; c += lanes) output[(i * width) + c] = TElement.Load(table[(row * width) + c]);
    }

    /// <summary>tableGradient[rows[i]] += Σ outputGradient[order[j]] for j from starts[i] to below starts[i + 1], in this order: no two
    /// lanes add to one element.</summary>
    /// <param name="tableGradient">(any, width).</param>
    /// <param name="outputGradient">(N, width).</param>
    /// <param name="rows">Distinct rows.</param>
    /// <param name="starts">Where each of them begins in the order, and where the last ends.</param>
    /// <param name="order">Rows of the output's gradient.</param>
    /// <param name="width">Elements of a row.</param>
    /// <param name="lanes">Lanes that share a row, a power of two.</param>
    [Kernel(256)]
    public static void EmbeddingBackward(ArrayView<float> tableGradient, ArrayView<float> outputGradient, ArrayView<int> rows,
        ArrayView<int> starts,
        ArrayView<int> order, int width, int lanes)
    {
        long i = ((long)Grid.IdxX * (Group.DimX / lanes)) + (Group.IdxX / lanes);
        if (i >= rows.Length) return;
        long row = rows[i];
        int from = starts[i], to = starts[i + 1];
        for (int c = Group.IdxX & (lanes - 1); c < width; c += lanes)
        {
            float sum = tableGradient[(row * width) + c];
            for (int j = from; j < to; j++) sum += outputGradient[((long)order[j] * width) + c];
            tableGradient[(row * width) + c] = sum;
        }
    }

    /// <summary>destination[rows[i]] = source[i] for distinct rows; a negative row is left out.</summary>
    [Kernel(256)]
    public static void ScatterRows(ArrayView<float> destination, ArrayView<float> source, ArrayView<int> rows, int width, int lanes)
    {
        long i = ((long)Grid.IdxX * (Group.DimX / lanes)) + (Group.IdxX / lanes);
        if (i >= rows.Length) return;
        long row = rows[i];
        if (row < 0) return;
        for (int c = Group.IdxX & (lanes - 1); c < width; c += lanes) destination[(row * width) + c] = source[(i * width) + c];
    }

    /// <summary>destination[:, columns[j]] = source[:, j].</summary>
    /// <param name="destination">(N, width).</param>
    /// <param name="source">(N, number of columns).</param>
    /// <param name="columns">Distinct columns.</param>
    /// <param name="rows">N.</param>
    /// <param name="width">Elements of a destination row.</param>
    /// <param name="lanes">Lanes that share a row, a power of two.</param>
    [Kernel(256)]
    public static void PutColumns(ArrayView<float> destination, ArrayView<float> source, ArrayView<int> columns, int rows, int width,
        int lanes)
    {
        long i = ((long)Grid.IdxX * (Group.DimX / lanes)) + (Group.IdxX / lanes);
        if (i >= rows) return;
        for (int j = Group.IdxX & (lanes - 1); j < columns.Length; j += lanes)
            destination[(i * width) + columns[j]] = source[(i * columns.Length) + j];
    }

    /// <summary>destination[:, j] = source[:, columns[j]], and these columns of the source become zero.</summary>
    [Kernel(256)]
    public static void TakeColumns(ArrayView<float> destination, ArrayView<float> source, ArrayView<int> columns, int rows, int width,
        int lanes)
    {
        long i = ((long)Grid.IdxX * (Group.DimX / lanes)) + (Group.IdxX / lanes);
        if (i >= rows) return;
        for (int j = Group.IdxX & (lanes - 1); j < columns.Length; j += lanes)
        {
            long at = (i * width) + columns[j];
            destination[(i * columns.Length) + j] = source[at];
            source[at] = 0f;
        }
    }
}
