using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Numerics;

/// <summary>The codec of a type, from what is to be known of one of its values.</summary>
internal sealed class ElementCodec<TElement, TBits> : ElementCodec
    where TElement : IStoredElement<TElement, TBits> where TBits : unmanaged, IBinaryInteger<TBits>
{
    /// <inheritdoc/>
    public override ElementType Type => TElement.Type;

    /// <inheritdoc/>
    public override bool IsExact => TElement.IsExact;

    /// <inheritdoc/>
    public override bool IsCoded => TElement.IsCoded;

    /// <inheritdoc/>
    public override void Widen(ReadOnlySpan<byte> source, Span<float> target) =>
        TElement.Widen(MemoryMarshal.Cast<byte, TBits>(source), target);

    /// <inheritdoc/>
    public override void Narrow(ReadOnlySpan<float> source, Span<byte> target) =>
        TElement.Narrow(source, MemoryMarshal.Cast<byte, TBits>(target));

    /// <inheritdoc/>
    public override RoundingLoss LossOf(ReadOnlySpan<byte> source, ReadOnlySpan<float> stored) =>
        TElement.LossOf(MemoryMarshal.Cast<byte, TBits>(source), stored);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override int IndexOfNonFinite(ReadOnlySpan<byte> values)
    {
        if (TElement.NonFinite == TBits.Zero) return -1;
        ReadOnlySpan<TBits> bits = MemoryMarshal.Cast<byte, TBits>(values);
        ref TBits first = ref MemoryMarshal.GetReference(bits);
        Vector512<TBits> mask = Vector512.Create(TElement.NonFinite);
        int i = 0;
        for (; i <= bits.Length - (2 * Vector512<TBits>.Count); i += 2 * Vector512<TBits>.Count)
        {
            Vector512<TBits> a = Vector512.LoadUnsafe(ref first, (nuint)i) & mask;
            Vector512<TBits> b = Vector512.LoadUnsafe(ref first, (nuint)(i + Vector512<TBits>.Count)) & mask;
            if ((Vector512.Equals(a, mask) | Vector512.Equals(b, mask)) != Vector512<TBits>.Zero) break;
        }
        for (; i < bits.Length; i++)
            if (!TElement.IsFinite(bits[i])) return i;
        return -1;
    }
}
