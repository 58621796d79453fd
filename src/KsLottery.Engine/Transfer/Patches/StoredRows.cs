using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>The rows of a patch as a checkpoint of some type stores them. For one thread.</summary>
internal sealed class StoredRows(Tensor rows, ElementType type)
{
    private readonly byte[] _given = new byte[rows.Shape[1] * rows.ElementType.ByteSize()];
    private readonly byte[] _stored = new byte[rows.Shape[1] * type.ByteSize()];

    /// <summary>Gives a row by its place in the patch, rounded to the checkpoint's type; valid until the next call.</summary>
    public ReadOnlySpan<byte> Get(long place, out RoundingLoss loss)
    {
        loss = RowRounding.Convert(rows.GetBytes(place * _given.Length, _given.Length, _given), rows.ElementType, _stored, type);
        return _stored;
    }
}
