namespace KsLottery.Kernels;

/// <summary>Shared memory for the keys of two rows.</summary>
public interface IKeyCapacity
{
    /// <summary>Keys of both rows together.</summary>
    static abstract int Keys { get; }
}

/// <summary>Rows of up to 1,024 elements: 8 KiB.</summary>
public readonly struct Rows1024 : IKeyCapacity
{
    /// <inheritdoc/>
    public static int Keys => 2048;
}

/// <summary>Rows of up to 4,096 elements: 32 KiB.</summary>
public readonly struct Rows4096 : IKeyCapacity
{
    /// <inheritdoc/>
    public static int Keys => 8192;
}

/// <summary>The row test by definition: sort both rows, take the difference of the distribution functions at the last of each run of equal
/// values.</summary>
/// <remarks>
/// One group a row. O(d·log²d) comparisons, the same for every distribution: the reference on a device, and what
/// <see cref="KsCountKernels"/>
/// leaves to it.
/// </remarks>
public static class KsSortKernels
{
    /// <summary>Tests rows that fit into shared memory, one a group.</summary>
    /// <param name="outcomes">Two numbers a row, see <see cref="KsOutcomes"/>.</param>
    /// <param name="before">(rows, width).</param>
    /// <param name="after">(rows, width).</param>
    /// <param name="width">d, at most half of the room.</param>
    /// <param name="padded">The next power of two.</param>
    /// <param name="onlyUnresolved">1 to leave alone the rows whose outcome is known already; else 0.</param>
    [Kernel(256)]
    [KernelInstance(typeof(float), typeof(F32), typeof(Rows1024))]
    [KernelInstance(typeof(float), typeof(F32), typeof(Rows4096))]
    [KernelInstance(typeof(ushort), typeof(F16), typeof(Rows1024))]
    [KernelInstance(typeof(ushort), typeof(F16), typeof(Rows4096))]
    [KernelInstance(typeof(ushort), typeof(BF16), typeof(Rows1024))]
    [KernelInstance(typeof(ushort), typeof(BF16), typeof(Rows4096))]
    public static void KsSort<TStored, TElement, TCapacity>(
        ArrayView<int> outcomes, ArrayView<TStored> before, ArrayView<TStored> after, int width, int padded, int onlyUnresolved)
        where TStored : unmanaged
        where TElement : IElement<TStored>
        where TCapacity : IKeyCapacity
    {
        ArrayView<uint> keys = SharedMemory.Allocate<uint>(TCapacity.Keys);
        int row = Grid.IdxX;
        if (onlyUnresolved == 0 || outcomes[2 * row] == KsOutcomes.Unresolved)
            Test<TStored, TElement>(outcomes, row, before, after, width, padded, keys);
    }

    /// <summary>Tests rows of any width, with their keys in the device's memory; each group takes every so many rows.</summary>
    /// <param name="outcomes">Two numbers a row, see <see cref="KsOutcomes"/>.</param>
    /// <param name="before">(rows, width).</param>
    /// <param name="after">(rows, width).</param>
    /// <param name="scratch">(groups, 2·padded).</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="width">d.</param>
    /// <param name="padded">The next power of two, at least 256.</param>
    /// <param name="onlyUnresolved">1 to leave alone the rows whose outcome is known already; else 0.</param>
    [Kernel(256)]
    [KernelInstance(typeof(float), typeof(F32))]
    [KernelInstance(typeof(ushort), typeof(F16))]
    [KernelInstance(typeof(ushort), typeof(BF16))]
    public static void KsSortWide<TStored, TElement>(
        ArrayView<int> outcomes, ArrayView<TStored> before, ArrayView<TStored> after, ArrayView<uint> scratch, int rows, int width,
            int padded,
        int onlyUnresolved)
        where TStored : unmanaged
        where TElement : IElement<TStored>
    {
        ArrayView<uint> keys = scratch.SubView(Grid.IdxX * 2L * padded, 2L * padded);
        for (int row = Grid.IdxX; row < rows; row += Grid.DimX)
        {
            if (onlyUnresolved == 0 || outcomes[2 * row] == KsOutcomes.Unresolved)
                Test<TStored, TElement>(outcomes, row, before, after, width, padded, keys);
            Group.Barrier();
        }
    }

    /// <summary>Sorts two rows of keys that lie one after another, each of a power of two of elements, by bitonic merging; called by all
    /// lanes.</summary>
    /// <param name="keys">2·length keys, written before the last barrier.</param>
    /// <param name="length">Keys of a row.</param>
    public static void Sort(ArrayView<uint> keys, int length)
    {
        for (int size = 2; size <= length; size *= 2)
        {
            for (int stride = size / 2; stride > 0; stride /= 2)
            {
                for (int pair = Group.IdxX; pair < length; pair += Group.DimX)
                {
                    int low = (2 * pair) - (pair & (stride - 1)), high = low + stride;
                    bool isDescending = (low & size & (length - 1)) != 0;
                    uint x = keys[low], y = keys[high], least = Math.Min(x, y), most = Math.Max(x, y);
                    keys[low] = isDescending ? most : least;
                    keys[high] = isDescending ? least : most;
                }
                Group.Barrier();
            }
        }
    }

    /// <summary>How many of the first keys are at most a key.</summary>
    /// <param name="keys">Keys in order.</param>
    /// <param name="count">How many are looked at.</param>
    /// <param name="key">The key.</param>
    public static int CountUpTo(ArrayView<uint> keys, int count, uint key)
    {
        int low = 0, high = count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (keys[middle] <= key) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private static void Test<TStored, TElement>(
        ArrayView<int> outcomes, int row, ArrayView<TStored> before, ArrayView<TStored> after, int width, int padded, ArrayView<uint> keys)
        where TStored : unmanaged
        where TElement : IElement<TStored>
    {
        long start = (long)row * width;
        for (int i = Group.IdxX; i < padded; i += Group.DimX)
        {
            keys[i] = i < width ? KsOutcomes.KeyOf(Interop.FloatAsInt(TElement.Load(before[start + i]))) : uint.MaxValue;
            keys[padded + i] = i < width ? KsOutcomes.KeyOf(Interop.FloatAsInt(TElement.Load(after[start + i]))) : uint.MaxValue;
        }
        Group.Barrier();
        Sort(keys, padded);
        bool hasCount = IsNumbers(keys[0], keys[width - 1]) && IsNumbers(keys[padded], keys[padded + width - 1]);
        KsBest best = hasCount ? Walk(keys, keys.SubView(padded, width), width) : new KsBest(KsOutcomes.NoCountRank, 0);
        Group.Barrier();
        KsOutcomes.Write(outcomes, row, best, keys);
    }

    /// <summary>Whether a row has no NaN: their keys lie beyond those of the infinities.</summary>
    private static bool IsNumbers(uint first, uint last) => first >= KsOutcomes.MinKey && last <= KsOutcomes.GreatestKey;

    /// <summary>This lane's best of the differences after each run of equal values.</summary>
    private static KsBest Walk(ArrayView<uint> before, ArrayView<uint> after, int width)
    {
        KsBest best = new(0, 0);
        for (int i = Group.IdxX; i < width; i += Group.DimX)
        {
            uint x = before[i], y = after[i];
            if (i + 1 == width || before[i + 1] != x) best = KsOutcomes.Better(best, i + 1 - CountUpTo(after, width, x), x);
            if (i + 1 == width || after[i + 1] != y) best = KsOutcomes.Better(best, CountUpTo(before, width, y) - (i + 1), y);
        }
        return best;
    }
}
