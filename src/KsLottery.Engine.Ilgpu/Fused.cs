namespace KsLottery.Kernels.Language;

/// <summary>The one member of the kernel language that ILGPU lacks: here it rounds twice.</summary>
public static class Fused
{
    /// <summary>x·y + z.</summary>
    public static float MultiplyAdd(float x, float y, float z) => (x * y) + z;

    /// <summary>x·y + z.</summary>
    public static double MultiplyAdd(double x, double y, double z) => (x * y) + z;
}
