using System.Runtime.CompilerServices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Kernels;

/// <summary>Sums the differences of 16-bit rows over all values that the type has, in value order: portable, for rows of any
/// width.</summary>
/// <remarks>O(d + largest magnitude): pays from about a thousand elements on.</remarks>
internal sealed class KsRowKeySums
{
    private const int Magnitude = 0x7fff, Zero = 0x8000;

    /// <summary>How many more elements before than after have each value; all zero between calls.</summary>
    private readonly int[] _differences = new int[2 * Zero];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public KsRowOutcome Test<TElement>(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after)
        where TElement : IStoredElement<TElement, ushort>
    {
        int largest = Math.Max(Largest(before), Largest(after));
        if (largest > TElement.NonFinite) return KsRowOutcome.NotANumber;

        ref int zero = ref _differences[Zero];
        for (int i = 0; i < before.Length; i++)
        {
            Unsafe.Add(ref zero, Place(before[i]))++;
            Unsafe.Add(ref zero, Place(after[i]))--;
        }
        int sum = 0, highest = 0, lowest = 0, highestAt = 0, lowestAt = 0;
        for (int place = -largest; place <= largest; place++)
        {
            sum += Unsafe.Add(ref zero, place);
            if (sum > highest) (highest, highestAt) = (sum, place);
            if (sum < lowest) (lowest, lowestAt) = (sum, place);
        }
        _differences.AsSpan(Zero - largest, 2 * largest + 1).Clear();
        if (highest == 0 && lowest == 0) return KsRowOutcome.Equal;
        return highest >= -lowest ? new(highest, 1, Value<TElement>(highestAt)) : new(-lowest, -1, Value<TElement>(lowestAt));
    }

    /// <summary>The value whose place in order, counted from zero, this is.</summary>
    public static float Value<TElement>(int place) where TElement : IStoredElement<TElement, ushort> =>
        TElement.Widen((ushort)(Math.Abs(place) | (place < 0 ? Magnitude + 1 : 0)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Place(ushort bits)
    {
        int sign = (short)bits >> 15;
        return ((bits & Magnitude) ^ sign) - sign;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Largest(ReadOnlySpan<ushort> row)
    {
        int largest = 0;
        foreach (ushort bits in row) largest = Math.Max(largest, bits & Magnitude);
        return largest;
    }
}
