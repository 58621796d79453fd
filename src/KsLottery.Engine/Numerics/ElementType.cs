namespace KsLottery.Engine.Numerics;

/// <summary>The element types of the safetensors format.</summary>
/// <remarks>
/// Source: the <c>Dtype</c> list of the safetensors reference implementation. Every type can be listed and copied. Some are also
/// readable, see <see cref="ElementTypes.IsReadable"/>; of these F32, F16 and BF16 are native, see <see cref="ElementTypes.IsNative"/>.
/// </remarks>
public enum ElementType
{
    /// <summary>Boolean, one byte.</summary>
    Bool,
    /// <summary>4-bit float (MXFP4), two to a byte.</summary>
    F4,
    /// <summary>6-bit float, 2 exponent and 3 mantissa bits.</summary>
    F6E2M3,
    /// <summary>6-bit float, 3 exponent and 2 mantissa bits.</summary>
    F6E3M2,
    /// <summary>Unsigned byte.</summary>
    U8,
    /// <summary>Signed byte.</summary>
    I8,
    /// <summary>8-bit float, 5 exponent and 2 mantissa bits.</summary>
    F8E5M2,
    /// <summary>8-bit float, 4 exponent and 3 mantissa bits.</summary>
    F8E4M3,
    /// <summary>8-bit exponent-only scale.</summary>
    F8E8M0,
    /// <summary>8-bit float, 4 exponent and 3 mantissa bits, finite, one zero.</summary>
    F8E4M3Fnuz,
    /// <summary>8-bit float, 5 exponent and 2 mantissa bits, finite, one zero.</summary>
    F8E5M2Fnuz,
    /// <summary>Signed 16-bit integer.</summary>
    I16,
    /// <summary>Unsigned 16-bit integer.</summary>
    U16,
    /// <summary>IEEE 754 binary16.</summary>
    F16,
    /// <summary>bfloat16: the upper half of a binary32.</summary>
    BF16,
    /// <summary>Signed 32-bit integer.</summary>
    I32,
    /// <summary>Unsigned 32-bit integer.</summary>
    U32,
    /// <summary>IEEE 754 binary32.</summary>
    F32,
    /// <summary>Complex number of two binary32.</summary>
    C64,
    /// <summary>IEEE 754 binary64.</summary>
    F64,
    /// <summary>Signed 64-bit integer.</summary>
    I64,
    /// <summary>Unsigned 64-bit integer.</summary>
    U64,
}

/// <summary>Facts about an <see cref="ElementType"/>.</summary>
public static class ElementTypes
{
    private static readonly (ElementType Type, string Name, int Bits)[] Facts =
    [
        (ElementType.Bool, "BOOL", 8), (ElementType.F4, "F4", 4), (ElementType.F6E2M3, "F6_E2M3", 6), (ElementType.F6E3M2, "F6_E3M2", 6),
        (ElementType.U8, "U8", 8), (ElementType.I8, "I8", 8), (ElementType.F8E5M2, "F8_E5M2", 8), (ElementType.F8E4M3, "F8_E4M3", 8),
        (ElementType.F8E8M0, "F8_E8M0", 8), (ElementType.F8E4M3Fnuz, "F8_E4M3FNUZ", 8), (ElementType.F8E5M2Fnuz, "F8_E5M2FNUZ", 8),
        (ElementType.I16, "I16", 16), (ElementType.U16, "U16", 16), (ElementType.F16, "F16", 16), (ElementType.BF16, "BF16", 16),
        (ElementType.I32, "I32", 32), (ElementType.U32, "U32", 32), (ElementType.F32, "F32", 32), (ElementType.C64, "C64", 64),
        (ElementType.F64, "F64", 64), (ElementType.I64, "I64", 64), (ElementType.U64, "U64", 64),
    ];

    /// <summary>The types that kernels take: F32, F16 and BF16.</summary>
    internal static readonly ElementType[] Native = [ElementType.F32, ElementType.F16, ElementType.BF16];

    /// <summary>The native types in words, for messages.</summary>
    internal const string NativeNames = "F32, F16 or BF16";

    /// <summary>The readable types in words, for messages.</summary>
    internal const string ReadableNames = "F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I8 or U8";

    /// <summary>All types in the order in which the reference writer sorts them, smallest alignment first.</summary>
    public static IEnumerable<ElementType> All => Facts.Select(f => f.Type);

    /// <summary>The name that a safetensors header uses, for instance <c>BF16</c>.</summary>
    public static string ToName(this ElementType type) => Facts[(int)type].Name;

    /// <summary>The size of one element in bits; a multiple of 8 but for the 4- and 6-bit floats.</summary>
    public static int BitSize(this ElementType type) => Facts[(int)type].Bits;

    /// <summary>The size of one element in bytes.</summary>
    /// <exception cref="NotSupportedException">The type is smaller than a byte.</exception>
    public static int ByteSize(this ElementType type) => type.BitSize() % 8 == 0
        ? type.BitSize() / 8
        : throw new NotSupportedException($"{type.ToName()} has {type.BitSize()} bits: its elements have no byte size of their own.");

    /// <summary>Whether values of this type can be read: rows of them are compared and measured, and taken into patches. F64, F32, F16,
    /// BF16, F8_E4M3, F8_E5M2, I8 and U8.</summary>
    public static bool IsReadable(this ElementType type) => ElementCodec.Find(type) is not null;

    /// <summary>Whether kernels take values of this type, so that models compute with them: F32, F16 and BF16.</summary>
    public static bool IsNative(this ElementType type) => Native.Contains(type);

    /// <summary>What a switch over the native types throws for the others.</summary>
    internal static NotSupportedException NotNative(this ElementType type) =>
        new($"values of {type.ToName()} are not computed with, only those of {NativeNames}. Convert the checkpoint to one of these.");

    /// <summary>What is thrown where values of a type that has no codec are to be read.</summary>
    internal static NotSupportedException NotReadable(this ElementType type) =>
        new($"values of {type.ToName()} are listed and copied, not read; those of {ReadableNames} are. Convert the tensor to one of "
            + "these.");

    /// <summary>Finds the type with a header name.</summary>
    public static bool TryParse(ReadOnlySpan<char> name, out ElementType type)
    {
        foreach ((ElementType candidate, string text, _) in Facts)
        {
            type = candidate;
            if (name.SequenceEqual(text)) return true;
        }
        type = default;
        return false;
    }
}
