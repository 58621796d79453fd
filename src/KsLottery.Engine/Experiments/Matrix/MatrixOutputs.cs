using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Text.Scoring;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Experiments;

/// <summary>What a model wrote for a test, kept in a file so that it is written once: scores are made of it each time.</summary>
/// <param name="Loss">The mean loss of a reference's token, in nats.</param>
/// <param name="MeanTokens">The mean number of tokens that were written.</param>
/// <param name="Texts">The texts, in the order of the pairs.</param>
internal sealed record MatrixOutputs(double Loss, double MeanTokens, IReadOnlyList<GeneratedText> Texts)
{
    public const string FileName = "outputs.json";

    private const string Format = "kslottery-outputs";

    public static MatrixOutputs Of(EvaluationResult result) =>
        new(result.Loss, result.MeanTokens, [.. result.Samples.Select(s => s.Output!.Value)]);

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="settings">All that the outputs depend on.</param>
    /// <param name="cancel">Stops before the file gets its name.</param>
    public void Write(string path, IReadOnlyDictionary<string, string> settings, CancellationToken cancel) =>
        AtomicFile.Write(path, stream =>
        {
            using (Utf8JsonWriter json = new(stream, JsonWriting.Layout))
            {
                json.WriteStartObject();
                json.WriteString("format", Format);
                json.WriteNumber("format_version", 1);
                json.WriteStartObject("settings");
                foreach ((string name, string value) in settings) json.WriteString(name, value);
                json.WriteEndObject();
                json.WriteNumber("loss", Loss);
                json.WriteNumber("mean_tokens", MeanTokens);
                json.WriteStartArray("outputs");
                foreach (GeneratedText text in Texts)
                {
                    json.WriteStartObject();
                    json.WriteString("text", text.Text);
                    json.WriteBoolean("stopped_at_eos", text.EndedByEos);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
            stream.WriteByte((byte)'\n');
        }, cancel);

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It is none, or of other settings; names the first.</exception>
    public static MatrixOutputs Read(string path, IReadOnlyDictionary<string, string> settings)
    {
        try
        {
            using JsonDocument document = JsonFile.Parse(path);
            JsonPlace root = new(document.RootElement, (place, _, rule) =>
                new InvalidDataException($"{path}: {place}: {rule}. Delete the file, and it is made again."));
            if (root.Text("format") == Format && root.Integer("format_version") == 1)
            {
                RunSettings.ThrowIfDifferent(path, root.Get("settings", JsonValueKind.Object).Value.EnumerateObject()
                    .ToDictionary(s => s.Name, s => s.Value.GetString()!), settings);
                return new(root.Real("loss"), root.Real("mean_tokens"),
                    [.. root.List("outputs").Select(o => new GeneratedText(o.Text("text"), o.Truth("stopped_at_eos")))]);
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException) { }
        throw new InvalidDataException($"{path}: these are no outputs that this version knows. Delete the file, and they are made again.");
    }
}
