namespace KsLottery.Kernels.Language;

/// <summary>The groups of a launch, as in ILGPU.</summary>
public static class Grid
{
    /// <summary>The number of this lane's group.</summary>
    public static int IdxX => SimulatedLane.Current.Group.GridIndex;

    /// <summary>How many groups there are.</summary>
    public static int DimX => SimulatedLane.Current.Group.GridSize;
}
