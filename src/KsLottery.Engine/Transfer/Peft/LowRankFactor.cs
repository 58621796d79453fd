using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>One of two factors, as stored or with rows and columns exchanged.</summary>
/// <param name="Tensor">A matrix of F32, F16 or BF16.</param>
/// <param name="IsTransposed">Whether the factor is its transpose.</param>
internal readonly record struct LowRankFactor(Tensor Tensor, bool IsTransposed)
{
    public int Rows => (int)Tensor.Shape[IsTransposed ? 1 : 0];

    public int Columns => (int)Tensor.Shape[IsTransposed ? 0 : 1];

    /// <summary>(Rows, Columns), in F32.</summary>
    public float[] Read()
    {
        float[] stored = new float[Tensor.ElementCount];
        byte[] buffer = new byte[Tensor.IsMapped ? 0 : Tensor.ByteLength];
        RowRounding.Convert(Tensor.GetBytes(0, checked((int)Tensor.ByteLength), buffer), Tensor.ElementType,
            MemoryMarshal.AsBytes(stored.AsSpan()), ElementType.F32);
        if (!IsTransposed) return stored;
        float[] values = new float[stored.Length];
        for (int i = 0; i < Columns; i++)
            for (int j = 0; j < Rows; j++) values[j * Columns + i] = stored[i * Rows + j];
        return values;
    }
}
