using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Rows;

/// <summary>Compares one row pair after another; one worker's kernel and scratch memory.</summary>
/// <remarks>Rows of two different types are widened to F32, which is exact.</remarks>
internal sealed class RowPair(IKsRowKernel kernel, ElementType baseType, ElementType tunedType)
{
    private readonly float[] _base = new float[kernel.Width], _tuned = new float[kernel.Width];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public RowResult Compare(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        if (baseType != tunedType)
            return CompareAs(ElementType.F32, MemoryMarshal.AsBytes(Values(before, baseType, _base)), MemoryMarshal.AsBytes(Values(after, tunedType, _tuned)));
        if (!RowMoments.AreSame(before, after, baseType, out double square) || !double.IsFinite(square)) return CompareAs(baseType, before, after);
        return Unchanged(square);
    }

    /// <summary>What is said of a finite row that kept all its bits, given its Σa².</summary>
    public static RowResult Unchanged(double square)
    {
        double norm = Math.Sqrt(square);
        return new(0, 0, RowState.Unchanged, float.NaN, norm, norm, 0, square > 0 ? 1 : double.NaN);
    }

    /// <summary>What is said of any other row pair.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static RowResult Describe(KsRowOutcome outcome, in RowMoments moments, bool wasConstant)
    {
        RowState state = !double.IsFinite(moments.Base + moments.Tuned) ? RowState.NonFinite
            : moments.Delta == 0 ? RowState.Unchanged
            : wasConstant ? RowState.Degenerate
            : RowState.Changed;
        double cosine = moments.Product / Math.Sqrt(moments.Base) / Math.Sqrt(moments.Tuned);
        return new(outcome.Count, (sbyte)outcome.Sign, state, outcome.Location, Math.Sqrt(moments.Base), Math.Sqrt(moments.Tuned),
            Math.Sqrt(moments.Delta), double.IsFinite(cosine) ? Math.Clamp(cosine, -1, 1) : double.NaN);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private RowResult CompareAs(ElementType type, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        KsRowOutcome outcome = type switch
        {
            ElementType.F32 => kernel.Test(MemoryMarshal.Cast<byte, float>(before), MemoryMarshal.Cast<byte, float>(after)),
            ElementType.F16 => kernel.TestFloat16(MemoryMarshal.Cast<byte, ushort>(before), MemoryMarshal.Cast<byte, ushort>(after)),
            _ => kernel.TestBFloat16(MemoryMarshal.Cast<byte, ushort>(before), MemoryMarshal.Cast<byte, ushort>(after)),
        };
        return Describe(outcome, RowMoments.Of(before, after, type), IsConstant(before, type));
    }

    private static bool IsConstant(ReadOnlySpan<byte> row, ElementType type)
    {
        if (type == ElementType.F32)
        {
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(row);
            return values.IndexOfAnyExcept(values[0]) < 0;
        }
        ReadOnlySpan<ushort> bits = MemoryMarshal.Cast<byte, ushort>(row);
        return bits.IndexOfAnyExcept(bits[0]) < 0;
    }

    /// <summary>A row as F32: where it lies, or widened into scratch memory.</summary>
    public static ReadOnlySpan<float> Values(ReadOnlySpan<byte> row, ElementType type, float[] scratch)
    {
        if (type == ElementType.F32) return MemoryMarshal.Cast<byte, float>(row);
        HalfPrecision.Widen(MemoryMarshal.Cast<byte, ushort>(row), type, scratch);
        return scratch;
    }
}
