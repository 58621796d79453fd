using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;

namespace KsLottery.Tests.Support;

/// <summary>A LLaMA-type folder of a few kilobytes, written without the library that is under test, to be made odd before it is
/// written.</summary>
internal sealed class TinyLlama
{
    public const int Vocabulary = 260, Width = 16;
    public const string Embedding = "model.embed_tokens.weight", Head = "lm_head.weight";

    private const int FeedForward = 32, Layers = 2, Heads = 4, KeyHeads = 2;

    public TinyLlama(bool isTied = true, int seed = 1)
    {
        Random random = new(seed);
        void Add(string name, params int[] shape)
        {
            float[] values = new float[shape.Aggregate(1, (a, b) => a * b)];
            for (int i = 0; i < values.Length; i++) values[i] = shape.Length == 1 ? 1 : (float)((random.NextDouble() - 0.5) * 0.3);
            Tensors.Add(name, (shape, values));
        }
        Add(Embedding, Vocabulary, Width);
        for (int layer = 0; layer < Layers; layer++)
        {
            string start = $"model.layers.{layer}.";
            Add(start + "input_layernorm.weight", Width);
            Add(start + "self_attn.q_proj.weight", Width, Width);
            Add(start + "self_attn.k_proj.weight", Width * KeyHeads / Heads, Width);
            Add(start + "self_attn.v_proj.weight", Width * KeyHeads / Heads, Width);
            Add(start + "self_attn.o_proj.weight", Width, Width);
            Add(start + "post_attention_layernorm.weight", Width);
            Add(start + "mlp.gate_proj.weight", FeedForward, Width);
            Add(start + "mlp.up_proj.weight", FeedForward, Width);
            Add(start + "mlp.down_proj.weight", Width, FeedForward);
        }
        Add("model.norm.weight", Width);
        if (!isTied) Add(Head, Vocabulary, Width);
        Config = new()
        {
            ["architectures"] = new JsonArray("LlamaForCausalLM"),
            ["model_type"] = "llama",
            ["hidden_size"] = Width,
            ["intermediate_size"] = FeedForward,
            ["num_hidden_layers"] = Layers,
            ["num_attention_heads"] = Heads,
            ["num_key_value_heads"] = KeyHeads,
            ["vocab_size"] = Vocabulary,
            ["max_position_embeddings"] = 64,
            ["rms_norm_eps"] = 1e-5,
            ["rope_theta"] = 10000.0,
            ["hidden_act"] = "silu",
            ["tie_word_embeddings"] = isTied,
            ["bos_token_id"] = 1,
            ["eos_token_id"] = 2,
            ["torch_dtype"] = "float32",
        };
    }

    /// <summary>The tensors by name, in the order in which they are written.</summary>
    public OrderedDictionary<string, (int[] Shape, float[] Values)> Tensors { get; private set; } = [];

    public JsonObject Config { get; }

    public Dictionary<string, string> Metadata { get; } = new() { ["format"] = "pt" };

    /// <summary>Moves some rows of the embedding, as a fine-tune does.</summary>
    public TinyLlama Tuned(params int[] rows)
    {
        foreach (int row in rows)
            for (int i = 0; i < Width; i++) Tensors[Embedding].Values[(row * Width) + i] += 0.3f;
        return this;
    }

    /// <summary>Puts something before every name, as wrappers of modules do.</summary>
    public TinyLlama Prefixed(string prefix)
    {
        Tensors = new(Tensors.Select(t => KeyValuePair.Create(prefix + t.Key, t.Value)));
        return this;
    }

    /// <summary>Gives a tensor another name.</summary>
    public TinyLlama Renamed(string from, string to)
    {
        Tensors = new(Tensors.Select(t => KeyValuePair.Create(t.Key == from ? to : t.Key, t.Value)));
        return this;
    }

    /// <summary>Writes the folder with one file of weights, and gives its path back.</summary>
    public string Write(string folder, string file = "model.safetensors")
    {
        WriteCompanions(folder);
        WriteFile(Path.Combine(folder, file), Tensors);
        return folder;
    }

    /// <summary>Writes the folder with shards and an index that places each tensor in the last file that is given it.</summary>
    public string WriteShards(string folder, params (string File, string[] Names)[] shards)
    {
        WriteCompanions(folder);
        JsonObject map = [];
        foreach ((string file, string[] names) in shards)
        {
            WriteFile(Path.Combine(folder, file), names.Select(name => KeyValuePair.Create(name, Tensors[name])));
            foreach (string name in names) map[name] = file;
        }
        JsonObject index = new()
        {
            ["metadata"] = new JsonObject { ["total_size"] = Tensors.Sum(t => 4L * t.Value.Values.Length) },
            ["weight_map"] = map
        };
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), index.ToJsonString());
        return folder;
    }

    /// <summary>Writes <c>config.json</c> and a tokenizer of single bytes.</summary>
    public void WriteCompanions(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), Config.ToJsonString());
        JsonObject vocabulary = new() { ["<unk>"] = 0, ["<s>"] = 1, ["</s>"] = 2 };
        int visible = 256;
        for (int b = 0; b < 256; b++)
            vocabulary[$"{(char)(b is (> 32 and < 127) or (> 160 and not 173) ? b : visible++)}"] = vocabulary.Count;
        JsonObject tokenizer = new()
        {
            ["added_tokens"] = new JsonArray([.. vocabulary.Take(3).Select((t, id) => (JsonNode)new JsonObject
            {
                ["id"] = id, ["content"] = t.Key, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false,
                    ["special"] = true,
            })]),
            ["pre_tokenizer"] = ByteLevel(),
            ["decoder"] = ByteLevel(),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        };
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), tokenizer.ToJsonString());

        static JsonObject ByteLevel() =>
            new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true };
    }

    /// <summary>Writes tensors as F32.</summary>
    public void WriteFile(string path, IEnumerable<KeyValuePair<string, (int[] Shape, float[] Values)>> tensors)
    {
        JsonObject header =
            new() { ["__metadata__"] = new JsonObject(Metadata.Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value))) };
        using MemoryStream data = new();
        foreach ((string name, (int[] shape, float[] values)) in tensors)
        {
            header[name] = new JsonObject
            {
                ["dtype"] = "F32",
                ["shape"] = new JsonArray([.. shape.Select(d => (JsonNode)d)]),
                ["data_offsets"] = new JsonArray(data.Length, data.Length + (4L * values.Length)),
            };
            data.Write(MemoryMarshal.AsBytes<float>(values));
        }
        string json = header.ToJsonString();
        json = json.PadRight((json.Length + 7) / 8 * 8);
        File.WriteAllBytes(path,
            [.. BitConverter.GetBytes((ulong)Encoding.UTF8.GetByteCount(json)), .. Encoding.UTF8.GetBytes(json), .. data.ToArray()]);
    }
}
