namespace KsLottery.Engine.Models;

/// <summary>The weights of one layer.</summary>
public sealed class LlamaLayer
{
    private readonly Weight[] _weights;

    internal LlamaLayer(Weight[] weights) => _weights = weights;

    /// <summary>(C).</summary>
    public Weight AttentionNorm => _weights[0];

    /// <summary>(H·D, C).</summary>
    public Weight Query => _weights[1];

    /// <summary>(G·D, C).</summary>
    public Weight Key => _weights[2];

    /// <summary>(G·D, C).</summary>
    public Weight Value => _weights[3];

    /// <summary>(C, H·D).</summary>
    public Weight Output => _weights[4];

    /// <summary>(C).</summary>
    public Weight FeedForwardNorm => _weights[5];

    /// <summary>(F, C).</summary>
    public Weight Gate => _weights[6];

    /// <summary>(F, C).</summary>
    public Weight Up => _weights[7];

    /// <summary>(C, F).</summary>
    public Weight Down => _weights[8];

    /// <summary>All of them, in the order of the forward pass.</summary>
    public IReadOnlyList<Weight> Weights => _weights;

    /// <summary>Names within the layer and shapes; a vector has 0 rows.</summary>
    internal static (string Name, int Rows, int Columns)[] Shapes(LlamaConfig config) =>
    [
        ("input_layernorm", 0, config.Width),
        ("self_attn.q_proj", config.Attention.QueryWidth, config.Width),
        ("self_attn.k_proj", config.Attention.KeyWidth, config.Width),
        ("self_attn.v_proj", config.Attention.KeyWidth, config.Width),
        ("self_attn.o_proj", config.Width, config.Attention.QueryWidth),
        ("post_attention_layernorm", 0, config.Width),
        ("mlp.gate_proj", config.FeedForwardWidth, config.Width),
        ("mlp.up_proj", config.FeedForwardWidth, config.Width),
        ("mlp.down_proj", config.Width, config.FeedForwardWidth),
    ];

    /// <summary>Query and value, which LoRA adapts.</summary>
    internal IEnumerable<Weight> Adaptable => [Query, Value];

    /// <summary>Puts matrices with their adapters added in their places.</summary>
    internal void Merge(Operations.IOperations operations)
    {
        for (int i = 0; i < _weights.Length; i++) _weights[i] = _weights[i].ToMerged(operations);
    }

    internal void MakeTrainable(Operations.IOperations operations)
    {
        for (int i = 0; i < _weights.Length; i++) _weights[i] = _weights[i].ToTrainable(operations);
    }
}
