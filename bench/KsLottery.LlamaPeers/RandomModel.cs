using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.LlamaPeers;

/// <summary>A checkpoint of a new model.</summary>
internal static class RandomModel
{
    private const int MaxLength = 1024;
    private const ulong Seed = 1;

    /// <summary>Writes it.</summary>
    /// <param name="folder">Made where it is missing.</param>
    /// <param name="typeName">F32, F16 or BF16.</param>
    /// <param name="sizes">Width, layers, heads, width of the feed-forward block, vocabulary.</param>
    public static void Write(string folder, string typeName, int[] sizes)
    {
        ElementType type = Enum.Parse<ElementType>(typeName);
        LlamaConfig config = new()
        {
            Width = sizes[0],
            LayerCount = sizes[1],
            Attention = new AttentionShape(sizes[2], sizes[2], sizes[0] / sizes[2]),
            FeedForwardWidth = sizes[3],
            VocabularySize = sizes[4],
            MaxLength = MaxLength,
            NormEpsilon = 1e-5,
            IsTied = true,
        };
        using ComputeDevice device = ComputeDevice.Open("cpu", DeviceWork.Model);
        using LlamaWeights weights = LlamaWeights.Random(config, device.Operations, Seed);
        Directory.CreateDirectory(folder);
        using (FileStream stream = File.Create(Path.Combine(folder, "config.json"))) config.WriteTo(stream, type);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), weights.All.Select(weight =>
            new TensorSource(weight.Name, type, weight.Shape, target =>
            {
                float[] values = new float[weight.Value.Length];
                device.Operations.Download(values, weight.Value);
                target.Write(RowRounding.ToBytes(values, type));
            })));
    }
}
