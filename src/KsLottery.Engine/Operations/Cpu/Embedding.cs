using System.Numerics.Tensors;

namespace KsLottery.Engine.Operations;

/// <summary>Rows of a table (V, C) looked up, and gradients added to them.</summary>
internal static class Embedding
{
    /// <summary>Floats that a span of bytes can hold.</summary>
    private const int MaxTable = int.MaxValue / sizeof(float);

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

    /// <summary>The lookup, shared out by rows; the table may be of any stored type.</summary>
    public static void Forward(WorkerPool pool, DeviceSpan output, DeviceSpan table, ReadOnlyMemory<int> rows, int width) =>
        pool.Share(rows.Length, width, (from, to) =>
        {
            ReadOnlySpan<int> row = rows.Span;
            if (width == 1 && table.IsF32() && table.Length <= MaxTable)
            {
                Gather(output.Write(from, to - from), table.Read(), row[(int)from..(int)to]);
                return;
            }
            for (int i = (int)from; i < to; i++)
            {
                if (row[i] < 0) continue;
                Span<float> destination = output.Write((long)i * width, width);
                ReadOnlySpan<float> source = table.Widen((long)row[i] * width, destination);
                if (source != destination) source.CopyTo(destination);
            }
        });

    /// <summary>The addition, shared out by columns, so that each sum is taken in the order of i.</summary>
    public static void Backward(WorkerPool pool, DeviceSpan tableGradient, DeviceSpan outputGradient, ReadOnlyMemory<int> rows, int width)
    {
        const int MaxParts = 64;
        int columns = Math.Max(4, width / (MaxParts * Lanes.Count)) * Lanes.Count;
        pool.Share((width + columns - 1) / columns, (long)rows.Length * columns, (from, to) =>
        {
            int first = (int)from * columns, count = Math.Min(width, (int)to * columns) - first;
            ReadOnlySpan<int> row = rows.Span;
            for (int i = 0; i < row.Length; i++)
            {
                if (row[i] < 0) continue;
                Span<float> gradient = tableGradient.Write(((long)row[i] * width) + first, count);
                TensorPrimitives.Add(gradient, outputGradient.Read(((long)i * width) + first, count), gradient);
            }
        });
    }

    /// <summary>The copy, shared out by rows.</summary>
    public static void Scatter(WorkerPool pool, DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> rows, int width) =>
        pool.Share(rows.Length, width, (from, to) =>
        {
            ReadOnlySpan<int> row = rows.Span;
            if (width == 1 && destination.Length <= MaxTable)
            {
                Scatter(destination.Write(), source.Read(from, to - from), row[(int)from..(int)to]);
                return;
            }
            for (int i = (int)from; i < to; i++)
                if (row[i] >= 0) source.Read((long)i * width, width).CopyTo(destination.Write((long)row[i] * width, width));
        });

    private static void Gather(Span<float> output, ReadOnlySpan<float> table, ReadOnlySpan<int> rows)
    {
        for (int i = 0; i < rows.Length; i++)
            if (rows[i] >= 0) output[i] = table[rows[i]];
    }

    private static void Scatter(Span<float> destination, ReadOnlySpan<float> source, ReadOnlySpan<int> rows)
    {
        for (int i = 0; i < rows.Length; i++)
            if (rows[i] >= 0) destination[rows[i]] = source[i];
    }
}
