using System.Globalization;
using Microsoft.CodeAnalysis;

namespace KsLottery.KernelCompiler;

/// <summary>Constants of C# as C writes them.</summary>
internal static class Literals
{
    public static string Of(object? value) => value switch
    {
        bool b => b ? "true" : "false",
        int.MinValue => "(-2147483647 - 1)",
        long.MinValue => "(-9223372036854775807L - 1L)",
        sbyte or byte or short or ushort or int => Negative(Convert.ToString(value, CultureInfo.InvariantCulture)!),
        uint u => (u > 0xFFFF ? "0x" + u.ToString("X8", CultureInfo.InvariantCulture) : u.ToString(CultureInfo.InvariantCulture)) + "u",
        long l => Negative(l.ToString(CultureInfo.InvariantCulture) + "L"),
        ulong ul => (ul > 0xFFFF ? "0x" + ul.ToString("X16", CultureInfo.InvariantCulture)
            : ul.ToString(CultureInfo.InvariantCulture)) + "UL",
        float f => Single(f),
        double d => Double(d),
        char c => ((int)c).ToString(CultureInfo.InvariantCulture),
        _ => throw new NotSupportedException($"a constant of {value?.GetType().Name ?? "null"}"),
    };

    /// <summary>A whole number in another type, where it has the same value there, or a float as a double; null for other
    /// conversions.</summary>
    public static object? TryConvert(object constant, SpecialType type)
    {
        if (constant is float single && type == SpecialType.System_Double) return (double)single;
        if (constant is not (sbyte or byte or short or ushort or int or uint or long or ulong)) return null;
        decimal value = Convert.ToDecimal(constant, CultureInfo.InvariantCulture);
        return type switch
        {
            SpecialType.System_Int32 when value is >= int.MinValue and <= int.MaxValue => (int)value,
            SpecialType.System_UInt32 when value is >= 0 and <= uint.MaxValue => (uint)value,
            SpecialType.System_Int64 when value is >= long.MinValue and <= long.MaxValue => (long)value,
            SpecialType.System_UInt64 when value >= 0 => (ulong)value,
            SpecialType.System_UInt16 when value is >= 0 and <= ushort.MaxValue => (ushort)value,
            SpecialType.System_Byte when value is >= 0 and <= byte.MaxValue => (byte)value,
            SpecialType.System_Single when value is >= -(1 << 24) and <= 1 << 24 => (float)value,
            SpecialType.System_Double when value is >= -(1L << 53) and <= 1L << 53 => (double)value,
            _ => null,
        };
    }

    private static string Single(float value)
    {
        if (float.IsNaN(value)) return "F_NAN";
        if (float.IsInfinity(value)) return value > 0 ? "F_INFINITY" : "(-F_INFINITY)";
        return Negative(Decimal(value.ToString("G9", CultureInfo.InvariantCulture), value == 0 && 1 / value < 0) + "f");
    }

    private static string Double(double value)
    {
        if (double.IsNaN(value)) return "D_NAN";
        if (double.IsInfinity(value)) return value > 0 ? "D_INFINITY" : "(-D_INFINITY)";
        return Negative(Decimal(value.ToString("G17", CultureInfo.InvariantCulture), value == 0 && 1 / value < 0));
    }

    private static string Decimal(string text, bool isNegativeZero)
    {
        if (text.IndexOfAny(['.', 'E']) < 0) text += ".0";
        return isNegativeZero && text[0] != '-' ? "-" + text : text;
    }

    private static string Negative(string text) => text[0] == '-' ? $"({text})" : text;
}
