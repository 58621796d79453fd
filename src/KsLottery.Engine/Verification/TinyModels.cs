using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;

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

    /// <summary>Elements, rows, a block and a part of a norm, in the embedding and both layers, of every model made here.</summary>
    public static TicketMask Mask { get; } = new(
    [
        Part("model.embed_tokens.weight", TicketUnit.Elements, 11, 8, 1, 9, 12, 35, 36, 80),
        Part("model.layers.0.self_attn.q_proj.weight", TicketUnit.Elements, 24, 8, 0, 5, 77, 190),
        Part("model.layers.0.self_attn.o_proj.weight", TicketUnit.Columns, 8, 24, 3, 17),
        Part("model.layers.0.post_attention_layernorm.weight", TicketUnit.Elements, 1, 8, 2, 3, 7),
        Part("model.layers.1.self_attn.v_proj.weight", TicketUnit.Blocks(2, 3), 12, 8, 1, 8, 17),
        Part("model.layers.1.mlp.up_proj.weight", TicketUnit.Rows, 12, 8, 4, 11),
        Part("model.layers.1.mlp.down_proj.weight", TicketUnit.Blocks(4, 4), 8, 12, 0, 5),
        Part("model.norm.weight", TicketUnit.Rows, 1, 8, 0),
    ]);

    /// <summary>Some rows of the embedding of every model made here.</summary>
    public static TrainingScope Rows(params IEnumerable<int> ascending) =>
        TrainingScope.Mask(TicketMask.OfRows("model.embed_tokens.weight", 11, 8, ascending));

    /// <summary>Three packed sequences, some rows without a target.</summary>
    public static TokenBatch Batch() => new(
        [1, 4, 7, 3, 3, 10, 1, 5, 9, 2, 4, 6], [TokenBatch.NoTarget, 7, 3, 3, 10, 2, 5, 9, 2, TokenBatch.NoTarget, 6, 0], [0, 6, 10, 12]);

    private static TensorMask Part(string name, TicketUnit unit, int rows, int columns, params int[] units)
    {
        UnitGrid grid = unit.Cut(rows, columns);
        return new(name, grid, IndexSet.Of(grid.Count, units));
    }

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
