using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Models;

/// <summary>A mask as a model's weights have it.</summary>
internal static class ModelMask
{
    /// <summary>The parts that have units, by the names of the model's weights; a tied head is the embedding, so that both parts
    /// are united.</summary>
    /// <param name="mask">The mask.</param>
    /// <param name="weights">The model's weights.</param>
    /// <param name="isWhole">Whether parts without units count as well: all of them is outside.</param>
    /// <exception cref="ArgumentException">The mask names a tensor that the model lacks, or has in another shape.</exception>
    public static Dictionary<string, TensorMask> Of(TicketMask mask, LlamaWeights weights, bool isWhole = false)
    {
        Dictionary<string, Weight> known = weights.All.ToDictionary(w => w.Name);
        if (weights.Config.IsTied) known.TryAdd(LlamaWeights.HeadName, weights.TokenEmbedding);
        Dictionary<string, TensorMask> parts = [];
        foreach (TensorMask part in mask.Tensors.Where(t => isWhole || t.Units.Count > 0))
        {
            if (!known.TryGetValue(part.Name, out Weight? weight))
                throw new ArgumentException($"the mask is of {CheckpointFormatException.Quote(part.Name)}, the model has no such "
                    + "tensor. Take a mask of this model's tensors.", nameof(mask));
            if ((part.Grid.Rows, part.Grid.Columns) != (weight.Rows, weight.Columns))
                throw new ArgumentException($"the mask has {part.Grid} of {CheckpointFormatException.Quote(part.Name)}, the model's is "
                    + $"[{weight.Rows},{weight.Columns}]. Take a mask of this model's tensors.", nameof(mask));
            TensorMask own = part with { Name = weight.Name };
            parts[weight.Name] = parts.TryGetValue(weight.Name, out TensorMask? other)
                ? new TicketMask([other]).Union(new([own])).Tensors[0] : own;
        }
        return parts;
    }

    /// <summary>The rows of the embedding, where a mask has nothing else and only whole ones; else null.</summary>
    public static IndexSet? EmbeddingRows(Dictionary<string, TensorMask> mask, Weight embedding)
    {
        if (mask.Count != 1 || !mask.TryGetValue(embedding.Name, out TensorMask? part)) return null;
        return part.Grid.IsRows || LearnedRuns.WidthOf(part.ToElements().Units, embedding.Columns) == embedding.Columns ? part.Rows : null;
    }
}
