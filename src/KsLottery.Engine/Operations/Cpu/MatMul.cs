namespace KsLottery.Engine.Operations;

/// <summary>The three products of a linear layer y = x·Wᵀ, x (M, K), W (N, K) of any stored type, y (M, N), shared out over
/// threads.</summary>
/// <remarks>
/// Every element is summed as <see cref="Gemm"/> says, on whichever thread; up to eight rows of x go forward as <see cref="RowDots"/> says,
/// so that a sequence gets the same bits whether it is generated alone or with up to seven others. Weights are read where they lie.
/// </remarks>
internal static class MatMul
{
    /// <summary>A part of C holds no more elements than this, so that a span can hold it.</summary>
    private const long MaxElements = 1 << 30;

    /// <summary>From so many multiply-adds on there are two parts for each thread, should a thread be held up, of at least so many rows or
    /// columns: each packs the other side of the product for itself.</summary>
    private const long LargeProduct = 1L << 29, LongPart = 1 << 10;

    /// <summary>Parts of a product of few rows take about so many multiply-adds at least.</summary>
    private const int MinPart = 1 << 15;

    /// <summary>y = x·Wᵀ, or y += x·Wᵀ.</summary>
    public static void Forward(WorkerPool pool, DeviceSpan output, DeviceSpan input, DeviceSpan weight, int outputs, int inputs,
        bool accumulate)
    {
        if (input.Length > RowDots.MaxRows * (long)inputs || GemmAlgorithms.Default is GemmReference)
            Forward(GemmAlgorithms.Default, pool, output, input, weight, outputs, inputs, accumulate);
        else
            ForwardFew(pool, output, input, weight, outputs, inputs, accumulate);
    }

    /// <summary>y = x·Wᵀ, or y += x·Wᵀ, by an algorithm, however few the rows.</summary>
    public static void Forward(GemmAlgorithm algorithm, WorkerPool pool, DeviceSpan output, DeviceSpan input, DeviceSpan weight,
        int outputs, int inputs, bool accumulate) =>
        Multiply(algorithm, pool, input.Length / inputs, outputs, inputs, input, inputs, false, weight, inputs, true, output, accumulate);

    /// <summary>dx = dy·W, or dx += dy·W.</summary>
    public static void BackwardInput(WorkerPool pool, DeviceSpan inputGradient, DeviceSpan outputGradient, DeviceSpan weight, int outputs,
        int inputs, bool accumulate) =>
        BackwardInput(GemmAlgorithms.Default, pool, inputGradient, outputGradient, weight, outputs, inputs, accumulate);

    /// <summary>dx = dy·W, or dx += dy·W, by an algorithm.</summary>
    public static void BackwardInput(GemmAlgorithm algorithm, WorkerPool pool, DeviceSpan inputGradient, DeviceSpan outputGradient,
        DeviceSpan weight, int outputs, int inputs, bool accumulate) =>
        Multiply(algorithm, pool, outputGradient.Length / outputs, inputs, outputs, outputGradient, outputs, false, weight, inputs, false,
            inputGradient, accumulate);

    /// <summary>dW += dyᵀ·x.</summary>
    public static void BackwardWeight(WorkerPool pool, DeviceSpan weightGradient, DeviceSpan outputGradient, DeviceSpan input, int outputs,
        int inputs) =>
        BackwardWeight(GemmAlgorithms.Default, pool, weightGradient, outputGradient, input, outputs, inputs);

    /// <summary>dW += dyᵀ·x, by an algorithm.</summary>
    public static void BackwardWeight(GemmAlgorithm algorithm, WorkerPool pool, DeviceSpan weightGradient, DeviceSpan outputGradient,
        DeviceSpan input, int outputs, int inputs) =>
        Multiply(algorithm, pool, outputs, inputs, checked((int)(input.Length / inputs)), outputGradient, outputs, true, input, inputs,
            false, weightGradient, true);

    private static void ForwardFew(WorkerPool pool, DeviceSpan output, DeviceSpan input, DeviceSpan weight, int outputs, int inputs,
        bool accumulate)
    {
        int rows = (int)(input.Length / inputs);
        if (rows == 0) return;
        int columns = Math.Max(1, MinPart / (rows * inputs) + 3 & ~3);
        columns = Math.Max(columns, (outputs / (8 * pool.ThreadCount)) + 3 & ~3);
        pool.Run(Parts(outputs, columns), part =>
        {
            int first = part * columns;
            RowDots.Multiply(rows, inputs, ((CpuMemory)input.Memory!).GetFloats(input.Start, rows * inputs),
                (CpuMemory)weight.Memory!, weight.Start + ((long)first * inputs), Math.Min(columns, outputs - first),
                ((OwnedMemory)output.Memory!).Floats(output.Start + first, (rows * outputs) - first), outputs, accumulate);
        });
    }

    /// <summary>Cuts the longer side of C.</summary>
    private static void Multiply(GemmAlgorithm algorithm, WorkerPool pool, long m, int n, int k, DeviceSpan a, int lda, bool aTransposed,
        DeviceSpan b, int ldb, bool bTransposed, DeviceSpan c, bool accumulate)
    {
        if (m == 0 || n == 0) return;
        int threads = pool.ThreadCount;
        bool byColumns = n > m && m * n <= MaxElements;
        int grain = byColumns ? algorithm.ColumnGrain : algorithm.RowGrain;
        long size = byColumns ? n : m, grains = ((size - 1) / grain) + 1, most = byColumns ? grains : Math.Max(1, MaxElements / n / grain);
        int wanted = threads == 1 ? 1 : m * n * k < LargeProduct || size < 2 * threads * LongPart ? threads : 2 * threads;
        // As many grains for each part as for the others, or one less.
        long parts = Math.Min(grains, Math.Max(wanted, ((grains - 1) / most) + 1));
        pool.Run((int)parts, part =>
        {
            long first = grains * part / parts * grain, end = Math.Min(grains * (part + 1) / parts * grain, size);
            long row = byColumns ? 0 : first, column = byColumns ? first : 0;
            int rows = (int)(byColumns ? m : end - first), columns = (int)(byColumns ? end - first : n);
            PanelSource left = new((CpuMemory)a.Memory!, a.Start + (row * (aTransposed ? 1 : lda)), lda);
            PanelSource right = new((CpuMemory)b.Memory!, b.Start + (column * (bTransposed ? ldb : 1)), ldb);
            Span<float> target = ((OwnedMemory)c.Memory!).Floats(c.Start + (row * n) + column, ((rows - 1) * n) + columns);
            Gemm.Multiply(algorithm, rows, columns, k, left, aTransposed, right, bTransposed, target, n, accumulate);
        });
    }

    private static int Parts(long size, int step) => (int)(((size - 1) / step) + 1);
}
