using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>Some rows of a matrix, read one after another.</summary>
internal readonly struct SelectedRows(Tensor tensor, IndexSet rows, CancellationToken cancellationToken)
{
    private readonly int _rowLength = checked((int)(tensor.Shape[1] * tensor.ElementType.ByteSize()));

    /// <summary>Writes the rows in a type that loses nothing.</summary>
    public void WriteTo(Stream stream, ElementType type)
    {
        byte[] buffer = new byte[_rowLength];
        byte[] converted = new byte[tensor.Shape[1] * type.ByteSize()];
        foreach (long row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            RowRounding.Convert(Read(row, buffer), tensor.ElementType, converted, type);
            stream.Write(converted);
        }
    }

    private ReadOnlySpan<byte> Read(long row, byte[] buffer) => tensor.GetBytes(row * _rowLength, _rowLength, buffer);
}
