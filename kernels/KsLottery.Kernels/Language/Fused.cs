namespace KsLottery.Kernels.Language;

/// <summary>Operations that round once. ILGPU has none of them: a build against it defines them by their parts, which round
/// twice.</summary>
public static class Fused
{
    /// <summary>x·y + z, rounded once.</summary>
    public static float MultiplyAdd(float x, float y, float z) => MathF.FusedMultiplyAdd(x, y, z);

    /// <summary>x·y + z, rounded once.</summary>
    public static double MultiplyAdd(double x, double y, double z) => Math.FusedMultiplyAdd(x, y, z);
}
