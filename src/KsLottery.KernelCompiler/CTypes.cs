using Microsoft.CodeAnalysis;

namespace KsLottery.KernelCompiler;

/// <summary>Where a pointer points to.</summary>
internal enum Space
{
    /// <summary>Registers and memory of one lane.</summary>
    Private,

    /// <summary>Memory of the device.</summary>
    Global,

    /// <summary>Memory of a group.</summary>
    Shared,
}

/// <summary>How types of C# are called in the C dialect: OpenCL's names, which the CUDA prelude defines.</summary>
internal static class CTypes
{
    private const string LanguageNamespace = "KsLottery.Kernels.Language";

    private static readonly HashSet<string> Reserved = new((
        "auto break case char const continue default do double else enum extern float for goto if inline int long register restrict return "
        + "short signed sizeof static struct switch typedef union unsigned void volatile while bool true false half uchar ushort uint "
        + "ulong kernel global local constant private generic uniform pipe quad complex imaginary sampler event asm and or not xor bitand "
        + "bitor compl class new delete operator template typename typeid typeof this throw try catch namespace using virtual friend "
        + "explicit mutable public protected export import decltype nullptr noexcept alignas alignof constexpr concept requires NULL NAN "
        + "INFINITY MAXFLOAT KERNEL FUNCTION DEVICE GLOBAL SHARED BARRIER").Split(' '));

    public static bool IsView(ITypeSymbol type) =>
        type is INamedTypeSymbol { Name: "ArrayView", IsGenericType: true } named && IsLanguage(named);

    public static ITypeSymbol ElementOf(ITypeSymbol view) => ((INamedTypeSymbol)view).TypeArguments[0];

    public static bool IsLanguage(INamedTypeSymbol type) => type.ContainingNamespace.ToDisplayString() == LanguageNamespace;

    /// <summary>A name that neither C, C++, OpenCL C nor the prelude, whose names hold underscores, takes for something else.</summary>
    public static string Identifier(string name)
    {
        if (name.Any(c => c > 127)) name = string.Concat(name.Select(c => c > 127 ? $"u{(int)c:X4}_" : c.ToString()));
        return Reserved.Contains(name) || name.IndexOf('_') >= 0 ? name + "_" : name;
    }

    /// <summary>The name of a scalar type; null for others.</summary>
    public static string? Scalar(ITypeSymbol type) => type.SpecialType switch
    {
        SpecialType.System_Boolean => "bool",
        SpecialType.System_SByte => "char",
        SpecialType.System_Byte => "uchar",
        SpecialType.System_Int16 => "short",
        SpecialType.System_UInt16 => "ushort",
        SpecialType.System_Int32 => "int",
        SpecialType.System_UInt32 => "uint",
        SpecialType.System_Int64 => "long",
        SpecialType.System_UInt64 => "ulong",
        SpecialType.System_Single => "float",
        SpecialType.System_Double => "double",
        _ => null,
    };

    /// <summary>The bytes of a scalar type.</summary>
    public static int Size(ITypeSymbol type) => type.SpecialType switch
    {
        SpecialType.System_Boolean or SpecialType.System_SByte or SpecialType.System_Byte => 1,
        SpecialType.System_Int16 or SpecialType.System_UInt16 => 2,
        SpecialType.System_Int64 or SpecialType.System_UInt64 or SpecialType.System_Double => 8,
        _ => 4,
    };

    public static bool IsSigned(SpecialType type) =>
        type is SpecialType.System_SByte or SpecialType.System_Int16 or SpecialType.System_Int32 or SpecialType.System_Int64;

    public static bool IsFloating(SpecialType type) => type is SpecialType.System_Single or SpecialType.System_Double;

    /// <summary>The prefix of the prelude's functions for a type: <c>i_add</c>, <c>f_max</c>.</summary>
    public static string Prefix(SpecialType type) => type switch
    {
        SpecialType.System_Single => "f",
        SpecialType.System_Double => "d",
        SpecialType.System_Int64 => "l",
        SpecialType.System_UInt64 => "ul",
        SpecialType.System_UInt32 => "u",
        _ => "i",
    };

    /// <summary>The type's name in <c>KernelType</c>; null for one that kernels do not take.</summary>
    public static string? KernelType(ITypeSymbol type, bool isElement) => type.SpecialType switch
    {
        SpecialType.System_Byte when isElement => "U8",
        SpecialType.System_UInt16 when isElement => "U16",
        SpecialType.System_Int32 => "I32",
        SpecialType.System_UInt32 => "U32",
        SpecialType.System_Int64 => "I64",
        SpecialType.System_UInt64 => "U64",
        SpecialType.System_Single => "F32",
        SpecialType.System_Double => "F64",
        _ => null,
    };

    public static string Qualifier(Space space) => space switch { Space.Global => "GLOBAL ", Space.Shared => "SHARED ", _ => "" };

    public static char Letter(Space space) => space switch { Space.Global => 'g', Space.Shared => 's', _ => 'p' };
}
