using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Rows;

/// <summary>One value of every row, as a part's file holds it.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Write">Writes the values of rows.</param>
internal sealed record RowColumn(string Name, ElementType Type, Action<Stream, RowResult[]> Write)
{
    private const int ChunkRows = 1 << 16;

    /// <summary>A column of a value of each row.</summary>
    public static RowColumn Of<T>(string name, ElementType type, Func<RowResult, T> value) where T : unmanaged =>
        new(name, type, (stream, rows) =>
        {
            T[] values = new T[Math.Min(rows.Length, ChunkRows)];
            for (int first = 0; first < rows.Length; first += values.Length)
            {
                int count = Math.Min(values.Length, rows.Length - first);
                for (int i = 0; i < count; i++) values[i] = value(rows[first + i]);
                stream.Write(MemoryMarshal.AsBytes(values.AsSpan(0, count)));
            }
        });
}
