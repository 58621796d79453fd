using Microsoft.CodeAnalysis;

namespace KsLottery.KernelCompiler;

/// <summary>What the language, and the parts of .NET that kernels may use, are called in the prelude.</summary>
internal static class Intrinsics
{
    /// <summary>Whether the members of a type are the prelude's.</summary>
    public static bool IsKnown(INamedTypeSymbol type) => CTypes.IsLanguage(type)
        || type.ToDisplayString() is "System.Math" or "System.MathF" or "System.BitConverter"
        or "System.Numerics.BitOperations" or "float" or "double";

    /// <summary>A static property of the language; null for an unknown one.</summary>
    public static string? Property(IPropertySymbol property) => (property.ContainingType.Name, property.Name) switch
    {
        ("Grid", "IdxX") => "GRID_IDX",
        ("Grid", "DimX") => "GRID_DIM",
        ("Group", "IdxX") => "GROUP_IDX",
        ("Group", "DimX") => "GROUP_DIM",
        ("Warp", "WarpSize") => "WARP_SIZE",
        ("Warp", "LaneIdx") => "(GROUP_IDX & (WARP_SIZE - 1))",
        ("Warp", "WarpIdx") => "(GROUP_IDX / WARP_SIZE)",
        _ => null,
    };

    /// <summary>A function's name in the prelude; null for an unknown one.</summary>
    public static string? Function(IMethodSymbol method, ITypeSymbol[] parameters)
    {
        string prefix = parameters.Length == 0 ? "" : CTypes.Prefix(parameters[0].SpecialType);
        return (method.ContainingType.Name, method.Name) switch
        {
            ("Group", "Barrier") => "BARRIER",
            ("Interop", "FloatAsInt") or ("BitConverter", "SingleToUInt32Bits" or "DoubleToUInt64Bits") => $"{prefix}_bits",
            ("Interop", "IntAsFloat") or ("BitConverter", "UInt32BitsToSingle" or "UInt64BitsToDouble") =>
                prefix == "u" ? "f_from_bits" : "d_from_bits",
            ("BitConverter", "SingleToInt32Bits") => "(int)f_bits",
            ("BitConverter", "Int32BitsToSingle") => "f_from_bits",
            ("Fused", "MultiplyAdd") or ("Math" or "MathF", "FusedMultiplyAdd") => $"{prefix}_fma",
            ("Math" or "MathF", "Min") => $"{prefix}_min",
            ("Math" or "MathF", "Max") => $"{prefix}_max",
            ("Math" or "MathF", "Abs") => $"{prefix}_abs",
            ("Math" or "MathF", "Sqrt") => $"{prefix}_sqrt",
            ("Math" or "MathF", "Floor") => $"{prefix}_floor",
            ("Math" or "MathF", "Ceiling") => $"{prefix}_ceil",
            ("Math" or "MathF", "Truncate") => $"{prefix}_trunc",
            ("Math" or "MathF", "Round") when parameters.Length == 1 => $"{prefix}_round",
            ("BitOperations", "PopCount") when prefix is "u" or "ul" => $"{prefix}_popcount",
            ("BitOperations", "LeadingZeroCount") when prefix is "u" or "ul" => $"{prefix}_clz",
            ("BitOperations", "TrailingZeroCount") => prefix is "u" or "i" ? "u_ctz" : "ul_ctz",
            ("BitOperations", "Log2") when prefix is "u" or "ul" => $"{prefix}_log2",
            ("Single" or "Double", "IsNaN") => $"{prefix}_isnan",
            ("Single" or "Double", "IsInfinity") => $"{prefix}_isinf",
            ("Single" or "Double", "IsFinite") => $"{prefix}_isfinite",
            _ => null,
        };
    }
}
