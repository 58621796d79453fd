using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Models;

/// <summary>The shape and the constants of a LLaMA-type model, as its <c>config.json</c> states them.</summary>
/// <remarks>Source: the LLaMA papers (arXiv 2302.13971, 2307.09288, 2407.21783) and the keys of Hugging Face's
/// <c>LlamaConfig</c>.</remarks>
public sealed record LlamaConfig
{
    private const string AdapterConfigName = "adapter_config.json";

    /// <summary>C, the width of the residual stream and of an embedding row.</summary>
    public required int Width { get; init; }

    /// <summary>F, the width within the feed-forward block.</summary>
    public required int FeedForwardWidth { get; init; }

    /// <summary>L, the number of layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>H query heads, G key heads and their width D; H·D need not be C.</summary>
    public required AttentionShape Attention { get; init; }

    /// <summary>V, rows of the embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The longest sequence that the model was made for, in tokens.</summary>
    public required int MaxLength { get; init; }

    /// <summary>ε of the norms.</summary>
    public double NormEpsilon { get; init; } = 1e-6;

    /// <summary>θ of the rotary positions.</summary>
    public double RopeTheta { get; init; } = 10_000;

    /// <summary>How the rotary positions were stretched, null where they were not.</summary>
    internal RopeScaling? RopeScaling { get; init; }

    /// <summary>Whether the output head is the input embedding; false where the file does not say and no checkpoint was looked
    /// at.</summary>
    public bool IsTied { get; init; }

    /// <summary>The token that begins a text, null where none is named.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>The tokens that end a text.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    /// <summary>The tokens that end a text as <c>generation_config.json</c> has it, which goes before; empty where it names none.</summary>
    public IReadOnlyList<int> GenerationEosTokenIds { get; init; } = [];

    /// <summary>What a reader should know of how the file was read, a sentence each: keys that contradict each other.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The number of weights.</summary>
    public long ParameterCount
    {
        get
        {
            long attention = (2L * Attention.QueryWidth + 2L * Attention.KeyWidth) * Width;
            long layer = attention + (3L * FeedForwardWidth * Width) + (2L * Width);
            return (VocabularySize * (long)Width * (IsTied ? 1 : 2)) + (LayerCount * layer) + Width;
        }
    }

    /// <summary>Reads the <c>config.json</c> of a checkpoint; where it does not say whether the model is tied, the checkpoint
    /// does.</summary>
    /// <param name="checkpoint">The checkpoint; <see cref="Checkpoint.IsTied"/> says what it is taken for.</param>
    /// <inheritdoc cref="Load(string)" path="/exception"/>
    public static LlamaConfig Load(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        NoEmbedding.ThrowIfPatch(checkpoint);
        return Load(checkpoint.Path) with { IsTied = checkpoint.IsTied ?? false };
    }

    /// <summary>Reads the <c>config.json</c> of a model's folder, or of the folder that a file lies in, and what its
    /// <c>generation_config.json</c> says of end tokens.</summary>
    /// <param name="checkpointPath">The folder, or a file in it.</param>
    /// <exception cref="FileNotFoundException">There is no <c>config.json</c>.</exception>
    /// <exception cref="CheckpointFormatException">The file is no JSON object, or a value is missing or not possible.</exception>
    /// <exception cref="NotSupportedException">The model is no LLaMA, or has a setting that is not computed here; the message names
    /// it.</exception>
    public static LlamaConfig Load(string checkpointPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(checkpointPath);
        string folder = Directory.Exists(checkpointPath) ? checkpointPath : Path.GetDirectoryName(Path.GetFullPath(checkpointPath))!;
        string path = Path.Combine(folder, ModelConfig.FileName);
        DanglingLink.ThrowIfDangling(path);
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such file. {(File.Exists(Path.Combine(folder, AdapterConfigName))
                ? $"The folder holds a PEFT adapter: {Remedy.OpenAdapter}"
                : $"A model can only be run with its {ModelConfig.FileName}; copy it beside the weights")}.", path);
        return GenerationConfig.Complete(LlamaConfigReader.Read(path), folder);
    }

    /// <summary>Writes the configuration as a <c>config.json</c> that Hugging Face's Transformers reads.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="type">The type of the weights: F32, F16 or BF16.</param>
    public void WriteTo(Stream stream, ElementType type)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, IndentSize = 1, NewLine = "\n" });
        json.WriteStartObject();
        json.WriteStartArray("architectures");
        json.WriteStringValue("LlamaForCausalLM");
        json.WriteEndArray();
        json.WriteString("model_type", "llama");
        json.WriteNumber("hidden_size", Width);
        json.WriteNumber("intermediate_size", FeedForwardWidth);
        json.WriteNumber("num_hidden_layers", LayerCount);
        json.WriteNumber("num_attention_heads", Attention.Heads);
        json.WriteNumber("num_key_value_heads", Attention.KeyHeads);
        if (Attention.QueryWidth != Width) json.WriteNumber("head_dim", Attention.HeadWidth);
        json.WriteNumber("vocab_size", VocabularySize);
        json.WriteNumber("max_position_embeddings", MaxLength);
        WriteFloat("rms_norm_eps", NormEpsilon);
        WriteFloat("rope_theta", RopeTheta);
        RopeScaling?.WriteTo(json);
        json.WriteString("hidden_act", "silu");
        json.WriteBoolean("tie_word_embeddings", IsTied);
        json.WriteBoolean("attention_bias", false);
        json.WriteBoolean("mlp_bias", false);
        if (BosTokenId is { } bos) json.WriteNumber("bos_token_id", bos);
        if (EosTokenIds is [int eos]) json.WriteNumber("eos_token_id", eos);
        else if (EosTokenIds.Count > 1)
        {
            json.WriteStartArray("eos_token_id");
            foreach (int id in EosTokenIds) json.WriteNumberValue(id);
            json.WriteEndArray();
        }
        json.WriteString("torch_dtype", type switch
        {
            ElementType.F32 => "float32",
            ElementType.F16 => "float16",
            ElementType.BF16 => "bfloat16",
            _ => throw type.NotNative(),
        });
        json.WriteEndObject();

        // As Python spells them: readers that are strict about types need to see floating-point numbers.
        void WriteFloat(string name, double value)
        {
            string text = value.ToString("R", System.Globalization.CultureInfo.InvariantCulture).Replace('E', 'e');
            json.WritePropertyName(name);
            json.WriteRawValue(text.Contains('.', StringComparison.Ordinal) || text.Contains('e', StringComparison.Ordinal) ? text
                : text + ".0");
        }
    }
}
