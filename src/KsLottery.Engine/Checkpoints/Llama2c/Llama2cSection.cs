namespace KsLottery.Engine.Checkpoints;

/// <summary>A stretch of a llama2.c file: one matrix or vector, or the same one of every layer, in order.</summary>
/// <param name="Name">The name in Hugging Face's manner, the part that differs; null for what a model does not need.</param>
/// <param name="IsPerLayer">Whether there is one for each layer.</param>
/// <param name="Shape">The dimensions of one.</param>
/// <param name="RotaryHeads">The heads whose rows stand in pairs for rotary positions; 0 where rows keep their order.</param>
internal sealed record Llama2cSection(string? Name, bool IsPerLayer, long[] Shape, int RotaryHeads = 0)
{
    /// <summary>The values of one.</summary>
    public UInt128 ElementCount => Shape.Aggregate(UInt128.One, (product, d) => product * (ulong)d);

    /// <summary>The tensor's whole name.</summary>
    public string NameIn(int layer) => IsPerLayer ? $"model.layers.{layer}.{Name}.weight" : $"{Name}.weight";

    /// <summary>All stretches of a file in their order.</summary>
    /// <remarks>
    /// Source: <c>legacy_export</c> and <c>version1_export</c> of llama2.c. The legacy form has the cosines and sines of rotary positions
    /// before the head, <c>seq_len</c> × half a head each; llama2.c itself passes them over and computes with θ = 10,000.
    /// </remarks>
    public static Llama2cSection[] InOrder(Llama2cHeader h)
    {
        long keyValueWidth = (long)h.KeyValueHeadCount * h.HeadWidth;
        Llama2cSection embedding = new("model.embed_tokens", false, [h.VocabularySize, h.Width]);
        Llama2cSection attentionNorm = new("input_layernorm", true, [h.Width]);
        Llama2cSection[] attention =
        [
            new("self_attn.q_proj", true, [h.Width, h.Width], h.HeadCount),
            new("self_attn.k_proj", true, [keyValueWidth, h.Width], h.KeyValueHeadCount),
            new("self_attn.v_proj", true, [keyValueWidth, h.Width]),
            new("self_attn.o_proj", true, [h.Width, h.Width]),
        ];
        Llama2cSection feedForwardNorm = new("post_attention_layernorm", true, [h.Width]);
        Llama2cSection[] feedForward =
        [
            new("mlp.gate_proj", true, [h.HiddenWidth, h.Width]),
            new("mlp.down_proj", true, [h.Width, h.HiddenWidth]),
            new("mlp.up_proj", true, [h.HiddenWidth, h.Width]),
        ];
        Llama2cSection norm = new("model.norm", false, [h.Width]);
        Llama2cSection rotaryTables = new(null, false, [2, h.SequenceLength, h.HeadWidth / 2]);
        Llama2cSection[] head = h.IsTied ? [] : [new("lm_head", false, [h.VocabularySize, h.Width])];
        return h.Version == 0
            ? [embedding, attentionNorm, .. attention, feedForwardNorm, .. feedForward, norm, rotaryTables, .. head]
            : [attentionNorm, feedForwardNorm, norm, embedding, .. attention, .. feedForward, .. head];
    }
}
