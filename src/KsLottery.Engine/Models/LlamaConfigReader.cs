using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Models;

/// <summary>Reads a <c>config.json</c> strictly: what would be computed otherwise than its makers do is refused by name.</summary>
internal sealed class LlamaConfigReader
{
    private const int MaxFileBytes = 16 << 20;

    /// <summary>Settings that change what is computed, and the only value that is computed here.</summary>
    private static readonly (string Key, string Supported)[] Fixed =
    [
        ("attention_bias", "false"), ("mlp_bias", "false"), ("attention_dropout", "0.0"), ("partial_rotary_factor", "1.0"),
        ("sliding_window", "null"), ("quantization_config", "null"), ("is_encoder_decoder", "false"), ("logit_scale", "1.0"),
    ];

    private readonly string _path;
    private readonly JsonElement _root;

    private LlamaConfigReader(string path, JsonElement root) => (_path, _root) = (path, root);

    public static LlamaConfig Read(string path)
    {
        long length = new FileInfo(path).Length;
        if (length > MaxFileBytes) throw Invalid(path, $"{length} bytes, allowed are {MaxFileBytes}");
        try
        {
            using JsonDocument document = JsonFile.Parse(path);
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw Invalid(path, "the file must hold a JSON object");
            return new LlamaConfigReader(path, document.RootElement).Read();
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

    private LlamaConfig Read()
    {
        RefuseOthers();
        int width = Size("hidden_size"), heads = Size("num_attention_heads"), keyHeads = Size("num_key_value_heads", heads);
        if (Find("head_dim") is null && width % heads != 0)
            throw Invalid(_path, $"hidden_size {width} is no multiple of num_attention_heads {heads}, and head_dim is not given");
        int headWidth = Size("head_dim", width / heads);
        if (heads % keyHeads != 0) throw Invalid(_path, $"num_attention_heads {heads} is no multiple of num_key_value_heads {keyHeads}");
        if (headWidth % 2 != 0) throw Invalid(_path, $"the head width {headWidth} is odd, rotary positions need pairs");
        RopeReader rope = new(_path, _root);
        int vocabulary = Size("vocab_size");
        List<int> ends = Ids("eos_token_id");
        return new()
        {
            Width = width,
            FeedForwardWidth = Size("intermediate_size"),
            LayerCount = Size("num_hidden_layers"),
            Attention = new(heads, keyHeads, headWidth),
            VocabularySize = vocabulary,
            MaxLength = Size("max_position_embeddings", 2048),
            NormEpsilon = Number(_path, _root, "rms_norm_eps", 1e-6, least: 0),
            RopeTheta = rope.Theta,
            RopeScaling = rope.ReadScaling(Size("max_position_embeddings", 2048)),
            Notes = GenerationConfig.AddNotes(rope.Notes, _path, ends, vocabulary),
            IsTied = Find("tie_word_embeddings") is { ValueKind: JsonValueKind.True },
            BosTokenId = Ids("bos_token_id").FindAll(IsToken) is [int bos, ..] ? bos : null,
            EosTokenIds = ends.FindAll(IsToken),
        };

        // -1 is an old way to say that there is none, and an id past the vocabulary cannot come up.
        bool IsToken(int id) => (uint)id < (uint)vocabulary;
    }

    private void RefuseOthers()
    {
        string? type = Find("model_type")?.GetString();
        if (type != "llama") throw Unsupported("model_type", type is null ? "absent" : Quote(type), "\"llama\"");
        string activation = Find("hidden_act")?.GetString() ?? "silu";
        if (activation is not ("silu" or "swish")) throw Unsupported("hidden_act", Quote(activation), "\"silu\"");
        foreach ((string key, string supported) in Fixed)
            if (Find(key) is { } value && !IsSame(value, supported))
                throw Unsupported(key, value.ValueKind == JsonValueKind.Object ? "set" : value.GetRawText(), supported);
    }

    private static bool IsSame(JsonElement value, string supported) => value.GetRawText() == supported
        || (value.ValueKind == JsonValueKind.Number && value.GetDouble().ToString("0.0##", CultureInfo.InvariantCulture) == supported);

    private int Size(string key, int? absent = null)
    {
        if (Find(key) is not { } value)
            return absent ?? throw Invalid(_path, $"{key} is missing");
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int size) && size > 0
            ? size
            : throw Invalid(_path, $"{key} must be an integer from 1 to {int.MaxValue}, it is {value.GetRawText()}");
    }

    /// <summary>Reads a finite number.</summary>
    internal static double Number(string path, JsonElement parent, string key, double? absent, double least)
    {
        if (Get(parent, key) is not { } value) return absent ?? throw Invalid(path, $"{key} is missing");
        return value.ValueKind == JsonValueKind.Number && value.GetDouble() is double number && number >= least && double.IsFinite(number)
            ? number
            : throw Invalid(path, $"{key} must be a number of at least {least}, it is {value.GetRawText()}");
    }

    private List<int> Ids(string key)
    {
        List<int> ids = [];
        if (Find(key) is not { } value) return ids;
        foreach (JsonElement item in value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : (JsonElement[])[value])
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out int id))
                throw Invalid(_path, $"{key} must be a token id or a list of them");
            ids.Add(id);
        }
        return ids;
    }

    private JsonElement? Find(string key) => Get(_root, key);

    /// <summary>A value that is there and not null.</summary>
    internal static JsonElement? Get(JsonElement parent, string key) =>
        parent.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string Quote(string text) => CheckpointFormatException.Quote(text);

    private NotSupportedException Unsupported(string key, string value, string supported) => Unsupported(_path, key, value, supported);

    /// <summary>What is to say of a setting that is not computed.</summary>
    internal static NotSupportedException Unsupported(string path, string key, string value, string supported) =>
        new($"{path}: {key} is {value}, only {supported} is computed here. Choose a model of the LLaMA 1, 2 or 3 type.");

    /// <summary>What is to say of a value that is not possible.</summary>
    internal static CheckpointFormatException Invalid(string path, string problem, Exception? cause = null) =>
        new(CheckpointDefect.InvalidConfig, path, problem, "Copy the model's own config.json there", innerException: cause);
}
