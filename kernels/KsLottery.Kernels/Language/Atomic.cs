namespace KsLottery.Kernels.Language;

/// <summary>Operations that no other lane can interrupt, as in ILGPU; each returns the value before it.</summary>
/// <remarks>Integers only: the order in which lanes come is not fixed, and sums of integers do not depend on it.</remarks>
public static class Atomic
{
    /// <summary>target += value.</summary>
    public static int Add(ref int target, int value) => Replace(ref target, unchecked(target + value));

    /// <summary>target += value.</summary>
    public static uint Add(ref uint target, uint value) => Replace(ref target, unchecked(target + value));

    /// <summary>target = max(target, value).</summary>
    public static int Max(ref int target, int value) => Replace(ref target, Math.Max(target, value));

    /// <summary>target = max(target, value).</summary>
    public static uint Max(ref uint target, uint value) => Replace(ref target, Math.Max(target, value));

    /// <summary>target = min(target, value).</summary>
    public static int Min(ref int target, int value) => Replace(ref target, Math.Min(target, value));

    /// <summary>target = min(target, value).</summary>
    public static uint Min(ref uint target, uint value) => Replace(ref target, Math.Min(target, value));

    /// <summary>target |= value.</summary>
    public static int Or(ref int target, int value) => Replace(ref target, target | value);

    /// <summary>target |= value.</summary>
    public static uint Or(ref uint target, uint value) => Replace(ref target, target | value);

    /// <summary>target &amp;= value.</summary>
    public static int And(ref int target, int value) => Replace(ref target, target & value);

    /// <summary>target &amp;= value.</summary>
    public static uint And(ref uint target, uint value) => Replace(ref target, target & value);

    /// <summary>target = value.</summary>
    public static int Exchange(ref int target, int value) => Replace(ref target, value);

    /// <summary>target = value.</summary>
    public static uint Exchange(ref uint target, uint value) => Replace(ref target, value);

    /// <summary>target = value where it is as expected.</summary>
    public static int CompareExchange(ref int target, int compare, int value) => Replace(ref target, target == compare ? value : target);

    /// <summary>target = value where it is as expected.</summary>
    public static uint CompareExchange(ref uint target, uint compare, uint value) =>
        Replace(ref target, target == compare ? value : target);

    /// <summary>Simulated lanes run one at a time, so that nothing comes between.</summary>
    private static T Replace<T>(ref T target, T value)
    {
        T before = target;
        target = value;
        return before;
    }
}
