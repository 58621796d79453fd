using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;

namespace KsLottery.LlamaPeers;

/// <summary>A LLaMA checkpoint as a GGUF file, version 3, without a tokenizer: both sides are given token numbers.</summary>
/// <remarks>
/// Source: docs/gguf.md of ggml. Matrices keep their type; llama.cpp wants norms in F32. It rotates neighbouring elements where Hugging
/// Face's files have halves of a head side by side, so that rows of the query's and the key's matrices change places.
/// </remarks>
internal static class GgufFile
{
    private const int Alignment = 32;
    private const uint UInt32Value = 4, FloatValue = 6, StringValue = 8;

    private static readonly (string Theirs, string Ours)[] LayerNames =
    [
        ("attn_norm", "input_layernorm"), ("attn_q", "self_attn.q_proj"), ("attn_k", "self_attn.k_proj"), ("attn_v", "self_attn.v_proj"),
        ("attn_output", "self_attn.o_proj"), ("ffn_norm", "post_attention_layernorm"), ("ffn_gate", "mlp.gate_proj"),
        ("ffn_up", "mlp.up_proj"), ("ffn_down", "mlp.down_proj"),
    ];

    /// <summary>Writes the file.</summary>
    /// <param name="path">Made or overwritten.</param>
    /// <param name="folder">The checkpoint.</param>
    /// <param name="isWidened">Whether its matrices become F32.</param>
    public static void Write(string path, string folder, bool isWidened)
    {
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        LlamaConfig config = LlamaConfig.Load(checkpoint);
        if (config.RopeScaling is not null) throw new NotSupportedException("stretched rotary positions are not written.");
        (string Name, Tensor Tensor)[] tensors = [.. Names(config).Select(name => (name.Theirs, checkpoint.GetTensor(name.Ours)))];
        (string Key, object Value)[] settings =
        [
            ("general.architecture", "llama"), ("llama.context_length", config.MaxLength), ("llama.embedding_length", config.Width),
            ("llama.block_count", config.LayerCount), ("llama.feed_forward_length", config.FeedForwardWidth),
            ("llama.attention.head_count", config.Attention.Heads), ("llama.attention.head_count_kv", config.Attention.KeyHeads),
            ("llama.attention.key_length", config.Attention.HeadWidth), ("llama.attention.value_length", config.Attention.HeadWidth),
            ("llama.rope.dimension_count", config.Attention.HeadWidth), ("llama.rope.freq_base", (float)config.RopeTheta),
            ("llama.attention.layer_norm_rms_epsilon", (float)config.NormEpsilon), ("llama.vocab_size", config.VocabularySize),
            ("tokenizer.ggml.model", "none"),
        ];
        using BinaryWriter file = new(File.Create(path), Encoding.UTF8);
        file.Write("GGUF"u8);
        file.Write(3);
        file.Write((long)tensors.Length);
        file.Write((long)settings.Length);
        foreach ((string key, object value) in settings) WriteSetting(file, key, value);
        long offset = 0;
        foreach ((string name, Tensor tensor) in tensors)
        {
            WriteString(file, name);
            file.Write(tensor.Shape.Count);
            foreach (long length in tensor.Shape.Reverse()) file.Write(length);
            file.Write(TypeOf(tensor, isWidened) switch { ElementType.F32 => 0, ElementType.F16 => 1, ElementType.BF16 => 30,
                var type => throw new NotSupportedException($"{type} is not written here") });
            file.Write(offset);
            offset += Padded(tensor.ElementCount * TypeOf(tensor, isWidened).ByteSize());
        }
        foreach ((string name, Tensor tensor) in tensors)
        {
            file.Write(new byte[Padded(file.BaseStream.Position) - file.BaseStream.Position]);
            WriteValues(file, name, tensor, TypeOf(tensor, isWidened), config);
        }
        file.Write(new byte[Padded(file.BaseStream.Position) - file.BaseStream.Position]);
    }

    private static IEnumerable<(string Theirs, string Ours)> Names(LlamaConfig config) =>
    [
        ("token_embd.weight", "model.embed_tokens.weight"),
        .. Enumerable.Range(0, config.LayerCount).SelectMany(layer => LayerNames.Select(name =>
            ($"blk.{layer}.{name.Theirs}.weight", $"model.layers.{layer}.{name.Ours}.weight"))),
        ("output_norm.weight", "model.norm.weight"),
        .. config.IsTied ? Array.Empty<(string, string)>() : [("output.weight", "lm_head.weight")],
    ];

    private static ElementType TypeOf(Tensor tensor, bool isWidened) =>
        isWidened || tensor.Shape.Count == 1 ? ElementType.F32 : tensor.ElementType;

    private static long Padded(long length) => (length + Alignment - 1) & -Alignment;

    private static void WriteSetting(BinaryWriter file, string key, object value)
    {
        WriteString(file, key);
        switch (value)
        {
            case string text:
                file.Write(StringValue);
                WriteString(file, text);
                break;
            case float number:
                file.Write(FloatValue);
                file.Write(number);
                break;
            default:
                file.Write(UInt32Value);
                file.Write((int)value);
                break;
        }
    }

    private static void WriteString(BinaryWriter file, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        file.Write((long)bytes.Length);
        file.Write(bytes);
    }

    private static void WriteValues(BinaryWriter file, string name, Tensor tensor, ElementType type, LlamaConfig config)
    {
        (long rows, long width) = tensor.RowShape;
        int rowBytes = checked((int)width * tensor.ElementType.ByteSize()), head = config.Attention.HeadWidth;
        bool isRotated = name.Split('.')[^2] is "attn_q" or "attn_k";
        byte[] row = new byte[rowBytes];
        float[] widened = new float[width];
        for (long i = 0; i < rows; i++)
        {
            long within = i % head, source = isRotated ? i - within + (within / 2) + (within % 2 * (head / 2)) : i;
            ReadOnlySpan<byte> bytes = tensor.GetBytes(source * rowBytes, rowBytes, row);
            if (type == tensor.ElementType) file.Write(bytes);
            else
            {
                ElementCodec.Of(tensor.ElementType).Widen(bytes, widened);
                file.Write(RowRounding.ToBytes(widened, ElementType.F32));
            }
        }
    }
}
