using System.Globalization;
using System.Text;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Evaluation;

/// <summary>The folder of a sweep: <c>sparsity-sweep.json</c> says what is measured, <c>sparsity-sweep.tsv</c> has a line a point, as
/// soon as it is known.</summary>
public sealed class SweepFolder
{
    /// <summary>The name of the file of points.</summary>
    public const string FileName = "sparsity-sweep.tsv";

    /// <summary>The name of the file that says what was asked for, and where the knee lies.</summary>
    public const string SettingsName = "sparsity-sweep.json";

    private readonly string _path;
    private readonly IReadOnlyList<KeyValuePair<string, string>> _settings;

    /// <summary>Begins a folder, or goes on with one.</summary>
    /// <param name="path">The folder: absent or empty, or with <paramref name="resume"/> one of a sweep with the same settings.</param>
    /// <param name="settings">All that decides a point, by name.</param>
    /// <param name="resume">Whether points that stand there are taken.</param>
    /// <exception cref="IOException">The folder holds something, or cannot be made.</exception>
    /// <exception cref="InvalidDataException">The sweep that stands there has other settings, or its files are damaged.</exception>
    public SweepFolder(string path, IReadOnlyList<KeyValuePair<string, string>> settings, bool resume)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(settings);
        (_path, _settings) = (path, settings);
        if (File.Exists(path)) throw new IOException($"{path}: this is a file. Name a folder for the output.");
        bool isEmpty = !Directory.Exists(path) || !Directory.EnumerateFileSystemEntries(path).Any();
        bool isSweep = File.Exists(Place(SettingsName));
        if (!isEmpty && !(resume && isSweep))
            throw new IOException($"{path}: the folder is not empty"
                + $"{(isSweep ? $", a sweep stands there. {Remedy.Resume}, or name" : ". Name")} a new one.");
        Directory.CreateDirectory(path);
        if (isEmpty)
        {
            WriteSettings([], null, null, CancellationToken.None);
            return;
        }
        ThrowIfOther();
        if (File.Exists(Place(FileName))) Points = Read(Place(FileName));
    }

    /// <summary>The points that stood there.</summary>
    public IReadOnlyList<SweepPoint> Points { get; } = [];

    /// <summary>Reads the points of a sweep.</summary>
    /// <exception cref="InvalidDataException">A line is damaged; names file and line.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<SweepPoint> Read(string path) => [.. TsvFile.Read(path, "sparsity", "kept", "loss", "chrf").Select(line =>
        decimal.TryParse(line.Text("sparsity"), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal sparsity)
            && sparsity is >= 0 and < 1
            ? new SweepPoint(sparsity, line.Integer("kept", 0, long.MaxValue), line.Real("loss"), line.Real("chrf"))
            : throw line.Wrong("sparsity", "it must be a number from 0 to below 1"))];

    /// <summary>Writes all points that are known.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(IReadOnlyList<SweepPoint> points, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(points);
        StringBuilder text = new("sparsity\tkept\tloss\tperplexity\tchrf\n");
        foreach (SweepPoint point in points)
            text.Append(CultureInfo.InvariantCulture,
                $"{point.Sparsity}\t{point.Kept}\t{Number(point.Loss)}\t{Number(Math.Exp(point.Loss))}\t{Number(point.Score)}\n");
        AtomicFile.WriteText(Place(FileName), text.ToString(), cancellationToken);
    }

    /// <summary>Writes all points and where the knees lie: the sweep is finished.</summary>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public void Finish(IReadOnlyList<SweepPoint> points, SweepKnee? ofLoss, SweepKnee? ofScore,
        CancellationToken cancellationToken = default)
    {
        Write(points, cancellationToken);
        WriteSettings(points, ofLoss, ofScore, cancellationToken);
    }

    private void WriteSettings(IReadOnlyList<SweepPoint> points, SweepKnee? ofLoss, SweepKnee? ofScore,
        CancellationToken cancellationToken) =>
        AtomicFile.Write(Place(SettingsName), stream =>
        {
            using (Utf8JsonWriter json = new(stream, JsonWriting.Layout))
            {
                json.WriteStartObject();
                json.WriteString("format", "kslottery-sparsity-sweep");
                json.WriteNumber("format_version", 1);
                json.WriteStartObject("settings");
                foreach ((string name, string value) in _settings) json.WriteString(name, value);
                json.WriteEndObject();
                json.WriteBoolean("finished", points.Count > 0);
                Write(json, "knee_of_loss", ofLoss);
                Write(json, "knee_of_chrf", ofScore);
                json.WriteEndObject();
            }
            stream.WriteByte((byte)'\n');
        }, cancellationToken);

    private static void Write(Utf8JsonWriter json, string name, SweepKnee? knee)
    {
        if (knee is null)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartObject(name);
        json.WriteNumber("sparsity", knee.Sparsity);
        json.WriteBoolean("reached", knee.IsReached);
        json.WriteEndObject();
    }

    private void ThrowIfOther()
    {
        string path = Place(SettingsName);
        try
        {
            using JsonDocument document = JsonFile.Parse(path);
            JsonElement found = document.RootElement.GetProperty("settings");
            foreach ((string name, string value) in _settings)
                if (!found.TryGetProperty(name, out JsonElement other) || other.GetString() != value)
                    throw new InvalidDataException($"{path}: the sweep that stands there has another {name}: "
                        + $"{CheckpointFormatException.Quote(other.ValueKind == JsonValueKind.String ? other.GetString()! : "none")} "
                        + $"and not {CheckpointFormatException.Quote(value)}. Give the same, or name a new folder.");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidDataException($"{path}: no settings of a sweep ({JsonDefect.Describe(fault)}). Name a new folder.", fault);
        }
    }

    private static string Number(double value) => double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "nan";

    private string Place(string name) => Path.Combine(_path, name);
}
