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

    private static readonly HashSet<string> Reserved = new(
        ("auto break case char const continue default do double else enum extern float for goto if inline int long register restrict return short signed sizeof "
        + "static struct switch typedef union unsigned void volatile while bool half kernel global local constant private generic uniform pipe quad complex "
        + "imaginary image2d_t image3d_t sampler_t event_t uchar ushort uint ulong asm and or not xor bitand bitor compl class new delete operator template typename "
        + "this throw try catch namespace using virtual friend explicit mutable public protected true false nullptr export decltype KERNEL FUNCTION GLOBAL SHARED SHARED_MEMORY BARRIER GROUP_DIM GROUP_IDX GRID_IDX GRID_DIM")
        .Split(' '));

    public static bool IsView(ITypeSymbol type) => type is INamedTypeSymbol { Name: "ArrayView", IsGenericType: true } named && IsLanguage(named);

    public static ITypeSymbol ElementOf(ITypeSymbol view) => ((INamedTypeSymbol)view).TypeArguments[0];

    public static bool IsLanguage(INamedTypeSymbol type) => type.ContainingNamespace.ToDisplayString() == LanguageNamespace;

    /// <summary>A name that neither C nor C++ nor OpenCL C takes for something else.</summary>
    public static string Identifier(string name) => Reserved.Contains(name) ? name + "_" : name;

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

    /// <summary>The type's name in <c>KernelType</c>.</summary>
    public static string? KernelType(ITypeSymbol type) => type.SpecialType switch
    {
        SpecialType.System_Byte => "U8",
        SpecialType.System_UInt16 => "U16",
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
