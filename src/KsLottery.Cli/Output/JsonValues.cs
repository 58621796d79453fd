using System.Text.Json;

namespace KsLottery.Cli;

/// <summary>Values that JSON has no word for.</summary>
internal static class JsonValues
{
    /// <summary>Writes true, false, or <c>null</c> where it is not known.</summary>
    public static void WriteTruth(this Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } truth) json.WriteBoolean(name, truth);
        else json.WriteNull(name);
    }
}
