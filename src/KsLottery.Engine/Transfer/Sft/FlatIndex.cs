namespace KsLottery.Engine.Transfer;

/// <summary>The number of an element of a tensor, with the last dimension fastest as everywhere here, or with the first as composable-sft
/// counts.</summary>
internal static class FlatIndex
{
    /// <summary>The number with the first dimension fastest.</summary>
    /// <param name="index">The number with the last dimension fastest.</param>
    /// <param name="shape">The dimensions.</param>
    public static long ToFirstFastest(long index, IReadOnlyList<long> shape)
    {
        long number = 0;
        for (int i = shape.Count - 1; i >= 0; i--)
        {
            (index, long coordinate) = Math.DivRem(index, shape[i]);
            number += coordinate * Product(shape, 0, i);
        }
        return number;
    }

    /// <summary>The number with the last dimension fastest.</summary>
    /// <param name="number">The number with the first dimension fastest.</param>
    /// <param name="shape">The dimensions.</param>
    public static long FromFirstFastest(long number, IReadOnlyList<long> shape)
    {
        long index = 0;
        for (int i = 0; i < shape.Count; i++)
        {
            (number, long coordinate) = Math.DivRem(number, shape[i]);
            index += coordinate * Product(shape, i + 1, shape.Count);
        }
        return index;
    }

    private static long Product(IReadOnlyList<long> shape, int first, int end)
    {
        long product = 1;
        for (int i = first; i < end; i++) product *= shape[i];
        return product;
    }
}
