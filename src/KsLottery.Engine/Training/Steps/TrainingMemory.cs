using KsLottery.Engine.Models;

namespace KsLottery.Engine.Training;

/// <summary>What a training needs on its device, before it begins.</summary>
internal static class TrainingMemory
{
    private const long LogitBytes = 64 << 20;

    /// <summary>Bytes for what learns, its gradients and moments, and for activations; mapped weights not counted.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="learned">The number of weights that learn.</param>
    /// <param name="state">What the trainer keeps beside these and their gradients.</param>
    /// <param name="whole">The lengths of the tensors of which only a mask learns: their F32 copies, and one gradient at a time.</param>
    /// <param name="rows">Rows computed at once.</param>
    /// <param name="targets">How many of them have a target.</param>
    /// <param name="evaluationRows">Rows evaluated at once, for which one layer's activations are kept.</param>
    /// <param name="microBatches">How many micro-batches a step has.</param>
    /// <param name="recompute">Whether activations of one layer are kept at a time.</param>
    public static long Estimate(LlamaConfig config, long learned, long state, IReadOnlyList<long> whole, long rows, long targets,
        long evaluationRows, int microBatches, bool recompute)
    {
        long width = config.Width, query = config.Attention.QueryWidth, key = config.Attention.KeyWidth, inner = config.FeedForwardWidth;
        long layer = 2 + (2 * query) + (2 * key) + config.Attention.Heads + width + (2 * inner);
        long streams = (config.LayerCount + 1) * width, gradients = (2 * width) + (2 * Math.Max(query, width)) + (4 * key) + inner;
        long further = Math.Max(0, evaluationRows - rows) * (layer + (3 * width) + inner);
        long logitRows = Math.Min(targets, Math.Max(16, LogitBytes / (sizeof(float) * config.VocabularySize)));
        return sizeof(float) * (((2 + GradientSum.LevelsOf(microBatches)) * learned) + state + whole.Sum() + whole.DefaultIfEmpty().Max()
            + (rows * ((layer * (recompute ? 1 : config.LayerCount)) + streams + gradients)) + further
            + (logitRows * (config.VocabularySize + (4 * width))));
    }
}
