using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using KsLottery.Engine.Kernels;

namespace KsLottery.Engine.Rows;

/// <summary>Compares one row pair after another; one worker's kernel and scratch memory.</summary>
/// <remarks>Rows of two different types, and F16 rows, are widened to F32, which is exact.</remarks>
internal sealed class RowPair(IKsRowKernel kernel, ElementType baseType, ElementType tunedType)
{
    private readonly float[] _base = new float[kernel.Width], _tuned = new float[kernel.Width];

    public RowResult Compare(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        if (AreSame(before, after, out double square) && double.IsFinite(square))
        {
            double norm = Math.Sqrt(square);
            return new(0, 0, RowState.Unchanged, float.NaN, norm, norm, 0, square > 0 ? 1 : double.NaN);
        }

        if (baseType == ElementType.BF16 && tunedType == ElementType.BF16)
        {
            ReadOnlySpan<ushort> x = MemoryMarshal.Cast<byte, ushort>(before), y = MemoryMarshal.Cast<byte, ushort>(after);
            return Describe(kernel.TestBFloat16(x, y), RowMoments.OfBFloat16(x, y), x.IndexOfAnyExcept(x[0]) < 0);
        }
        ReadOnlySpan<float> a = Values(before, baseType, _base), b = Values(after, tunedType, _tuned);
        return Describe(kernel.Test(a, b), RowMoments.Of(a, b), a.IndexOfAnyExcept(a[0]) < 0);
    }

    private static RowResult Describe(KsRowOutcome outcome, in RowMoments moments, bool wasConstant)
    {
        RowState state = !double.IsFinite(moments.Base + moments.Tuned) ? RowState.NonFinite
            : moments.Delta == 0 ? RowState.Unchanged
            : wasConstant ? RowState.Degenerate
            : RowState.Changed;
        double cosine = moments.Product / Math.Sqrt(moments.Base) / Math.Sqrt(moments.Tuned);
        return new(outcome.Count, (sbyte)outcome.Sign, state, outcome.Location, Math.Sqrt(moments.Base), Math.Sqrt(moments.Tuned),
            Math.Sqrt(moments.Delta), double.IsFinite(cosine) ? Math.Clamp(cosine, -1, 1) : double.NaN);
    }

    private bool AreSame(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after, out double square)
    {
        square = double.NaN;
        if (baseType != tunedType) return false;
        if (baseType == ElementType.BF16)
            return RowMoments.AreSameBFloat16(MemoryMarshal.Cast<byte, ushort>(before), MemoryMarshal.Cast<byte, ushort>(after), out square);
        if (baseType == ElementType.F32)
            return RowMoments.AreSame(MemoryMarshal.Cast<byte, float>(before), MemoryMarshal.Cast<byte, float>(after), out square);
        return before.SequenceEqual(after) && RowMoments.AreSame(Values(before, baseType, _base), _base, out square);
    }

    private static ReadOnlySpan<float> Values(ReadOnlySpan<byte> row, ElementType type, float[] scratch)
    {
        if (type == ElementType.F32) return MemoryMarshal.Cast<byte, float>(row);
        if (type == ElementType.F16) TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(row), scratch);
        else BFloat16.Widen(MemoryMarshal.Cast<byte, ushort>(row), scratch);
        return scratch;
    }
}
