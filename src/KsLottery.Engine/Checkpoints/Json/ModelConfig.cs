using System.Text.Json;

namespace KsLottery.Engine.Checkpoints;

/// <summary>What a Hugging Face <c>config.json</c> says about a model, as far as this library cares.</summary>
/// <remarks>Models with several parts keep the language model's values under <c>text_config</c>; they are looked up there second.</remarks>
internal sealed record ModelConfig
{
    /// <summary>The file name in a model's folder.</summary>
    public const string FileName = "config.json";

    private const int MaxFileBytes = 16 << 20;

    /// <summary>The first of <c>architectures</c>, for instance <c>LlamaForCausalLM</c>.</summary>
    public string? Architecture { get; init; }

    /// <summary>The <c>model_type</c>, for instance <c>llama</c>.</summary>
    public string? ModelType { get; init; }

    /// <summary>Whether input and output embedding are one matrix; null where the file does not say.</summary>
    public bool? TieWordEmbeddings { get; init; }

    /// <summary>The <c>vocab_size</c>: embedding rows, which may exceed the tokenizer's size.</summary>
    public long? VocabularySize { get; init; }

    /// <summary>The <c>hidden_size</c> (<c>n_embd</c> in GPT-2): the width of an embedding row.</summary>
    public long? HiddenSize { get; init; }

    /// <summary>The <c>num_hidden_layers</c> (<c>n_layer</c> in GPT-2).</summary>
    public long? LayerCount { get; init; }

    /// <summary>Rows and columns of a block that has a scale of its own, by <c>quantization_config</c>; null where the file names
    /// none.</summary>
    public (int Rows, int Columns)? WeightBlock { get; init; }

    /// <summary>Token ids that begin a text; empty where the file names none.</summary>
    public IReadOnlyList<long> BosTokenIds { get; init; } = [];

    /// <summary>Token ids that end a text; empty where the file names none.</summary>
    public IReadOnlyList<long> EosTokenIds { get; init; } = [];

    /// <summary>Token ids that fill up a batch; empty where the file names none.</summary>
    public IReadOnlyList<long> PadTokenIds { get; init; } = [];

    /// <summary>Token ids that stand for what is not known; empty where the file names none.</summary>
    public IReadOnlyList<long> UnkTokenIds { get; init; } = [];

    /// <summary>Reads the <c>config.json</c> of a folder.</summary>
    /// <returns>The configuration, or null where the folder has no such file.</returns>
    /// <exception cref="CheckpointFormatException">The file is not a JSON object, or a value in it has another type than it
    /// should.</exception>
    public static ModelConfig? TryLoad(string folder)
    {
        string path = Path.Combine(folder, FileName);
        DanglingLink.ThrowIfDangling(path);
        if (!File.Exists(path)) return null;
        long length = new FileInfo(path).Length;
        if (length > MaxFileBytes)
            throw Invalid(path, $"{length} bytes, allowed are {MaxFileBytes}");
        try
        {
            using JsonDocument document = JsonFile.Parse(path);
            return new Reader(path, document.RootElement).Read();
        }
        catch (JsonException e)
        {
            throw Invalid(path, $"not JSON in {JsonDefect.Describe(e)}", e);
        }
        catch (InvalidOperationException e)
        {
            throw Invalid(path, "a lone surrogate in a string", e);
        }
    }

    private static CheckpointFormatException Invalid(string path, string problem, Exception? cause = null) =>
        new(CheckpointDefect.InvalidConfig, path, problem, "Copy the model's own config.json there, or remove it", innerException: cause);

    private readonly ref struct Reader
    {
        private readonly string _path;
        private readonly JsonElement _root;
        private readonly JsonElement _text;

        public Reader(string path, JsonElement root)
        {
            (_path, _root) = (path, root);
            if (root.ValueKind != JsonValueKind.Object) throw Invalid(path, "the file must hold a JSON object");
            _text = root.TryGetProperty("text_config", out JsonElement text) && text.ValueKind == JsonValueKind.Object ? text : root;
        }

        public ModelConfig Read() => new()
        {
            Architecture = Architectures(),
            ModelType = Find("model_type", JsonValueKind.String)?.GetString(),
            TieWordEmbeddings = Find("tie_word_embeddings", JsonValueKind.True, JsonValueKind.False)?.GetBoolean(),
            VocabularySize = Size("vocab_size"),
            HiddenSize = Size("hidden_size") ?? Size("n_embd"),
            LayerCount = Size("num_hidden_layers") ?? Size("n_layer"),
            WeightBlock = Find("quantization_config", JsonValueKind.Object) is { } quantization ? Block(quantization, _path) : null,
            BosTokenIds = Ids("bos_token_id"),
            EosTokenIds = Ids("eos_token_id"),
            PadTokenIds = Ids("pad_token_id"),
            UnkTokenIds = Ids("unk_token_id"),
        };

        private string? Architectures()
        {
            if (Find("architectures", JsonValueKind.Array) is not { } list || list.GetArrayLength() == 0) return null;
            return list[0].ValueKind == JsonValueKind.String
                ? list[0].GetString()
                : throw Invalid(_path, "architectures must be a list of strings");
        }

        private static (int Rows, int Columns)? Block(JsonElement quantization, string path) =>
            Checkpoints.WeightBlock.Read(quantization, problem => Invalid(path, problem));

        private long? Size(string key) => Find(key, JsonValueKind.Number) is not { } value ? null
            : value.TryGetInt64(out long size) && size >= 0 ? size
            : throw Invalid(_path, $"{key} must be an integer from 0 to {long.MaxValue}, it is {value.GetRawText()}");

        /// <summary>One id or a list of them; -1 is an old way to say that there is none.</summary>
        private List<long> Ids(string key)
        {
            List<long> ids = [];
            if (Find(key, JsonValueKind.Number, JsonValueKind.Array) is not { } value) return ids;
            if (value.ValueKind == JsonValueKind.Number) AddId(ids, key, value);
            else foreach (JsonElement item in value.EnumerateArray()) AddId(ids, key, item);
            return ids;
        }

        private void AddId(List<long> ids, string key, JsonElement value)
        {
            if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out long id))
                throw Invalid(_path, $"{key} must be a token id or a list of them");
            if (id >= 0) ids.Add(id);
        }

        private JsonElement? Find(string key, params ReadOnlySpan<JsonValueKind> kinds)
        {
            if (!_root.TryGetProperty(key, out JsonElement value) && !_text.TryGetProperty(key, out value)) return null;
            if (value.ValueKind == JsonValueKind.Null) return null;
            return kinds.Contains(value.ValueKind)
                ? value
                : throw Invalid(_path, $"{key} has the JSON type {value.ValueKind}, it should be {string.Join(" or ", kinds.ToArray())}");
        }
    }
}
