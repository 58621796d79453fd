namespace KsLottery.Kernels;

/// <summary>How much of a matrix product a lane computes.</summary>
public interface IProductTile
{
    /// <summary>Rows, and as many columns.</summary>
    static abstract int Side { get; }
}

/// <summary>For small products, which would leave most of a device idle otherwise: 64×64 elements a group, 4×4 a lane; 8.1 KiB of shared
/// memory.</summary>
public readonly struct Tile64 : IProductTile
{
    /// <inheritdoc/>
    public static int Side => 4;
}

/// <summary>For large ones: 128×128 elements a group, 8×8 a lane, so that a number read from shared memory is used eight times; 16.1
/// KiB.</summary>
public readonly struct Tile128 : IProductTile
{
    /// <inheritdoc/>
    public static int Side => 8;
}

/// <summary>Matrix products. Each lane computes a square of elements in registers, from tiles of 16 steps in the direction that is summed
/// over; every element is one sum in the order of that direction, whichever tile it lies in.</summary>
/// <remarks>Lane x takes columns x, x + 16, x + 32 and so on, so that the lanes of a warp read neighbouring words of shared memory and
/// write whole segments of 64 bytes.</remarks>
public static partial class MatMulKernels
{
    /// <summary>Rows and columns that a group of each tile computes.</summary>
    public const int SmallTile = 64, LargeTile = 128;

    /// <summary>The most rows that <see cref="MatMulForwardRows"/> takes at once.</summary>
    public const int FewRows = 4;

    /// <summary>Columns that a group of <see cref="MatMulForwardRows"/> computes.</summary>
    public const int FewRowsColumns = 8;

    private const int Depth = 16;

    /// <summary>output = input · weightᵀ, or added to it.</summary>
    /// <param name="output">(rows, outputs).</param>
    /// <param name="input">(rows, inputs).</param>
    /// <param name="weight">(outputs, inputs).</param>
    /// <param name="rows">M.</param>
    /// <param name="outputs">N.</param>
    /// <param name="inputs">K, which is summed over.</param>
    /// <param name="accumulate">1 to add to the output, else 0.</param>
    [Kernel(256)]
    [KernelInstance(typeof(float), typeof(F32), typeof(Tile64))]
    [KernelInstance(typeof(float), typeof(F32), typeof(Tile128))]
    [KernelInstance(typeof(ushort), typeof(F16), typeof(Tile64))]
    [KernelInstance(typeof(ushort), typeof(F16), typeof(Tile128))]
    [KernelInstance(typeof(ushort), typeof(BF16), typeof(Tile64))]
    [KernelInstance(typeof(ushort), typeof(BF16), typeof(Tile128))]
    public static void MatMulForward<TStored, TElement, TTile>(ArrayView<float> output, ArrayView<float> input, ArrayView<TStored> weight,
        int rows,
        int outputs, int inputs, int accumulate)
        where TStored : unmanaged
        where TElement : IElement<TStored>
        where TTile : IProductTile
    {
        ArrayView<float> left = SharedMemory.Allocate<float>(Depth * ((16 * TTile.Side) + 1));
        ArrayView<float> right = SharedMemory.Allocate<float>(Depth * ((16 * TTile.Side) + 1));
        ArrayView<float> factors = LocalMemory.Allocate<float>(TTile.Side);
        ArrayView<float> sums = LocalMemory.Allocate<float>(TTile.Side * TTile.Side);
        Multiply<TStored, TElement, TTile>(left, right, factors, sums, output, input, inputs, 1, weight, inputs, 1, rows, outputs, inputs,
            accumulate);
    }

    /// <summary>inputGradient = outputGradient · weight, or added to it; N is summed over.</summary>
    [Kernel(256)]
    [KernelInstance(typeof(float), typeof(F32), typeof(Tile64))]
    [KernelInstance(typeof(float), typeof(F32), typeof(Tile128))]
    [KernelInstance(typeof(ushort), typeof(F16), typeof(Tile64))]
    [KernelInstance(typeof(ushort), typeof(F16), typeof(Tile128))]
    [KernelInstance(typeof(ushort), typeof(BF16), typeof(Tile64))]
    [KernelInstance(typeof(ushort), typeof(BF16), typeof(Tile128))]
    public static void MatMulBackwardInput<TStored, TElement, TTile>(ArrayView<float> inputGradient, ArrayView<float> outputGradient,
        ArrayView<TStored> weight, int rows, int outputs, int inputs, int accumulate)
        where TStored : unmanaged
        where TElement : IElement<TStored>
        where TTile : IProductTile
    {
        ArrayView<float> left = SharedMemory.Allocate<float>(Depth * ((16 * TTile.Side) + 1));
        ArrayView<float> right = SharedMemory.Allocate<float>(Depth * ((16 * TTile.Side) + 1));
        ArrayView<float> factors = LocalMemory.Allocate<float>(TTile.Side);
        ArrayView<float> sums = LocalMemory.Allocate<float>(TTile.Side * TTile.Side);
        Multiply<TStored, TElement, TTile>(left, right, factors, sums, inputGradient, outputGradient, outputs, 1, weight, inputs, 0, rows,
            inputs, outputs, accumulate);
    }

    /// <summary>weightGradient += outputGradientᵀ · input; the rows are summed over.</summary>
    [Kernel(256)]
    [KernelInstance(typeof(Tile64))]
    [KernelInstance(typeof(Tile128))]
    public static void MatMulBackwardWeight<TTile>(ArrayView<float> weightGradient, ArrayView<float> outputGradient, ArrayView<float> input,
        int rows,
        int outputs, int inputs)
        where TTile : IProductTile
    {
        ArrayView<float> left = SharedMemory.Allocate<float>(Depth * ((16 * TTile.Side) + 1));
        ArrayView<float> right = SharedMemory.Allocate<float>(Depth * ((16 * TTile.Side) + 1));
        ArrayView<float> factors = LocalMemory.Allocate<float>(TTile.Side);
        ArrayView<float> sums = LocalMemory.Allocate<float>(TTile.Side * TTile.Side);
        Multiply<float, F32, TTile>(left, right, factors, sums, weightGradient, outputGradient, outputs, 0, input, inputs, 0, outputs,
            inputs, rows, 1);
    }

    /// <summary>The same as <see cref="MatMulForward"/> for up to 4 rows, as when text is generated: as fast as the weight is read, which
    /// is once. 32 lanes share an output.</summary>
    [Kernel(256)]
    [KernelInstance(typeof(float), typeof(F32))]
    [KernelInstance(typeof(ushort), typeof(F16))]
    [KernelInstance(typeof(ushort), typeof(BF16))]
    public static void MatMulForwardRows<TStored, TElement>(ArrayView<float> output, ArrayView<float> input, ArrayView<TStored> weight,
        int rows,
        int outputs, int inputs, int accumulate)
        where TStored : unmanaged
        where TElement : IElement<TStored>
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(FewRows * 256);
        int i = Group.IdxX, lane = i & 31, column = (Grid.IdxX * FewRowsColumns) + (i / 32);
        long second = (long)Math.Min(1, rows - 1) * inputs, third = (long)Math.Min(2, rows - 1) * inputs,
            fourth = (long)(rows - 1) * inputs;
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
    /// <param name="factors">Room of a lane for a row of B's tile.</param>
    /// <param name="sums">And for what it computes.</param>
    /// <param name="c">(m, n).</param>
    /// <param name="a">(m, k) or (k, m).</param>
    /// <param name="aApart">Elements from one row of what is stored to the next.</param>
    /// <param name="aAlong">1 where a row of it goes along the direction that is summed over, else 0.</param>
    /// <param name="b">(n, k) or (k, n).</param>
    /// <param name="bApart">As of A.</param>
    /// <param name="bAlong">As of A.</param>
    /// <param name="m">Rows.</param>
    /// <param name="n">Columns.</param>
    /// <param name="k">Steps.</param>
    /// <param name="accumulate">1 to add to C, else 0.</param>
    private static void Multiply<TStored, TElement, TTile>(ArrayView<float> left, ArrayView<float> right, ArrayView<float> factors,
        ArrayView<float> sums, ArrayView<float> c, ArrayView<float> a, int aApart, int aAlong, ArrayView<TStored> b, int bApart, int bAlong,
        int m, int n, int k, int accumulate)
        where TStored : unmanaged
        where TElement : IElement<TStored>
        where TTile : IProductTile
    {
        int tile = 16 * TTile.Side, stride = tile + 1;
        int columns = (n + tile - 1) / tile, top = Grid.IdxX / columns * tile, first = Grid.IdxX % columns * tile;
        int x = Group.IdxX & 15, y = Group.IdxX / 16, column = first + x;
        ArrayView<float> lefts = left.SubView(y), rights = right.SubView(x);
        for (int r = 0; r < TTile.Side; r++)
            for (int s = 0; s < TTile.Side; s++) sums[(r * TTile.Side) + s] = 0;
        for (int from = 0; from < k; from += Depth)
        {
            Take<float, F32, TTile>(left, a, aApart, aAlong, top, m, from, k);
            Take<TStored, TElement, TTile>(right, b, bApart, bAlong, first, n, from, k);
            Group.Barrier();
            int steps = Math.Min(Depth, k - from);
            for (int p = 0; p < steps * stride; p += stride)
            {
                ArrayView<float> ofRows = lefts.SubView(p), ofColumns = rights.SubView(p);
                for (int s = 0; s < TTile.Side; s++) factors[s] = ofColumns[16 * s];
                for (int r = 0; r < TTile.Side; r++)
                {
                    float factor = ofRows[16 * r];
                    for (int s = 0; s < TTile.Side; s++)
                        sums[(r * TTile.Side) + s] = Fused.MultiplyAdd(factor, factors[s], sums[(r * TTile.Side) + s]);
                }
            }
            Group.Barrier();
        }
        long width = n, inside = Math.Min(column, n - 1);
        for (int r = 0; r < TTile.Side; r++)
        {
            int row = top + y + (16 * r);
            if (row >= m) continue;
            ArrayView<float> line = c.SubView((row * width) + inside);
            for (int s = 0; s < TTile.Side; s++)
            {
                if (column + (16 * s) >= n) continue;
                line[16 * s] = accumulate == 0 ? sums[(r * TTile.Side) + s] : line[16 * s] + sums[(r * TTile.Side) + s];
            }
        }
    }

    /// <summary>Takes a tile of a matrix, zeros beyond its end. Neighbouring lanes read neighbouring elements, whichever way it
    /// lies.</summary>
    private static void Take<TStored, TElement, TTile>(
        ArrayView<float> buffer, ArrayView<TStored> matrix, int apart, int along, int start, int lines, int from, int steps)
        where TStored : unmanaged
        where TElement : IElement<TStored>
        where TTile : IProductTile
    {
        int tile = 16 * TTile.Side, stride = tile + 1, lane = Group.IdxX;
        int line = along != 0 ? lane / Depth : lane % tile, p = along != 0 ? lane % Depth : lane / tile;
        int linesOn = along != 0 ? 256 / Depth : 0, stepsOn = along != 0 ? 0 : 256 / tile;  // from one of a lane's elements to the next
        int at = along != 0 ? (line * apart) + p : (p * apart) + line, on = (linesOn + stepsOn) * apart;
        ArrayView<float> place = buffer.SubView((p * stride) + line);
        int firstLine = start + line, firstStep = from + p;
        ArrayView<TStored> rest = matrix.SubView(along != 0 ? ((long)start * apart) + from : ((long)from * apart) + start);
        for (int j = 0; j < TTile.Side; j++)
        {
            bool isInside = firstLine + (linesOn * j) < lines && firstStep + (stepsOn * j) < steps;
            place[((stepsOn * stride) + linesOn) * j] = isInside ? TElement.Load(rest[at]) : 0f;
            at += on;
        }
    }
}
