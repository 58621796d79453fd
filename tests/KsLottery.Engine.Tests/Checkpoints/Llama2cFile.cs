using System.Buffers.Binary;

namespace KsLottery.Engine.Tests.Checkpoints;

/// <summary>Makes small llama2.c files, and says what must come of them, written from the format's description a second time.</summary>
internal sealed record Llama2cFile(int Version, bool IsTied)
{
    public const int Width = 8, HiddenWidth = 3, LayerCount = 2, HeadCount = 2, KeyValueHeadCount = 1, VocabularySize = 5,
        SequenceLength = 3;

    private const int HeadWidth = Width / HeadCount;

    /// <summary>Versions and tying in all combinations.</summary>
    public static IEnumerable<Llama2cFile> All => [new(0, true), new(0, false), new(1, true), new(1, false)];

    public int HeaderLength => Version == 0 ? 28 : 256;

    /// <summary>The byte at which the field of an index, from dim to seq_len, stands.</summary>
    public int FieldOffset(int index) => (Version == 0 ? 0 : 8) + 4 * index;

    /// <summary>The file; every weight has a value of its own, multiplied by <paramref name="scale"/>.</summary>
    public byte[] Bytes(float scale = 1)
    {
        int[] fields = [Width, HiddenWidth, LayerCount, HeadCount, KeyValueHeadCount, VocabularySize, SequenceLength];
        if (Version == 0 && !IsTied) fields[5] = -VocabularySize;
        byte[] header = new byte[HeaderLength];
        for (int i = 0; i < fields.Length; i++) BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(FieldOffset(i)), fields[i]);
        if (Version == 1)
        {
            "24ka"u8.CopyTo(header);
            header[4] = 1;
            header[36] = IsTied ? (byte)1 : (byte)0;
        }
        return [.. header, .. Order().SelectMany(t => Values(t.Name, t.Count)).SelectMany(v => BitConverter.GetBytes(v * scale))];
    }

    /// <summary>The tensors as a Hugging Face model has them.</summary>
    public Dictionary<string, float[]> Expected()
    {
        Dictionary<string, float[]> tensors = Order().Where(t => t.Name != "tables")
            .ToDictionary(t => t.Name, t => Values(t.Name, t.Count));
        for (int layer = 0; layer < LayerCount; layer++)
            foreach (string name in (string[])["q", "k"])
                tensors[Name(layer, $"self_attn.{name}_proj")] = Permute(tensors[Name(layer, $"self_attn.{name}_proj")]);
        return tensors;
    }

    /// <summary>Brings the pairs of rows (0, 1), (2, 3) … of a head to its rows (0, half), (1, half + 1) ….</summary>
    private static float[] Permute(float[] matrix)
    {
        float[] result = new float[matrix.Length];
        for (int row = 0; row < matrix.Length / Width; row++)
        {
            (int head, int within) = (row / HeadWidth, row % HeadWidth);
            int to = head * HeadWidth + within % 2 * (HeadWidth / 2) + within / 2;
            Array.Copy(matrix, row * Width, result, to * Width, Width);
        }
        return result;
    }

    private List<(string Name, int Count)> Order()
    {
        const int KeyValueWidth = KeyValueHeadCount * HeadWidth;
        List<(string, int)> order = [];
        void One(string name, int count) => order.Add((name, count));
        void Each(string name, int count)
        {
            for (int layer = 0; layer < LayerCount; layer++) order.Add((Name(layer, name), count));
        }

        if (Version == 0)
        {
            One("model.embed_tokens.weight", VocabularySize * Width);
            Each("input_layernorm", Width);
        }
        else
        {
            Each("input_layernorm", Width);
            Each("post_attention_layernorm", Width);
            One("model.norm.weight", Width);
            One("model.embed_tokens.weight", VocabularySize * Width);
        }
        Each("self_attn.q_proj", Width * Width);
        Each("self_attn.k_proj", KeyValueWidth * Width);
        Each("self_attn.v_proj", KeyValueWidth * Width);
        Each("self_attn.o_proj", Width * Width);
        if (Version == 0) Each("post_attention_layernorm", Width);
        Each("mlp.gate_proj", HiddenWidth * Width);
        Each("mlp.down_proj", HiddenWidth * Width);
        Each("mlp.up_proj", HiddenWidth * Width);
        if (Version == 0)
        {
            One("model.norm.weight", Width);
            One("tables", SequenceLength * HeadWidth);
        }
        if (!IsTied) One("lm_head.weight", VocabularySize * Width);
        return order;
    }

    private static string Name(int layer, string name) => $"model.layers.{layer}.{name}.weight";

    /// <summary>Values that tell their tensor and their place, exact in F32.</summary>
    private static float[] Values(string name, int count)
    {
        int tensor = name.Aggregate(17, (hash, c) => (hash * 31 + c) % 4093);
        return [.. Enumerable.Range(0, count).Select(i => tensor + i / 256f)];
    }
}
