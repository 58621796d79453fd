namespace KsLottery.Engine.Training;

/// <summary>Finds the values of largest magnitude; of equal ones the first.</summary>
internal static class LargestValues
{
    private const int Bins = 1 << 16;

    /// <summary>Their places, ascending: exactly as many as asked for, or all.</summary>
    /// <remarks>The bits of magnitudes order as they do. Two passes count upper and lower halves of them, a third takes what lies above the
    /// last winner and as many at it as are missing.</remarks>
    public static int[] Find(ReadOnlySpan<float> values, int count)
    {
        if (count >= values.Length) return [.. Enumerable.Range(0, values.Length)];
        if (count == 0) return [];
        int[] bins = new int[Bins];
        foreach (float value in values) bins[Key(value) >> 16]++;
        int missing = count;
        uint upper = (uint)Descend(bins, ref missing);
        Array.Clear(bins);
        foreach (float value in values)
            if (Key(value) >> 16 == upper) bins[Key(value) & (Bins - 1)]++;
        uint last = (upper << 16) | (uint)Descend(bins, ref missing);
        int[] places = new int[count];
        int found = 0;
        for (int i = 0; found < count; i++)
        {
            uint key = Key(values[i]);
            if (key > last || (key == last && missing-- > 0)) places[found++] = i;
        }
        return places;
    }

    private static uint Key(float value) => BitConverter.SingleToUInt32Bits(Math.Abs(value));

    /// <summary>The bin of the last winner; what is missing of it is left.</summary>
    private static int Descend(int[] bins, ref int missing)
    {
        int bin = bins.Length - 1;
        for (; bins[bin] < missing; bin--) missing -= bins[bin];
        return bin;
    }
}
