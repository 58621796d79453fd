namespace KsLottery.Kernels;

/// <summary>Copies within a device.</summary>
public static class MemoryKernels
{
    /// <summary>destination = source as F32, one element a lane.</summary>
    /// <param name="destination">As many elements as the source.</param>
    /// <param name="source">Numbers as they are stored.</param>
    [Kernel(256)]
    [KernelInstance(typeof(float), typeof(F32))]
    [KernelInstance(typeof(ushort), typeof(F16))]
    [KernelInstance(typeof(ushort), typeof(BF16))]
    public static void Widen<TStored, TElement>(ArrayView<float> destination, ArrayView<TStored> source)
        where TStored : unmanaged
        where TElement : IElement<TStored>
    {
        long i = ((long)Grid.IdxX * Group.DimX) + Group.IdxX;
        if (i < source.Length) destination[i] = TElement.Load(source[i]);
    }
}
