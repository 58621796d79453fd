namespace KsLottery.Kernels;

/// <summary>How far rows moved.</summary>
public static class RowMomentKernels
{
    /// <summary>Set where some bits of the two rows differ.</summary>
    public const int Differ = 1;

    /// <summary>Set where the first row's elements have not all the same bits.</summary>
    public const int BitsVary = 2;

    /// <summary>Set where the first row's elements have not all the same value; both zeros are one value.</summary>
    public const int ValuesVary = 4;

    /// <summary>Σa², Σb², Σ(b-a)² and Σab of each row pair, to the same bits as on the host, and what its elements have in
    /// common.</summary>
    /// <remarks>
    /// Sixteen lanes a row, each with the sums over every sixteenth element of the whole blocks of 32; they are added up in pairs eight
    /// apart,
    /// then one after another, then what is left of the row. Products of two F32 values are exact in double, so that fusing them with the
    /// addition changes nothing; (b-a)² is not, and is never fused.
    /// </remarks>
    /// <param name="sums">Four a row.</param>
    /// <param name="marks">One a row: <see cref="Differ"/>, <see cref="BitsVary"/>, <see cref="ValuesVary"/>.</param>
    /// <param name="before">(rows, width).</param>
    /// <param name="after">(rows, width).</param>
    /// <param name="rows">How many rows; a group takes 16.</param>
    /// <param name="width">d.</param>
    [Kernel(256)]
    [KernelInstance(typeof(float), typeof(F32))]
    [KernelInstance(typeof(ushort), typeof(F16))]
    [KernelInstance(typeof(ushort), typeof(BF16))]
    public static void RowMoments<TStored, TElement>(
        ArrayView<double> sums, ArrayView<int> marks, ArrayView<TStored> before, ArrayView<TStored> after, int rows, int width)
        where TStored : unmanaged
        where TElement : IElement<TStored>
    {
        ArrayView<double> parts = SharedMemory.Allocate<double>(1024);
        ArrayView<int> seen = SharedMemory.Allocate<int>(256);
        int place = Group.IdxX, lane = place & 15, row = (Grid.IdxX * 16) + (place >> 4), whole = width & ~31;
        long start = (long)row * width;
        double sumA = 0, sumB = 0, sumD = 0, sumP = 0;
        int mark = 0;
        if (row < rows)
        {
            uint first = Interop.FloatAsInt(TElement.Load(before[start]));
            for (int i = lane; i < width; i += 16)
            {
                float a = TElement.Load(before[start + i]), b = TElement.Load(after[start + i]);
                uint bits = Interop.FloatAsInt(a);
                if (bits != Interop.FloatAsInt(b)) mark |= Differ;
                if (bits != first) mark |= BitsVary;
                if (KsOutcomes.KeyOf(bits) != KsOutcomes.KeyOf(first)) mark |= ValuesVary;
                if (i < whole)
                {
                    double x = a, y = b, d = y - x;
                    sumA += x * x;
                    sumB += y * y;
                    sumD += d * d;
                    sumP += x * y;
                }
            }
        }
        parts[place] = sumA;
        parts[256 + place] = sumB;
        parts[512 + place] = sumD;
        parts[768 + place] = sumP;
        seen[place] = mark;
        Group.Barrier();

        int team = place & ~15;
        if (row < rows && lane == 4)
        {
            int all = 0;
            for (int i = 0; i < 16; i++) all |= seen[team + i];
            marks[row] = all;
        }
        if (row >= rows || lane >= 4) return;
        double total = 0, tail = 0;
        for (int i = 0; i < 8; i++) total += parts[(256 * lane) + team + i] + parts[(256 * lane) + team + 8 + i];
        for (int i = whole; i < width; i++)
        {
            double x = TElement.Load(before[start + i]), y = TElement.Load(after[start + i]);
            double left = lane == 0 ? x : lane == 1 ? y : lane == 2 ? y - x : x;
            double right = lane == 0 ? x : lane == 2 ? y - x : y;
            tail += left * right;
        }
        sums[(4L * row) + lane] = total + tail;
    }
}
