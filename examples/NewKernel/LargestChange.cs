using KsLottery.Kernels.Language;

namespace NewKernel;

/// <summary>The kernel: what C# it may use is in <c>kernels/README.md</c>.</summary>
public static class LargestChange
{
    /// <summary>max over a row of |after − before|; a lane for each row.</summary>
    [Kernel(64)]
    public static void LargestChangeOfRows(ArrayView<float> largest, ArrayView<float> before, ArrayView<float> after, int width)
    {
        long row = ((long)Grid.IdxX * Group.DimX) + Group.IdxX;
        if (row >= largest.Length) return;
        float found = 0f;
        for (int i = 0; i < width; i++)
        {
            float change = after[(row * width) + i] - before[(row * width) + i];
            found = Math.Max(found, Math.Abs(change));
        }
        largest[row] = found;
    }
}
