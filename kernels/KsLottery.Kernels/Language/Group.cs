namespace KsLottery.Kernels.Language;

/// <summary>The lanes of a group, as in ILGPU.</summary>
public static class Group
{
    /// <summary>The number of this lane in its group.</summary>
    public static int IdxX => SimulatedLane.Current.Index;

    /// <summary>How many lanes the group has.</summary>
    public static int DimX => SimulatedLane.Current.Group.Size;

    /// <summary>Waits for all lanes of the group; what they wrote to shared and global memory is seen by all of them from then
    /// on.</summary>
    public static void Barrier() => SimulatedLane.Current.Wait(SimulatedScope.Group);
}
