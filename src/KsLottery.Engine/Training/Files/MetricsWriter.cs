using System.Buffers;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Training;

/// <summary>Appends to <c>metrics.jsonl</c>: one JSON object in a line for each step.</summary>
/// <remarks>
/// Properties <c>step</c>, <c>epoch</c>, <c>loss</c>, <c>eval_loss</c>, <c>grad_norm</c>, <c>learning_rate</c> and
/// <c>tokens_per_second</c>, always all of them; null where a value is absent or not finite. Numbers are the shortest that read back the
/// same. Each line reaches the system in one piece at once; <see cref="Flush"/> makes all of them outlast a loss of power.
/// </remarks>
internal sealed class MetricsWriter : IDisposable
{
    /// <summary>The default name.</summary>
    public const string FileName = "metrics.jsonl";

    private readonly FileStream _stream;
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly Utf8JsonWriter _json;

    /// <summary>Opens the file, a new one where there is none.</summary>
    /// <remarks>
    /// Lines of later steps than <paramref name="resumedStep"/>, and a last line that a crash cut, are dropped by an atomic rewrite first.
    /// </remarks>
    /// <param name="path">The file, in a folder that exists.</param>
    /// <param name="resumedStep">The step that the training goes on from; 0 for a new one, which keeps no line.</param>
    /// <exception cref="InvalidDataException">A line before the last is damaged; names file and line.</exception>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    public MetricsWriter(string path, long resumedStep = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfNegative(resumedStep);
        if (File.Exists(path)) LastStep = Truncate(path, resumedStep > 0 ? resumedStep : -1);
        _stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        _json = new Utf8JsonWriter(_line);
    }

    /// <summary>The step of the last line, -1 where there is none.</summary>
    public long LastStep { get; private set; } = -1;

    /// <summary>Appends a step.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(StepMetrics metrics)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        _line.ResetWrittenCount();
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteNumber("step", metrics.Step);
        _json.WriteNumberOrNull("epoch", metrics.Epoch);
        _json.WriteNumberOrNull("loss", metrics.Loss);
        _json.WriteNumberOrNull("eval_loss", metrics.EvalLoss);
        _json.WriteNumberOrNull("grad_norm", metrics.GradientNorm);
        _json.WriteNumberOrNull("learning_rate", metrics.LearningRate);
        _json.WriteNumberOrNull("tokens_per_second", metrics.TokensPerSecond);
        _json.WriteEndObject();
        _json.Flush();
        _line.Write("\n"u8);
        _stream.Write(_line.WrittenSpan);
        LastStep = metrics.Step;
    }

    /// <summary>Brings all lines to the disk; before a checkpoint, so that none of its steps is missing after a crash.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Flush() => _stream.Flush(flushToDisk: true);

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _json.Dispose();
        _stream.Dispose();
    }

    private static long Truncate(string path, long lastStep)
    {
        long kept = -1;
        byte[] bytes = File.ReadAllBytes(path);
        using MemoryStream lines = new(bytes.Length);
        int line = 0;
        for (int start = bytes.Length - JsonFile.WithoutMark(bytes).Length,
            end; (end = Array.IndexOf(bytes, (byte)'\n', start)) >= 0; start = end + 1)
        {
            long step = StepOf(path, ++line, bytes.AsMemory(start..end));
            if (step > lastStep) continue;
            lines.Write(bytes, start, end + 1 - start);
            kept = step;
        }
        if (lines.Length < bytes.Length) AtomicFile.Write(path, stream => lines.WriteTo(stream));
        return kept;
    }

    private static long StepOf(string path, int line, ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("step", out JsonElement step) && step.TryGetInt64(out long value)) return value;
        }
        // No JSON, or a step that is no number.
        catch (Exception fault) when (fault is JsonException or InvalidOperationException) { }
        throw new InvalidDataException($"{path}: line {line} is no JSON object with a whole number as its step. " +
            "Move the file away, or resume in a sound folder.");
    }
}
