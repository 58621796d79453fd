using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KsLottery.Engine.Kernels;

namespace KsLottery.Engine.Rows;

/// <summary>Compares one row pair after another; one worker's kernel and scratch memory.</summary>
/// <remarks>Rows of two different types are widened to F32, which is exact.</remarks>
internal sealed class RowPair(IKsRowKernel kernel, ElementType baseType, ElementType tunedType)
{
    private readonly float[] _base = new float[kernel.Width], _tuned = new float[kernel.Width];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public RowResult Compare(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        if (baseType == tunedType && RowMoments.AreSame(before, after, baseType, out double square) && double.IsFinite(square))
        {
            double norm = Math.Sqrt(square);
            return new(0, 0, RowState.Unchanged, float.NaN, norm, norm, 0, square > 0 ? 1 : double.NaN);
        }

        if (baseType == tunedType && baseType != ElementType.F32)
        {
            ReadOnlySpan<ushort> x = MemoryMarshal.Cast<byte, ushort>(before), y = MemoryMarshal.Cast<byte, ushort>(after);
            bool wasConstant = x.IndexOfAnyExcept(x[0]) < 0;
            return baseType == ElementType.BF16
                ? Describe(kernel.TestBFloat16(x, y), RowMoments.OfBFloat16(x, y), wasConstant)
                : Describe(kernel.TestFloat16(x, y), RowMoments.OfFloat16(x, y), wasConstant);
        }
        ReadOnlySpan<float> a = Values(before, baseType, _base), b = Values(after, tunedType, _tuned);
        return Describe(kernel.Test(a, b), RowMoments.Of(a, b), a.IndexOfAnyExcept(a[0]) < 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

    private static ReadOnlySpan<float> Values(ReadOnlySpan<byte> row, ElementType type, float[] scratch)
    {
        if (type == ElementType.F32) return MemoryMarshal.Cast<byte, float>(row);
        HalfPrecision.Widen(MemoryMarshal.Cast<byte, ushort>(row), type, scratch);
        return scratch;
    }
}
