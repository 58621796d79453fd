using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>Some rows of a matrix, read one after another.</summary>
internal readonly struct SelectedRows(Tensor tensor, IReadOnlyList<int> indices, CancellationToken cancellationToken)
{
    private readonly int _rowLength = checked((int)(tensor.Shape[1] * tensor.ElementType.ByteSize()));

    /// <summary>Whether all values come back bit for bit from another type.</summary>
    public bool SurviveIn(ElementType type)
    {
        if (type == tensor.ElementType) return true;
        byte[] buffer = new byte[_rowLength];
        foreach (int index in indices)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!RowRounding.IsReversible(Read(index, buffer), tensor.ElementType, type)) return false;
        }
        return true;
    }

    /// <summary>The places among the rows of those that hold a NaN or an infinity.</summary>
    public List<int> FindNonFinite()
    {
        List<int> found = [];
        byte[] buffer = new byte[_rowLength];
        foreach ((int place, int index) in indices.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!RowRounding.AreFinite(Read(index, buffer), tensor.ElementType)) found.Add(place);
        }
        return found;
    }

    /// <summary>Writes the rows in a type that loses nothing.</summary>
    public void WriteTo(Stream stream, ElementType type)
    {
        byte[] buffer = new byte[_rowLength];
        byte[] converted = new byte[tensor.Shape[1] * type.ByteSize()];
        foreach (int index in indices)
        {
            cancellationToken.ThrowIfCancellationRequested();
            RowRounding.Convert(Read(index, buffer), tensor.ElementType, converted, type);
            stream.Write(converted);
        }
    }

    private ReadOnlySpan<byte> Read(int index, byte[] buffer) => tensor.GetBytes((long)index * _rowLength, _rowLength, buffer);
}
