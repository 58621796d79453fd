using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Rows;

/// <summary>Describes one row pair after another; one worker's scratch memory.</summary>
/// <remarks>Rows of two different types are widened to F32, which is exact.</remarks>
internal sealed class RowPair(int width, ElementType baseType, ElementType tunedType)
{
    private readonly float[] _base = new float[width], _tuned = new float[width];

    /// <summary>Tests a row pair with a kernel, unless it is unchanged, and describes it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public RowResult Compare(IKsRowKernel kernel, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        if (IsUnchanged(before, after, out RowResult unchanged)) return unchanged;
        ElementType type = Align(ref before, ref after);
        return Describe(kernel.TestStored(before, after, type), RowMoments.Of(before, after, type), IsConstant(before, type));
    }

    /// <summary>Describes a row pair that was tested elsewhere.</summary>
    public RowResult Describe(KsRowOutcome outcome, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        if (IsUnchanged(before, after, out RowResult unchanged)) return unchanged;
        ElementType type = Align(ref before, ref after);
        return Describe(outcome, RowMoments.Of(before, after, type), IsConstant(before, type));
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
    private bool IsUnchanged(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after, out RowResult result)
    {
        double square = double.NaN;
        bool isUnchanged = baseType == tunedType && RowMoments.AreSame(before, after, baseType, out square) && double.IsFinite(square);
        result = isUnchanged ? Unchanged(square) : default;
        return isUnchanged;
    }

    /// <summary>Brings both rows to one type, and names it.</summary>
    private ElementType Align(ref ReadOnlySpan<byte> before, ref ReadOnlySpan<byte> after)
    {
        if (baseType == tunedType) return baseType;
        before = MemoryMarshal.AsBytes(Values(before, baseType, _base));
        after = MemoryMarshal.AsBytes(Values(after, tunedType, _tuned));
        return ElementType.F32;
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
        ElementCodec.Of(type).Widen(row, scratch);
        return scratch;
    }
}
