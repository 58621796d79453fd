using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Training;

/// <summary>The folder of a run: begun at its start, so that a run that was killed can go on in it.</summary>
/// <remarks>
/// <c>training.json</c> says what decides the run's bytes and whether it is finished; <c>state.safetensors</c>, from the first saved
/// state until the end, how far it is. From then on the first says that there is such a state (<c>state_saved</c>), until it is finished.
/// </remarks>
internal sealed class RunFolder
{
    /// <summary>The file that says what the run is.</summary>
    public const string FileName = UnfinishedRun.FileName;

    private const string Format = UnfinishedRun.Format;

    private const string StateKey = "state_saved";

    private readonly Dictionary<string, string>? _saved;
    private bool _hasState;

    /// <summary>Looks at a folder and writes nothing yet.</summary>
    /// <param name="path">The folder: absent or empty for a new run.</param>
    /// <param name="resume">Whether a run in it goes on; where none was begun yet, one begins.</param>
    /// <param name="keepFinished">Whether a finished run in it is taken as it stands.</param>
    /// <exception cref="IOException">The folder holds another run or other files, or cannot be made.</exception>
    /// <exception cref="InvalidDataException">What the folder says about its run is damaged.</exception>
    public RunFolder(string path, bool resume, bool keepFinished = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = path;
        if (File.Exists(path)) throw new IOException($"{path}: this is a file. Name a new folder for the output.");
        if (!Directory.Exists(System.IO.Path
            .GetDirectoryName(System.IO.Path.GetFullPath(System.IO.Path.TrimEndingDirectorySeparator(path)))))
            throw new DirectoryNotFoundException($"{path}: the folder above it does not exist. Create it first.");
        if (!Directory.Exists(path)) return;
        if (!File.Exists(Place(FileName)))
        {
            if (Directory.EnumerateFileSystemEntries(path).Select(System.IO.Path.GetFileName)
                .FirstOrDefault(name => !IsTemporary(name)) is { } found)
                throw new IOException($"{path}: the folder is not empty, it holds {found}. Name a new one for the output.");
            return;
        }
        (IsFinished, _hasState, _saved) = Read();
        if (IsFinished && keepFinished) return;
        if (IsFinished)
            throw new IOException($"{path}: the run in it is finished, its results stand there. Name another folder for a new run.");
        if (!resume)
            throw new IOException($"{path}: an unfinished run stands there. {Remedy.Resume}, or name another folder, or delete this one.");
        if (_hasState && !File.Exists(StatePath))
            throw new FileNotFoundException(
                $"{StatePath}: the file is gone, from which the run in this folder would go on; its metrics stand there "
                + "and are kept. Bring the file back, or name another folder to begin a new run.");
        LostSteps = File.Exists(StatePath) || !File.Exists(MetricsPath) ? 0 : File.ReadLines(MetricsPath).Count();
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Whether its run is finished.</summary>
    public bool IsFinished { get; }

    /// <summary>Lines of metrics of a run that was cut off before its first saved state, and begins again.</summary>
    public int LostSteps { get; }

    /// <summary>The saved state, which need not be there.</summary>
    public string StatePath => Place(TrainingState.FileName);

    /// <summary>The file with a line for each step.</summary>
    public string MetricsPath => Place(MetricsWriter.FileName);

    /// <summary>Makes sure that a run that was begun here is the one that goes on.</summary>
    /// <exception cref="InvalidDataException">A setting differs; names it and both values.</exception>
    public void ThrowIfOther(IReadOnlyDictionary<string, string> settings)
    {
        if (_saved is not null) RunSettings.ThrowIfDifferent(Place(FileName), _saved, settings);
    }

    /// <summary>Begins the run; removes what a killed process left behind.</summary>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public void Begin(IReadOnlyDictionary<string, string> settings)
    {
        Directory.CreateDirectory(Path);
        foreach (string file in Directory.EnumerateFiles(Path))
            if (IsTemporary(System.IO.Path.GetFileName(file))) File.Delete(file);
        if (_saved is null) Write(settings, isFinished: false, _ => { });
    }

    /// <summary>Says in the folder that a state was saved, so that one that is missing later is missed.</summary>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public void RememberState(IReadOnlyDictionary<string, string> settings)
    {
        if (_hasState) return;
        Write(settings, isFinished: false, json => json.WriteBoolean(StateKey, true));
        _hasState = true;
    }

    /// <summary>Ends the run; its state goes last, so that until then it can be repeated.</summary>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public void Finish(IReadOnlyDictionary<string, string> settings, Action<Utf8JsonWriter> writeResult)
    {
        Write(settings, isFinished: true, writeResult);
        File.Delete(StatePath);
    }

    /// <summary>The path of a file in the folder.</summary>
    public string Place(string name) => System.IO.Path.Combine(Path, name);

    private void Write(IReadOnlyDictionary<string, string> settings, bool isFinished, Action<Utf8JsonWriter> writeResult) =>
        AtomicFile.Write(Place(FileName), stream =>
        {
            using (Utf8JsonWriter json = new(stream, JsonWriting.Layout))
            {
                json.WriteStartObject();
                json.WriteString("format", Format);
                json.WriteNumber("format_version", 1);
                json.WriteBoolean("finished", isFinished);
                json.WriteStartObject("settings");
                foreach ((string key, string value) in settings) json.WriteString(key, value);
                json.WriteEndObject();
                writeResult(json);
                json.WriteEndObject();
            }
            stream.WriteByte((byte)'\n');
        });

    private (bool IsFinished, bool HasState, Dictionary<string, string> Settings) Read()
    {
        try
        {
            using JsonDocument document = JsonFile.Parse(Place(FileName));
            JsonElement root = document.RootElement;
            if (root.GetProperty("format").GetString() == Format && root.GetProperty("format_version").GetInt32() == 1)
                return (root.GetProperty("finished").GetBoolean(), root.TryGetProperty(StateKey, out JsonElement saved)
                    && saved.GetBoolean(),
                    root.GetProperty("settings").EnumerateObject()
                        .ToDictionary(setting => setting.Name, setting => setting.Value.GetString()!));
        }
        // No JSON, or JSON of something else.
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException or FormatException) { }
        throw new InvalidDataException(
            $"{Place(FileName)}: this is no file of a training run that this version knows. Name another folder.");
    }

    private static bool IsTemporary(string? name) =>
        name is not null && name.StartsWith(".kslottery-", StringComparison.Ordinal) && name.EndsWith(".tmp", StringComparison.Ordinal);
}
