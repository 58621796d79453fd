using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>A base, an adapter and what it makes of the base, from peft_golden.json, which lies beside the script that makes it.</summary>
internal sealed class PeftCase(JsonElement json)
{
    private static readonly Lazy<JsonDocument> Document = new(() => JsonDocument.Parse(File.ReadAllText(
        Path.Combine(SharedData.Root, "tests", "KsLottery.Engine.Tests", "Golden", "peft_golden.json"))));

    public static IEnumerable<PeftCase> All => Document.Value.RootElement.EnumerateArray().Select(element => new PeftCase(element));

    public static PeftCase Named(string name) => All.Single(c => c.Name == name);

    public string Name => json.GetProperty("name").GetString()!;

    public bool IsTied => json.GetProperty("tied").GetBoolean();

    public bool IsTiedAfter => json.GetProperty("tied_after").GetBoolean();

    public JsonElement Config => json.GetProperty("config");

    /// <summary>The tensors that differ from the base's or are new.</summary>
    public IReadOnlyDictionary<string, TensorSource> Expected => Sources("expected").ToDictionary(t => t.Name);

    public byte[] BytesOf(string name) => Data("expected", name) ?? Data("base", name)!;

    /// <summary>Writes the base's folder.</summary>
    public string WriteBase(TemporaryFolder folder)
    {
        string path = Directory.CreateDirectory(folder.File("base")).FullName;
        SafetensorsWriter.Write(Path.Combine(path, "model.safetensors"), Sources("base"));
        File.WriteAllText(Path.Combine(path, ModelConfig.FileName), $$"""{"tie_word_embeddings":{{(IsTied ? "true" : "false")}}}""");
        return path;
    }

    /// <summary>Writes the base's folder with every tensor in a shard of its own.</summary>
    public string WriteShardedBase(TemporaryFolder folder)
    {
        string path = Directory.CreateDirectory(folder.File("sharded")).FullName;
        TensorSource[] sources = [.. Sources("base")];
        for (int i = 0; i < sources.Length; i++) SafetensorsWriter.Write(Path.Combine(path, $"model-{i}.safetensors"), [sources[i]]);
        string map = string.Join(',', sources.Select((source, i) => $"\"{source.Name}\":\"model-{i}.safetensors\""));
        File.WriteAllText(Path.Combine(path, "model.safetensors.index.json"),
            "{\"metadata\":{\"total_size\":1,\"x\":\"y\"},\"weight_map\":{" + map + "}}");
        File.Copy(Path.Combine(WriteBase(folder), ModelConfig.FileName), Path.Combine(path, ModelConfig.FileName), overwrite: true);
        return path;
    }

    /// <summary>Writes the adapter's folder.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="config">Another configuration than the case's own.</param>
    /// <param name="more">Tensors beside the case's own.</param>
    public string WriteAdapter(TemporaryFolder folder, string? config = null, params TensorSource[] more)
    {
        string path = Directory.CreateDirectory(folder.File("adapter")).FullName;
        SafetensorsWriter.Write(Path.Combine(path, PeftAdapter.WeightsName), [.. Sources("adapter"), .. more]);
        File.WriteAllText(Path.Combine(path, PeftAdapter.ConfigName), config ?? Config.GetRawText());
        return path;
    }

    public override string ToString() => Name;

    private IEnumerable<TensorSource> Sources(string key) => json.GetProperty(key).EnumerateArray().Select(t => TensorSource.FromBytes(
        t.GetProperty("name").GetString()!, ElementTypes.TryParse(t.GetProperty("dtype").GetString()!, out ElementType type) ? type
            : default,
        [.. t.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())], t.GetProperty("data").GetBytesFromBase64()));

    private byte[]? Data(string key, string name) => json.GetProperty(key).EnumerateArray()
        .Where(t => t.GetProperty("name").GetString() == name).Select(t => t.GetProperty("data").GetBytesFromBase64()).SingleOrDefault();
}
