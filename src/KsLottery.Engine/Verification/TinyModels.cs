using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Verification;

/// <summary>Models small enough that every weight can be disturbed, with weights large enough that nothing vanishes.</summary>
internal static class TinyModels
{
    public static LlamaConfig Config(bool isTied = false, RopeScaling? scaling = null) => new()
    {
        Width = 8,
        FeedForwardWidth = 12,
        LayerCount = 2,
        Attention = new AttentionShape(Heads: 4, KeyHeads: 2, HeadWidth: 6),
        VocabularySize = 11,
        MaxLength = 32,
        NormEpsilon = 1e-5,
        IsTied = isTied,
        RopeScaling = scaling,
    };

    /// <summary>Three packed sequences, some rows without a target.</summary>
    public static TokenBatch Batch() => new(
        [1, 4, 7, 3, 3, 10, 1, 5, 9, 2, 4, 6], [TokenBatch.NoTarget, 7, 3, 3, 10, 2, 5, 9, 2, TokenBatch.NoTarget, 6, 0], [0, 6, 10, 12]);

    /// <summary>A model whose weights a seed decides, the same on every device.</summary>
    public static LlamaWeights Weights(LlamaConfig config, IOperations operations, TrainingScope? scope, ulong seed = 7)
    {
        LlamaWeights weights = LlamaWeights.Random(config, operations, seed);
        SplitMix64 random = new(seed);
        foreach (Weight weight in weights.All) Fill(weight);
        if (scope is not null) weights.MakeTrainable(scope);
        if (scope is { Rank: > 0 }) foreach (Weight weight in weights.Trainable) Fill(weight);
        return weights;

        void Fill(Weight weight)
        {
            float[] values = new float[weight.Value.Length];
            for (int i = 0; i < values.Length; i++)
                values[i] = (float)(weight.IsVector ? 1 + (0.3 * random.NextNormal()) : 0.4 * random.NextNormal());
            operations.Upload(weight.Value, values);
        }
    }
}
