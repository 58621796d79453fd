using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>Rows of a tensor in F32, as a model computes with them.</summary>
internal static class WideRows
{
    /// <summary>The values of k of a tensor's rows: widened, and times the scale stored beside them.</summary>
    /// <returns>(k, width).</returns>
    public static float[] Read(Tensor tensor, IReadOnlyList<int> rows) => Read(tensor.Values, rows, tensor.Values.ElementType, out _);

    /// <summary>k of a tensor's rows once they are stored in another type.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="rows">k of its rows.</param>
    /// <param name="storedAs">The checkpoint's type.</param>
    /// <param name="loss">What rounding did.</param>
    /// <returns>(k, width).</returns>
    public static float[] Read(Tensor tensor, IReadOnlyList<int> rows, ElementType storedAs, out RoundingLoss loss)
    {
        int width = (int)tensor.Shape[1];
        StoredRows stored = new(rows, tensor, storedAs);
        float[] values = new float[checked(rows.Count * width)];
        loss = default;
        for (int place = 0; place < rows.Count; place++)
        {
            ReadOnlySpan<byte> row = stored.Get(rows[place], out RoundingLoss lost);
            RowRounding.Convert(row, storedAs, MemoryMarshal.AsBytes(values.AsSpan(place * width, width)), ElementType.F32);
            loss += lost;
        }
        return values;
    }
}
