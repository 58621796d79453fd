namespace KsLottery.Engine.Operations;

/// <summary>Rows of a table (V, C) looked up, and gradients added to them.</summary>
internal static class Embedding
{
    /// <summary>The definition: output (N, C), table (V, C), rows (N).</summary>
    public static void Forward(Span<double> output, ReadOnlySpan<double> table, ReadOnlySpan<int> rows, int width)
    {
        for (int i = 0; i < rows.Length; i++)
            if (rows[i] >= 0) table.Slice(rows[i] * width, width).CopyTo(output.Slice(i * width, width));
    }

    /// <summary>The definition: tableGradient (V, C), outputGradient (N, C), rows (N).</summary>
    public static void Backward(Span<double> tableGradient, ReadOnlySpan<double> outputGradient, ReadOnlySpan<int> rows, int width)
    {
        for (int i = 0; i < rows.Length; i++)
            for (int c = 0; c < width && rows[i] >= 0; c++) tableGradient[(rows[i] * width) + c] += outputGradient[(i * width) + c];
    }

    /// <summary>The definition: destination (V, C), source (N, C), rows (N).</summary>
    public static void Scatter(Span<double> destination, ReadOnlySpan<double> source, ReadOnlySpan<int> rows, int width)
    {
        for (int i = 0; i < rows.Length; i++)
            if (rows[i] >= 0) source.Slice(i * width, width).CopyTo(destination.Slice(rows[i] * width, width));
    }
}
