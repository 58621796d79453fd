namespace KsLottery.Engine.Numerics;

/// <summary>A stored type whose values can be read: how they become F32, and how F32 values are stored.</summary>
/// <remarks>
/// <para>
/// There is one for each type that is <see cref="ElementTypes.IsReadable">readable</see>. Widening is exact but for F64, which is rounded.
/// Either way values are rounded once, to nearest, ties to even (IEEE 754-2019, 4.3.1), and never saturate where the type has another
/// way to say that a value is too large: it becomes infinite in F32, F16, BF16 and F8_E5M2, and NaN in F8_E4M3, which has no infinity
/// (from above 464, the middle between its largest value and the next). I8 and U8 have neither: values are clamped, and NaN becomes 0.
/// </para>
/// <para>Values sort by the <see cref="SortableKey"/> of what they are widened to.</para>
/// </remarks>
internal abstract class ElementCodec
{
    private static readonly ElementCodec[] Known =
    [
        new ElementCodec<Float32, uint>(), new ElementCodec<Float16, ushort>(), new ElementCodec<BFloat16, ushort>(),
        new ElementCodec<Float64, ulong>(), new ElementCodec<Float8E4M3, byte>(), new ElementCodec<Float8E5M2, byte>(),
        new ElementCodec<SignedByte, byte>(), new ElementCodec<UnsignedByte, byte>(),
    ];

    private static readonly ElementCodec?[] ByType = [.. ElementTypes.All.Select(type => Array.Find(Known, c => c.Type == type))];

    /// <summary>The types that have a codec.</summary>
    public static IEnumerable<ElementType> Types => Known.Select(c => c.Type);

    /// <summary>The codec of a type, or null where its values are not read.</summary>
    public static ElementCodec? Find(ElementType type) => ByType[(int)type];

    /// <summary>The codec of a type.</summary>
    /// <exception cref="NotSupportedException">Its values are not read.</exception>
    public static ElementCodec Of(ElementType type) => Find(type) ?? throw type.NotReadable();

    /// <summary>The type.</summary>
    public abstract ElementType Type { get; }

    /// <summary>Whether each value is an F32 value: not so F64.</summary>
    public abstract bool IsExact { get; }

    /// <summary>Whether values are codes that mean a number only with a scale stored apart: F8, I8 and U8.</summary>
    public abstract bool IsCoded { get; }

    /// <summary>Reads values.</summary>
    /// <param name="source">n little-endian values, at any byte.</param>
    /// <param name="target">n values.</param>
    public abstract void Widen(ReadOnlySpan<byte> source, Span<float> target);

    /// <summary>Stores values.</summary>
    /// <param name="source">n values.</param>
    /// <param name="target">n little-endian values.</param>
    public abstract void Narrow(ReadOnlySpan<float> source, Span<byte> target);

    /// <summary>What was lost of n values of this type, given what came of them.</summary>
    public abstract RoundingLoss LossOf(ReadOnlySpan<byte> source, ReadOnlySpan<float> stored);

    /// <summary>The first element that is NaN or infinite as it is stored, or -1.</summary>
    public abstract int IndexOfNonFinite(ReadOnlySpan<byte> values);
}
