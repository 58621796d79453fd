namespace KsLottery.Kernels;

/// <summary>Four numbers that a lane keeps in registers.</summary>
public readonly record struct Four(float A, float B, float C, float D)
{
    /// <summary>x·y + sum, number by number.</summary>
    public static Four MultiplyAdd(float x, Four y, Four sum) => new(Fused.MultiplyAdd(x, y.A, sum.A), Fused.MultiplyAdd(x, y.B, sum.B),
        Fused.MultiplyAdd(x, y.C, sum.C), Fused.MultiplyAdd(x, y.D, sum.D));
}
