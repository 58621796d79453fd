using System.Text.Json;

namespace KsLottery.Cli;

/// <summary>Numbers that JSON has no word for.</summary>
internal static class JsonNumbers
{
    /// <summary>Writes a number in its shortest form that reads back the same; NaN and the infinities become <c>null</c>.</summary>
    public static void WriteNumberOrNull(this Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, value);
        else json.WriteNull(name);
    }
}
