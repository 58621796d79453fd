namespace KsLottery.Kernels;

/// <summary>Sums that need no double precision on the device: a sum and its error, each an F32, as in Knuth, The Art of Computer
/// Programming 2, 4.2.2, theorem B. A group sums 16,384 elements; the host adds the groups' sums in double precision.</summary>
public static class SumKernels
{
    /// <summary>Elements that a group sums.</summary>
    public const int Block = 16384;

    /// <summary>Σ x of each block.</summary>
    /// <param name="sums">A sum and its error for each group.</param>
    /// <param name="values">Any number of elements, all finite.</param>
    [Kernel(256)]
    public static void Sum(ArrayView<float> sums, ArrayView<float> values)
    {
        ArrayView<float> buffer = SharedMemory.Allocate<float>(512);
        long from = (long)Grid.IdxX * Block, to = Math.Min(from + Block, values.Length);
        float sum = 0f, error = 0f;
        for (long i = from + Group.IdxX; i < to; i += Group.DimX) Add(ref sum, ref error, values[i]);
        Finish(sums, buffer, sum, error);
    }

    /// <summary>Σ x² of each block; squares above the greatest F32 make the sum infinite or no number.</summary>
    [Kernel(256)]
    public static void SumOfSquares(ArrayView<float> sums, ArrayView<float> values)
    {
        ArrayView<float> buffer = SharedMemory.Allocate<float>(512);
        long from = (long)Grid.IdxX * Block, to = Math.Min(from + Block, values.Length);
        float sum = 0f, error = 0f;
        for (long i = from + Group.IdxX; i < to; i += Group.DimX) AddSquare(ref sum, ref error, values[i]);
        Finish(sums, buffer, sum, error);
    }

    /// <summary>sum + error grows by x, exactly but for the rounding of the error.</summary>
    public static void Add(ref float sum, ref float error, float x)
    {
        float total = sum + x, part = total - sum;
        error += (sum - (total - part)) + (x - part);
        sum = total;
    }

    /// <summary>sum + error grows by x², as exactly.</summary>
    public static void AddSquare(ref float sum, ref float error, float x)
    {
        float square = x * x;
        error += Fused.MultiplyAdd(x, x, -square);
        Add(ref sum, ref error, square);
    }

    /// <summary>The lanes' sums in a fixed order.</summary>
    private static void Finish(ArrayView<float> sums, ArrayView<float> buffer, float sum, float error)
    {
        int i = Group.IdxX;
        buffer[i] = sum;
        buffer[256 + i] = error;
        Group.Barrier();
        for (int step = 128; step > 0; step /= 2)
        {
            if (i < step)
            {
                Add(ref sum, ref error, buffer[i + step]);
                error += buffer[256 + i + step];
                buffer[i] = sum;
                buffer[256 + i] = error;
            }
            Group.Barrier();
        }
        if (i > 0) return;
        sums[2 * Grid.IdxX] = sum;
        sums[(2 * Grid.IdxX) + 1] = error;
    }
}
