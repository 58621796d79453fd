using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>The rows of a patch as a checkpoint of some type stores them. For one thread.</summary>
internal sealed class StoredRows(IReadOnlyList<int> indices, Tensor rows, ElementType type)
{
    private readonly byte[] _given = new byte[rows.Shape[1] * rows.ElementType.ByteSize()];
    private readonly byte[] _stored = new byte[rows.Shape[1] * type.ByteSize()];

    /// <summary>The rows of the checkpoint's tensor that they stand for, ascending.</summary>
    public IReadOnlyList<int> Indices => indices;

    /// <summary>The bytes of a stored row.</summary>
    public int RowLength => _stored.Length;

    /// <summary>Gives the row for <c>Indices[place]</c>, rounded to the checkpoint's type; valid until the next call.</summary>
    public ReadOnlySpan<byte> Get(int place, out RoundingLoss loss)
    {
        loss = RowRounding.Convert(rows.GetBytes((long)place * _given.Length, _given.Length, _given), rows.ElementType, _stored, type);
        return _stored;
    }

    /// <summary>Finds the rows of a tensor, which has the shape and type that they are stored in, that differ from these.</summary>
    public List<int> FindDifferent(Tensor tensor, CancellationToken cancellationToken)
    {
        List<int> different = [];
        byte[] buffer = new byte[RowLength];
        for (int place = 0; place < indices.Count; place++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadOnlySpan<byte> present = tensor.GetBytes((long)indices[place] * RowLength, RowLength, buffer);
            if (!present.SequenceEqual(Get(place, out _))) different.Add(indices[place]);
        }
        return different;
    }
}
