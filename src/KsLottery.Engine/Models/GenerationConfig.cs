using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Models;

/// <summary>A Hugging Face <c>generation_config.json</c>, as far as it says what ends a text.</summary>
internal static class GenerationConfig
{
    /// <summary>The file name in a model's folder.</summary>
    public const string FileName = "generation_config.json";

    private const int MaxFileBytes = 16 << 20;

    /// <summary>A configuration with the token or tokens of <c>eos_token_id</c> that the model has a row for, and with a note on others; as
    /// it is where there is no such file.</summary>
    /// <exception cref="CheckpointFormatException">The file is no JSON object, or the value is neither an id nor a list of
    /// them.</exception>
    public static LlamaConfig Complete(LlamaConfig config, string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return config;
        long length = new FileInfo(path).Length;
        if (length > MaxFileBytes) throw Invalid(path, $"{length} bytes, allowed are {MaxFileBytes}");
        try
        {
            using JsonDocument document = JsonFile.Parse(path);
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw Invalid(path, "the file must hold a JSON object");
            if (!document.RootElement.TryGetProperty("eos_token_id", out JsonElement value)) return config;
            int[] ids = [.. Ids(path, value).Distinct()];
            return config with
            {
                GenerationEosTokenIds = [.. ids.Where(id => (uint)id < (uint)config.VocabularySize)],
                Notes = AddNotes(config.Notes, path, ids, config.VocabularySize),
            };
        }
        catch (JsonException e)
        {
            throw Invalid(path, $"not JSON in {JsonDefect.Describe(e)}", e);
        }
    }

    /// <summary>Notes, and behind them one on each end token that a file names and the model has no row for.</summary>
    public static IReadOnlyList<string> AddNotes(IReadOnlyList<string> notes, string path, IEnumerable<int> ids, int vocabularySize)
    {
        int[] others = [.. ids.Where(id => (uint)id >= (uint)vocabularySize).Distinct()];
        return others.Length == 0 ? notes : [.. notes, .. others.Select(id => string.Create(CultureInfo.InvariantCulture,
            $"{path}: eos_token_id {id} is none of the model's tokens, 0 to {vocabularySize - 1}, and ends no text; where the file names "
                + $"no other, "
            + $"the next of {FileName}, {ModelConfig.FileName} and the tokenizer says what does."))];
    }

    private static IEnumerable<int> Ids(string path, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => [],
        JsonValueKind.Array => value.EnumerateArray().SelectMany(item => Ids(path, item)),
        JsonValueKind.Number when value.TryGetInt32(out int id) => [id],
        _ => throw Invalid(path, "eos_token_id must be a token id or a list of them"),
    };

    private static CheckpointFormatException Invalid(string path, string problem, Exception? cause = null) =>
        new(CheckpointDefect.InvalidConfig, path, problem, "Copy the model's own generation_config.json there, or remove it",
            innerException: cause);
}
