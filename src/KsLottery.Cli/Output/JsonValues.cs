using System.Text.Json;

namespace KsLottery.Cli;

/// <summary>Values that JSON has no word for.</summary>
internal static class JsonValues
{
    /// <summary>Writes a number in its shortest form that reads back the same; NaN and the infinities become <c>null</c>.</summary>
    public static void WriteNumberOrNull(this Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, value);
        else json.WriteNull(name);
    }

    /// <summary>Writes true, false, or <c>null</c> where it is not known.</summary>
    public static void WriteTruth(this Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } truth) json.WriteBoolean(name, truth);
        else json.WriteNull(name);
    }
}
