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
    /// <param name="waiting">How many gradients wait at once while a step's are added up.</param>
    /// <param name="recompute">Whether activations of one layer are kept at a time.</param>
    public static long Estimate(LlamaConfig config, long learned, long state, IReadOnlyList<long> whole, long rows, long targets,
        long evaluationRows, int waiting, bool recompute)
    {
        long width = config.Width, query = config.Attention.QueryWidth, key = config.Attention.KeyWidth, inner = config.FeedForwardWidth;
        long layer = LayerOf(config);
        long streams = (config.LayerCount + 1) * width, gradients = (2 * width) + (2 * Math.Max(query, width)) + (4 * key) + inner;
        long further = Math.Max(0, evaluationRows - rows) * (layer + (3 * width) + inner);
        long logitRows = LogitRowsOf(config, targets);
        return sizeof(float) * (((2 + waiting) * learned) + state + whole.Sum() + whole.DefaultIfEmpty().Max()
            + (rows * ((layer * (recompute ? 1 : config.LayerCount)) + streams + gradients)) + further
            + (logitRows * (config.VocabularySize + (4 * width))));
    }

    /// <summary>Bytes for a teacher's activations and logits.</summary>
    /// <param name="config">The teacher's shape.</param>
    /// <param name="rows">Rows computed at once.</param>
    /// <param name="targets">How many of them have a target.</param>
    public static long EstimateTeacher(LlamaConfig config, long rows, long targets) => sizeof(float)
        * ((rows * (LayerOf(config) + (3L * config.Width) + config.FeedForwardWidth))
            + (LogitRowsOf(config, targets) * (config.VocabularySize + (2L * config.Width))));

    /// <summary>Values that a layer keeps of a row.</summary>
    private static long LayerOf(LlamaConfig config) => 2 + (2L * config.Attention.QueryWidth) + (2L * config.Attention.KeyWidth)
        + config.Attention.Heads + config.Width + (2L * config.FeedForwardWidth);

    private static long LogitRowsOf(LlamaConfig config, long targets) =>
        Math.Min(targets, Math.Max(16, LogitBytes / (sizeof(float) * config.VocabularySize)));
}
