using ILGPU.IR.Intrinsics;

namespace KsLottery.Kernels.Language;

/// <summary>The one member of the kernel language that ILGPU lacks; its compilers learn it where this assembly makes the
/// context.</summary>
public static class Fused
{
    /// <summary>x·y + z.</summary>
    [IntrinsicImplementation]
    public static float MultiplyAdd(float x, float y, float z) => MathF.FusedMultiplyAdd(x, y, z);

    /// <summary>x·y + z.</summary>
    [IntrinsicImplementation]
    public static double MultiplyAdd(double x, double y, double z) => Math.FusedMultiplyAdd(x, y, z);
}
