using System.Numerics;

namespace KsLottery.Engine.Numerics;

/// <summary>What an <see cref="ElementCodec"/> has to know of one value of its type.</summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
/// <typeparam name="TBits">An unsigned integer of the type's size.</typeparam>
internal interface IStoredElement<TSelf, TBits> where TSelf : IStoredElement<TSelf, TBits> where TBits : unmanaged, IBinaryInteger<TBits>
{
    /// <summary>The type.</summary>
    static abstract ElementType Type { get; }

    /// <summary>The bits that are all set in a NaN or an infinity and in no other value; 0 where the type has neither.</summary>
    static abstract TBits NonFinite { get; }

    /// <inheritdoc cref="ElementCodec.IsExact"/>
    static virtual bool IsExact => true;

    /// <inheritdoc cref="ElementCodec.IsCoded"/>
    static virtual bool IsCoded => false;

    /// <summary>Reads a value.</summary>
    static abstract float Widen(TBits bits);

    /// <summary>Stores a value.</summary>
    static abstract TBits Narrow(float value);

    /// <summary>Whether a value is exactly this one; a NaN is every NaN.</summary>
    static virtual bool IsValue(TBits bits, float value) => TSelf.Widen(bits).Equals(value);

    /// <summary>Stores many values.</summary>
    static virtual void Narrow(ReadOnlySpan<float> source, Span<TBits> target)
    {
        for (int i = 0; i < source.Length; i++) target[i] = TSelf.Narrow(source[i]);
    }

    /// <summary>What was lost of values, given what came of them.</summary>
    static virtual RoundingLoss LossOf(ReadOnlySpan<TBits> source, ReadOnlySpan<float> stored)
    {
        RoundingLoss loss = default;
        for (int i = 0; i < stored.Length; i++)
            if (!TSelf.IsValue(source[i], stored[i]))
                loss += new RoundingLoss(1, !float.IsFinite(stored[i]) && TSelf.IsFinite(source[i]) ? 1 : 0);
        return loss;
    }

    /// <summary>Whether a value is neither a NaN nor an infinity.</summary>
    static virtual bool IsFinite(TBits bits) =>
        TSelf.NonFinite == TBits.Zero || (bits & TSelf.NonFinite) != TSelf.NonFinite;

    /// <summary>Reads many values.</summary>
    static virtual void Widen(ReadOnlySpan<TBits> source, Span<float> target)
    {
        for (int i = 0; i < source.Length; i++) target[i] = TSelf.Widen(source[i]);
    }
}
