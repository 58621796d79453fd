namespace KsLottery.Engine.Operations;

/// <summary>Chosen columns of a matrix (N, C) put in and taken out.</summary>
internal static class Columns
{
    /// <summary>The definition: destination (N, C), source (N, J), columns (J).</summary>
    public static void Put(Span<double> destination, ReadOnlySpan<double> source, ReadOnlySpan<int> columns, int width)
    {
        for (int from = 0, to = 0; from < source.Length; from += columns.Length, to += width)
            for (int j = 0; j < columns.Length; j++) destination[to + columns[j]] = source[from + j];
    }

    /// <summary>The definition: destination (N, J), source (N, C), columns (J).</summary>
    public static void Take(Span<double> destination, Span<double> source, ReadOnlySpan<int> columns, int width)
    {
        for (int to = 0, from = 0; to < destination.Length; to += columns.Length, from += width)
            for (int j = 0; j < columns.Length; j++)
                (destination[to + j], source[from + columns[j]]) = (source[from + columns[j]], 0);
    }
}
