using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Devices;

/// <summary>How fast a device was at some work.</summary>
/// <param name="Device">The name that <c>--device</c> takes.</param>
/// <param name="Description">What it was: a device that is another one by now was not measured.</param>
/// <param name="Work">The work.</param>
/// <param name="PerSecond">Rows, or tokens, a second.</param>
public sealed record DeviceMeasurement(string Device, string Description, DeviceWork Work, double PerSecond);

/// <summary>What the devices of this machine were measured at, in a file of the cache's folder; <c>auto</c> goes by it.</summary>
/// <remarks>A file that is damaged, or of another version, holds nothing.</remarks>
public static class DeviceMeasurements
{
    private const int Format = 1;

    private const string RowsName = "rows", ModelName = "model";

    /// <summary>The file, which need not exist; null where nothing is kept.</summary>
    public static string? FilePath => CacheFolder.Path is { } folder ? Path.Combine(folder, "measurements.json") : null;

    /// <summary>Reads what is kept.</summary>
    public static IReadOnlyList<DeviceMeasurement> Read()
    {
        if (FilePath is not { } path) return [];
        try
        {
            if (!File.Exists(path)) return [];
            using JsonDocument document = JsonFile.Parse(path);
            JsonElement root = document.RootElement;
            if (root.GetProperty("format").GetInt32() != Format) return [];
            return [.. root.GetProperty("measurements").EnumerateArray().Select(Read)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException
            or InvalidOperationException or FormatException)
        {
            return [];
        }
    }

    /// <summary>Keeps measurements, in place of earlier ones of the same devices and work.</summary>
    /// <returns>Null where they are kept, or why they are not, without a final full stop.</returns>
    public static string? Keep(IReadOnlyCollection<DeviceMeasurement> measurements)
    {
        ArgumentNullException.ThrowIfNull(measurements);
        if (FilePath is not { } path) return $"{CacheFolder.Variable} is off, or the system names no folder for caches";
        DeviceMeasurement[] all = [.. Read().Where(old => !measurements.Any(m => (m.Device, m.Work) == (old.Device, old.Work))),
            .. measurements];
        try
        {
            CacheFolder.Create(Path.GetDirectoryName(path)!);
            AtomicFile.Write(path, stream => Write(stream, all));
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }

    private static DeviceMeasurement Read(JsonElement entry)
    {
        double perSecond = entry.GetProperty("per_second").GetDouble();
        DeviceWork work = entry.GetProperty("work").GetString() switch
        {
            RowsName => DeviceWork.Rows,
            ModelName => DeviceWork.Model,
            _ => throw new FormatException(),
        };
        return perSecond > 0 && double.IsFinite(perSecond) && entry.GetProperty("device").GetString() is { } device
            && entry.GetProperty("description").GetString() is { } description ? new(device, description, work, perSecond)
            : throw new FormatException();
    }

    private static void Write(Stream stream, IEnumerable<DeviceMeasurement> measurements)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteNumber("format", Format);
        json.WriteStartArray("measurements");
        foreach (DeviceMeasurement measurement in measurements)
        {
            json.WriteStartObject();
            json.WriteString("device", measurement.Device);
            json.WriteString("description", measurement.Description);
            json.WriteString("work", measurement.Work == DeviceWork.Rows ? RowsName : ModelName);
            json.WriteNumber("per_second", measurement.PerSecond);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
