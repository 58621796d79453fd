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

    /// <summary>The same, shared out by rows.</summary>
    public static void Put(WorkerPool pool, DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> columns, int width) =>
        pool.Share(destination.Length / width, columns.Length, (from, to) =>
        {
            ReadOnlySpan<int> column = columns.Span;
            for (long i = from; i < to; i++)
            {
                Span<float> row = destination.Write(i * width, width);
                ReadOnlySpan<float> chosen = source.Read(i * column.Length, column.Length);
                for (int j = 0; j < column.Length; j++) row[column[j]] = chosen[j];
            }
        });

    /// <summary>The same, shared out by rows.</summary>
    public static void Take(WorkerPool pool, DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> columns, int width) =>
        pool.Share(source.Length / width, columns.Length, (from, to) =>
        {
            ReadOnlySpan<int> column = columns.Span;
            for (long i = from; i < to; i++)
            {
                Span<float> row = source.Write(i * width, width), chosen = destination.Write(i * column.Length, column.Length);
                for (int j = 0; j < column.Length; j++) (chosen[j], row[column[j]]) = (row[column[j]], 0);
            }
        });
}
