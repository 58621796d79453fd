namespace KsLottery.Kernels.Language;

/// <summary>Runs kernels on the host as plain C#, lane by lane: to step through them in a debugger, and as their oracle in tests.
/// Slow.</summary>
public static class SimulatedGrid
{
    /// <summary>Runs groups one after another; the kernel is called once for each lane.</summary>
    /// <param name="groups">How many groups.</param>
    /// <param name="groupSize">Lanes of a group.</param>
    /// <param name="kernel">Calls the kernel's method.</param>
    /// <param name="isReversed">Whether lanes run from the last to the first between barriers; results may not depend on it.</param>
    /// <exception cref="InvalidOperationException">A lane failed, or only some lanes reached a barrier; the cause is within.</exception>
    public static void Run(int groups, int groupSize, Action kernel, bool isReversed = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(groups);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groupSize);
        ArgumentNullException.ThrowIfNull(kernel);
        if (groups == 0) return;
        new SimulatedGroup(groupSize, groups, isReversed).Run(kernel);
    }

    /// <summary>A view of an array's bytes.</summary>
    /// <param name="memory">The array.</param>
    /// <param name="start">The first byte.</param>
    /// <param name="length">The number of elements.</param>
    public static ArrayView<T> View<T>(byte[] memory, long start, long length) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(memory);
        return new(memory, start, length);
    }
}
