using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Checkpoints;

/// <summary>Finds values that no model computes with: a NaN or an infinity.</summary>
internal static class FiniteValues
{
    /// <summary>Checks all of a tensor of F32, F16 or BF16.</summary>
    /// <exception cref="CheckpointFormatException">A value is NaN or infinite; names the first such row.</exception>
    public static void Check(Tensor tensor, CancellationToken cancellationToken = default)
    {
        long done = 0;
        tensor.VisitBytes(tensor, (chunk, tensor) =>
        {
            int place = IndexOfOther(chunk, tensor.ElementType);
            if (place >= 0) throw Defect(tensor, (done / tensor.ElementType.ByteSize()) + place);
            done += chunk.Length;
        }, cancellationToken);
    }

    /// <summary>The first element that is NaN or infinite, or -1: one whose exponent is all ones.</summary>
    public static int IndexOfOther(ReadOnlySpan<byte> values, ElementType type) => type switch
    {
        ElementType.F32 => IndexOfExponent(MemoryMarshal.Cast<byte, uint>(values), 0x7F80_0000u),
        ElementType.F16 => IndexOfExponent(MemoryMarshal.Cast<byte, ushort>(values), (ushort)0x7C00),
        ElementType.BF16 => IndexOfExponent(MemoryMarshal.Cast<byte, ushort>(values), (ushort)0x7F80),
        _ => throw type.NotComputable(),
    };

    private static int IndexOfExponent<T>(ReadOnlySpan<T> values, T exponent) where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        ref T first = ref MemoryMarshal.GetReference(values);
        Vector512<T> mask = Vector512.Create(exponent);
        int i = 0;
        for (; i <= values.Length - (2 * Vector512<T>.Count); i += 2 * Vector512<T>.Count)
        {
            Vector512<T> a = Vector512.LoadUnsafe(ref first, (nuint)i) & mask;
            Vector512<T> b = Vector512.LoadUnsafe(ref first, (nuint)(i + Vector512<T>.Count)) & mask;
            if ((Vector512.Equals(a, mask) | Vector512.Equals(b, mask)) != Vector512<T>.Zero) break;
        }
        for (; i < values.Length; i++)
            if ((values[i] & exponent) == exponent) return i;
        return -1;
    }

    private static CheckpointFormatException Defect(Tensor tensor, long element)
    {
        (_, long width) = tensor.RowShape;
        string place = tensor.Shape.Count > 1 ? $"row {element / width}, column {element % width}" : $"element {element}";
        return new(CheckpointDefect.NonFiniteWeights, tensor.File.Path,
            $"{place} is NaN or infinite, and what a model computes with it is no number",
            "Take a checkpoint from before its training diverged, or replace the value", tensor.Name,
            tensor.FileOffset + (element * tensor.ElementType.ByteSize()));
    }
}
