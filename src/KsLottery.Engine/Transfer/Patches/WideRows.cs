using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Transfer;

/// <summary>Rows of a matrix in F32, as a model computes with them: the form in which a patch, a certificate and an experiment put rows in
/// place of a base's.</summary>
/// <param name="Rows">Which k rows of the base's matrix; there may be none.</param>
/// <param name="Values">(k, width), ascending.</param>
internal sealed record WideRows(IndexSet Rows, float[] Values)
{
    /// <summary>Rows of a tensor: widened, and times the scale stored beside them.</summary>
    public static WideRows Of(Tensor tensor, IndexSet rows) => new(rows, Read(tensor, rows));

    /// <summary>Rows of a base as a tuned tensor has them, once they are stored in the base's type.</summary>
    /// <param name="tuned">The tuned tensor.</param>
    /// <param name="rows">Rows of the base.</param>
    /// <param name="pairing">Which rows stand against each other; each of these has a counterpart.</param>
    /// <param name="storedAs">The base's type.</param>
    public static WideRows Of(Tensor tuned, IndexSet rows, RowPairing pairing, ElementType storedAs) =>
        new(rows, Read(tuned, rows.Select(row => (long)pairing.TunedOf((int)row)), rows.Count, storedAs, out _));

    /// <summary>Rows of a base as a patch makes them, whatever its unit and payload.</summary>
    /// <param name="target">The patch, and the base's matrix.</param>
    /// <param name="rows">Rows of the base, of which each holds an element that the patch changes.</param>
    /// <param name="loss">What rounding to the base's type cost.</param>
    public static WideRows Of(PatchTarget target, IndexSet rows, out RoundingLoss loss)
    {
        PatchedElements elements = new(target);
        WideRows wide = Of(elements.ToTensor(), rows);
        loss = elements.Loss;
        return wide;
    }

    /// <summary>The values of some of a tensor's rows, in any order: widened, and times the scale stored beside them.</summary>
    /// <returns>(k, width).</returns>
    public static float[] Read(Tensor tensor, params IEnumerable<long> rows)
    {
        Tensor values = tensor.Values;
        return Read(values, rows, rows is IndexSet set ? set.Count : rows.Count(), values.ElementType, out _);
    }

    private static float[] Read(Tensor tensor, IEnumerable<long> rows, long count, ElementType storedAs, out RoundingLoss loss)
    {
        int width = (int)tensor.Shape[1], start = 0;
        StoredRows stored = new(tensor, storedAs);
        float[] values = new float[checked((int)(count * width))];
        loss = default;
        foreach (long row in rows)
        {
            ReadOnlySpan<byte> bytes = stored.Get(row, out RoundingLoss lost);
            RowRounding.Convert(bytes, storedAs, MemoryMarshal.AsBytes(values.AsSpan(start, width)), ElementType.F32);
            (start, loss) = (start + width, loss + lost);
        }
        return values;
    }
}
