using System.Runtime.CompilerServices;

namespace KsLottery.Kernels.Language;

/// <summary>The lanes that a device runs in step, as in ILGPU. Shuffles are called by all lanes of a group or by none.</summary>
/// <remarks>OpenCL 1.2 has no shuffles: there they go through shared memory, behind barriers of the whole group.</remarks>
public static class Warp
{
    /// <summary>Lanes of a warp: 32 here and on NVIDIA, and wherever shuffles go through shared memory.</summary>
    public static int WarpSize => SimulatedLane.WarpSize;

    /// <summary>The number of this lane in its warp.</summary>
    public static int LaneIdx => SimulatedLane.Current.Index % WarpSize;

    /// <summary>The number of this lane's warp in the group.</summary>
    public static int WarpIdx => SimulatedLane.Current.Index / WarpSize;

    /// <summary>The value that another lane of the warp has.</summary>
    /// <param name="variable">This lane's value, of 32 or 64 bits.</param>
    /// <param name="sourceLane">The other lane's number in the warp.</param>
    public static T Shuffle<T>(T variable, int sourceLane) where T : unmanaged => Exchange(variable, sourceLane);

    /// <summary>The value that the lane <paramref name="delta"/> further has; this lane's own where the warp ends before.</summary>
    public static T ShuffleDown<T>(T variable, int delta) where T : unmanaged =>
        Exchange(variable, LaneIdx + delta < WarpSize ? LaneIdx + delta : LaneIdx);

    /// <summary>The value that the lane <paramref name="delta"/> before has; this lane's own where the warp begins after it.</summary>
    public static T ShuffleUp<T>(T variable, int delta) where T : unmanaged =>
        Exchange(variable, LaneIdx - delta >= 0 ? LaneIdx - delta : LaneIdx);

    /// <summary>The value of the lane whose number differs in the bits of a mask.</summary>
    public static T ShuffleXor<T>(T variable, int mask) where T : unmanaged => Exchange(variable, LaneIdx ^ mask);

    private static T Exchange<T>(T variable, int source) where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() is not (4 or 8))
            throw new NotSupportedException($"a shuffle takes values of 32 or 64 bits, not {typeof(T).Name}.");
        SimulatedLane lane = SimulatedLane.Current;
        Unsafe.As<ulong, T>(ref lane.Exchanged) = variable;
        lane.Wait(SimulatedScope.Warp);
        int other = lane.Index - (lane.Index % WarpSize) + source;
        T value = Unsafe.As<ulong, T>(ref lane.Group.Lanes[other].Exchanged);
        lane.Wait(SimulatedScope.Warp);
        return value;
    }
}
