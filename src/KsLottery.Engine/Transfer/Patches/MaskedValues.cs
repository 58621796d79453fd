using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>Reads the values of a mask.</summary>
internal static class MaskedValues
{
    /// <summary>The values of a mask's elements in ascending order, in F32.</summary>
    /// <param name="tensor">Their tensor.</param>
    /// <param name="mask">The mask, of no more elements than an array has.</param>
    /// <param name="type">The type that they are rounded to on the way, as a base stores them.</param>
    /// <param name="cancellationToken">Stops between pieces.</param>
    public static float[] Read(Tensor tensor, TensorMask mask, ElementType type, CancellationToken cancellationToken)
    {
        float[] values = new float[mask.Parameters];
        int[] places = new int[ElementReader.MaxCount];
        byte[] rounded = new byte[ElementReader.MaxCount * type.ByteSize()];
        MaskedReader reader = new(tensor);
        MaskPlaces elements = new(mask);
        int done = 0;
        for (long start; (start = elements.Next) < mask.Grid.ElementCount;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = elements.Read(start, (int)Math.Min(ElementReader.MaxCount, mask.Grid.ElementCount - start), places);
            Span<byte> some = rounded.AsSpan(0, count * type.ByteSize());
            RowRounding.Convert(reader.Get(start, places.AsSpan(0, count)), tensor.ElementType, some, type);
            RowRounding.Convert(some, type, MemoryMarshal.AsBytes(values.AsSpan(done, count)), ElementType.F32);
            done += count;
        }
        return values;
    }
}
