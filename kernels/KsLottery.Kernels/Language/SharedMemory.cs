namespace KsLottery.Kernels.Language;

/// <summary>Memory that the lanes of a group share, as in ILGPU.</summary>
public static class SharedMemory
{
    /// <summary>Declares shared memory at the start of a kernel, the same for all lanes of a group; its first content is
    /// undefined.</summary>
    /// <param name="extent">The number of elements, a constant.</param>
    public static ArrayView<T> Allocate<T>(int extent) where T : unmanaged => SimulatedLane.Current.Share<T>(extent);
}

/// <summary>Memory of one lane, as in ILGPU: registers where every index is a constant once loops are unrolled.</summary>
public static class LocalMemory
{
    /// <summary>Declares memory of this lane at the start of a kernel; its first content is undefined.</summary>
    /// <param name="extent">The number of elements, a constant.</param>
    public static ArrayView<T> Allocate<T>(int extent) where T : unmanaged =>
        new(SimulatedGroup.Soil(new byte[extent * System.Runtime.CompilerServices.Unsafe.SizeOf<T>()]), 0, extent);
}
