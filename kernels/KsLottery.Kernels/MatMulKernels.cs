namespace KsLottery.Kernels;

/// <summary>Matrix products. A group computes 64×64 elements, a lane 4×4 of them in registers, from tiles of 16 in the direction that is summed
/// over; every element is one sum in the order of that direction.</summary>
/// <remarks>8.1 KiB of shared memory and some 40 registers a lane let several groups share a multiprocessor. Lane x takes columns x, x + 16,
/// x + 32 and x + 48, so that the lanes of a warp read neighbouring words of shared memory and write whole segments of 64 bytes.</remarks>
public static class MatMulKernels
{
    /// <summary>Rows and columns that a group computes.</summary>
    public const int Tile = 64;

    /// <summary>The most rows that <see cref="MatMulForwardRows"/> takes at once.</summary>
    public const int FewRows = 4;

    /// <summary>Columns that a group of <see cref="MatMulForwardRows"/> computes.</summary>
    public const int FewRowsColumns = 8;

    private const int Depth = 16, Stride = Tile + 1;

    /// <summary>output = input · weightᵀ, or added to it.</summary>
    /// <param name="output">(rows, outputs).</param>
    /// <param name="input">(rows, inputs).</param>
    /// <param name="weight">(outputs, inputs).</param>
    /// <param name="rows">M.</param>
    /// <param name="outputs">N.</param>
    /// <param name="inputs">K, which is summed over.</param>
    /// <param name="accumulate">1 to add to the output, else 0.</param>
    [Kernel(256)]
    [KernelInstance(typeof(float), typeof(F32))]
    [KernelInstance(typeof(ushort), typeof(F16))]
    [KernelInstance(typeof(ushort), typeof(BF16))]
    public static void MatMulForward<TStored, TElement>(ArrayView<float> output, ArrayView<float> input, ArrayView<TStored> weight, int rows,
        int outputs, int inputs, int accumulate)
        where TStored : unmanaged
        where TElement : IElement<TStored>
    {
        ArrayView<float> left = SharedMemory.Allocate<float>(Depth * Stride), right = SharedMemory.Allocate<float>(Depth * Stride);
        Multiply<TStored, TElement>(left, right, output, input, weight, rows, outputs, inputs, inputs, 1, inputs, 1, accumulate);
    }

    /// <summary>inputGradient = outputGradient · weight, or added to it; N is summed over.</summary>
    [Kernel(256)]
    [KernelInstance(typeof(float), typeof(F32))]
    [KernelInstance(typeof(ushort), typeof(F16))]
    [KernelInstance(typeof(ushort), typeof(BF16))]
    public static void MatMulBackwardInput<TStored, TElement>(ArrayView<float> inputGradient, ArrayView<float> outputGradient,
        ArrayView<TStored> weight, int rows, int outputs, int inputs, int accumulate)
        where TStored : unmanaged
        where TElement : IElement<TStored>
    {
        ArrayView<float> left = SharedMemory.Allocate<float>(Depth * Stride), right = SharedMemory.Allocate<float>(Depth * Stride);
        Multiply<TStored, TElement>(left, right, inputGradient, outputGradient, weight, rows, inputs, outputs, outputs, 1, 1, inputs, accumulate);
    }

    /// <summary>weightGradient += outputGradientᵀ · input; the rows are summed over.</summary>
    [Kernel(256)]
    public static void MatMulBackwardWeight(ArrayView<float> weightGradient, ArrayView<float> outputGradient, ArrayView<float> input, int rows,
        int outputs, int inputs)
    {
        ArrayView<float> left = SharedMemory.Allocate<float>(Depth * Stride), right = SharedMemory.Allocate<float>(Depth * Stride);
        Multiply<float, F32>(left, right, weightGradient, outputGradient, input, outputs, inputs, rows, 1, outputs, 1, inputs, 1);
    }

    /// <summary>The same as <see cref="MatMulForward"/> for up to 4 rows, as when text is generated: as fast as the weight is read, which is
    /// once. 32 lanes share an output.</summary>
    [Kernel(256)]
    [KernelInstance(typeof(float), typeof(F32))]
    [KernelInstance(typeof(ushort), typeof(F16))]
    [KernelInstance(typeof(ushort), typeof(BF16))]
    public static void MatMulForwardRows<TStored, TElement>(ArrayView<float> output, ArrayView<float> input, ArrayView<TStored> weight, int rows,
        int outputs, int inputs, int accumulate)
        where TStored : unmanaged
        where TElement : IElement<TStored>
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(FewRows * 256);
        int i = Group.IdxX, lane = i & 31, column = (Grid.IdxX * FewRowsColumns) + (i / 32);
        long second = (long)Math.Min(1, rows - 1) * inputs, third = (long)Math.Min(2, rows - 1) * inputs, fourth = (long)(rows - 1) * inputs;
        Four sum = new(0f, 0f, 0f, 0f);
        if (column < outputs)
        {
            for (int p = lane; p < inputs; p += 32)
            {
                float w = TElement.Load(weight[((long)column * inputs) + p]);
                sum = Four.MultiplyAdd(w, new Four(input[p], input[second + p], input[third + p], input[fourth + p]), sum);
            }
        }
        sums[i] = sum.A;
        sums[256 + i] = sum.B;
        sums[512 + i] = sum.C;
        sums[768 + i] = sum.D;
        Group.Barrier();
        for (int step = 16; step > 0; step /= 2)
        {
            if (lane < step)
            {
                for (int row = i; row < FewRows * 256; row += 256) sums[row] = sums[row] + sums[row + step];
            }
            Group.Barrier();
        }
        if (column >= outputs || lane >= rows) return;
        long at = ((long)lane * outputs) + column;
        float total = sums[(lane * 256) + i - lane];
        output[at] = accumulate == 0 ? total : output[at] + total;
    }

    /// <summary>C (m, n) = A·B, or added to it.</summary>
    /// <param name="left">Room for a tile of A.</param>
    /// <param name="right">Room for a tile of B.</param>
    /// <param name="c">(m, n).</param>
    /// <param name="a">(m, k), its rows and steps so many elements apart.</param>
    /// <param name="b">(k, n), its columns and steps so many elements apart.</param>
    /// <param name="m">Rows.</param>
    /// <param name="n">Columns.</param>
    /// <param name="k">Steps.</param>
    /// <param name="aRow">Elements from one row of A to the next.</param>
    /// <param name="aStep">Elements from one step of A to the next.</param>
    /// <param name="bColumn">Elements from one column of B to the next.</param>
    /// <param name="bStep">Elements from one step of B to the next.</param>
    /// <param name="accumulate">1 to add to C, else 0.</param>
    private static void Multiply<TStored, TElement>(ArrayView<float> left, ArrayView<float> right, ArrayView<float> c, ArrayView<float> a,
        ArrayView<TStored> b, int m, int n, int k, int aRow, int aStep, int bColumn, int bStep, int accumulate)
        where TStored : unmanaged
        where TElement : IElement<TStored>
    {
        int columns = (n + Tile - 1) / Tile, top = Grid.IdxX / columns * Tile, first = Grid.IdxX % columns * Tile;
        int i = Group.IdxX, x = i & 15, y = i / 16;
        Four sum0 = new(0f, 0f, 0f, 0f), sum1 = sum0, sum2 = sum0, sum3 = sum0;
        for (int from = 0; from < k; from += Depth)
        {
            // Neighbouring lanes read neighbouring elements, whichever way a matrix lies.
            for (int e = i; e < Tile * Depth; e += Group.DimX)
            {
                int row = aStep == 1 ? e / Depth : e % Tile, p = aStep == 1 ? e % Depth : e / Tile;
                left[(p * Stride) + row] = top + row < m && from + p < k ? a[((long)(top + row) * aRow) + ((long)(from + p) * aStep)] : 0f;
                int column = bStep == 1 ? e / Depth : e % Tile, q = bStep == 1 ? e % Depth : e / Tile;
                right[(q * Stride) + column] = first + column < n && from + q < k
                    ? TElement.Load(b[((long)(first + column) * bColumn) + ((long)(from + q) * bStep)]) : 0f;
            }
            Group.Barrier();
            for (int p = 0; p < Depth; p++)
            {
                int at = p * Stride;
                Four factor = new(right[at + x], right[at + x + 16], right[at + x + 32], right[at + x + 48]);
                sum0 = Four.MultiplyAdd(left[at + y], factor, sum0);
                sum1 = Four.MultiplyAdd(left[at + y + 16], factor, sum1);
                sum2 = Four.MultiplyAdd(left[at + y + 32], factor, sum2);
                sum3 = Four.MultiplyAdd(left[at + y + 48], factor, sum3);
            }
            Group.Barrier();
        }
        StoreRow(c, sum0, top + y, first + x, m, n, accumulate);
        StoreRow(c, sum1, top + y + 16, first + x, m, n, accumulate);
        StoreRow(c, sum2, top + y + 32, first + x, m, n, accumulate);
        StoreRow(c, sum3, top + y + 48, first + x, m, n, accumulate);
    }

    private static void StoreRow(ArrayView<float> c, Four sums, int row, int column, int m, int n, int accumulate)
    {
        if (row >= m) return;
        Store(c, sums.A, row, column, n, accumulate);
        Store(c, sums.B, row, column + 16, n, accumulate);
        Store(c, sums.C, row, column + 32, n, accumulate);
        Store(c, sums.D, row, column + 48, n, accumulate);
    }

    private static void Store(ArrayView<float> c, float sum, int row, int column, int n, int accumulate)
    {
        if (column >= n) return;
        long at = ((long)row * n) + column;
        c[at] = accumulate == 0 ? sum : c[at] + sum;
    }
}
