using System.Buffers.Binary;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Demo;

/// <summary>A small model in the form of a LLaMA, and a copy of it with an embedding that looks as if it had been tuned.</summary>
/// <remarks>
/// Of the copy's embedding rows a few are moved far: they must be found. Hundreds get noise as small as a training step, the others
/// keep every bit: none of these may be found. One row is dead, that is nearly zero, and gets noise: the test cannot but find it, and
/// must mark it.
/// </remarks>
public sealed class DemoPair
{
    /// <summary>Rows of the embedding.</summary>
    public const int Rows = 2_000;

    /// <summary>Values of a row.</summary>
    public const int Width = 512;

    private const ulong Seed = 20_240_204;
    private const double Deviation = 0.02;
    private const double DeadValue = 1e-23;
    private const double Noise = 0.01 * Deviation;
    private const string Embedding = "model.embed_tokens.weight";

    private readonly HashSet<int> _noisy = [];

    private DemoPair(string folder) => (Base, Tuned) = (Path.Combine(folder, "base"), Path.Combine(folder, "tuned"));

    /// <summary>The folder of the base.</summary>
    public string Base { get; }

    /// <summary>The folder of the tuned copy.</summary>
    public string Tuned { get; }

    /// <summary>The rows that were moved, ascending.</summary>
    public static IReadOnlyList<int> Planted { get; } =
        [.. DemoTokenizer.Moved.Select(DemoTokenizer.IdOf).Order()];

    /// <summary>The row that is nearly zero.</summary>
    public static int Dead { get; } = DemoTokenizer.IdOf(DemoTokenizer.DeadPiece);

    /// <summary>The number of rows that got noise, without the dead one.</summary>
    public int NoisyCount => _noisy.Count;

    /// <summary>Makes both in a folder.</summary>
    public static DemoPair Make(string folder)
    {
        DemoPair pair = new(folder);
        for (int id = 0; id < DemoTokenizer.Count; id++)
            if (id % 6 == 5 && id != Dead && !Planted.Contains(id)) pair._noisy.Add(id);
        // A row past the tokenizer's end, for it is tuned as well where nobody stops it.
        pair._noisy.Add(Rows - 1);

        ushort[] embedding = Normal(new(Seed), Rows * Width);
        SplitMix64 dust = new(Seed + 1);
        foreach (ref ushort value in embedding.AsSpan(Dead * Width, Width))
            value = HalfPrecision.ToBFloat16((float)(DeadValue * dust.NextNormal()));
        WriteModel(pair.Base, embedding);
        WriteModel(pair.Tuned, pair.Tune(embedding));
        return pair;
    }

    private ushort[] Tune(ushort[] embedding)
    {
        ushort[] tuned = [.. embedding];
        SplitMix64 random = new(Seed + 2);
        foreach (int id in _noisy.Append(Dead).Order()) Move(tuned.AsSpan(id * Width, Width), 0, Noise, ref random);
        for (int i = 0; i < Planted.Count; i++)
        {
            double shift = Deviation * (0.35 + 0.1 * i) * (i % 3 == 2 ? -1 : 1);
            Move(tuned.AsSpan(Planted[i] * Width, Width), shift, Deviation * 0.1, ref random);
        }
        return tuned;
    }

    private static void Move(Span<ushort> row, double shift, double noise, ref SplitMix64 random)
    {
        foreach (ref ushort value in row)
            value = HalfPrecision.ToBFloat16((float)(HalfPrecision.FromBFloat16(value) + shift + noise * random.NextNormal()));
    }

    private static void WriteModel(string folder, ushort[] embedding)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.WriteText(Path.Combine(folder, "config.json"), $$"""
            {
              "architectures": ["LlamaForCausalLM"],
              "model_type": "llama",
              "vocab_size": {{Rows}},
              "hidden_size": {{Width}},
              "num_hidden_layers": 1,
              "tie_word_embeddings": false,
              "bos_token_id": 1,
              "eos_token_id": 2,
              "torch_dtype": "bfloat16"
            }

            """);
        AtomicFile.Write(Path.Combine(folder, "tokenizer.json"), DemoTokenizer.Write);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"),
        [
            Source(Embedding, [Rows, Width], embedding),
            Source("model.layers.0.self_attn.q_proj.weight", [Width, Width], Normal(new(Seed + 3), Width * Width)),
            Source("model.layers.0.mlp.down_proj.weight", [Width, 2 * Width], Normal(new(Seed + 4), 2 * Width * Width)),
            Source("model.norm.weight", [Width], Normal(new(Seed + 5), Width)),
            Source("lm_head.weight", [Rows, Width], Normal(new(Seed + 6), Rows * Width)),
        ], new Dictionary<string, string> { ["format"] = "pt" });
    }

    private static TensorSource Source(string name, long[] shape, ushort[] values)
    {
        byte[] bytes = new byte[values.Length * sizeof(ushort)];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(i * sizeof(ushort)), values[i]);
        return TensorSource.FromBytes(name, ElementType.BF16, shape, bytes);
    }

    private static ushort[] Normal(SplitMix64 random, int count)
    {
        ushort[] values = new ushort[count];
        foreach (ref ushort value in values.AsSpan()) value = HalfPrecision.ToBFloat16((float)(Deviation * random.NextNormal()));
        return values;
    }
}
