namespace KsLottery.Engine.Models;

/// <summary>The weights of one layer.</summary>
internal sealed class LlamaLayer
{
    /// <summary>What a layer is made of, in the order of the forward pass.</summary>
    private enum Part { AttentionNorm, Query, Key, Value, Output, FeedForwardNorm, Gate, Up, Down }

    private readonly Weight[] _weights;

    /// <param name="config">The model's shape.</param>
    /// <param name="make">Makes a weight of a name within the layer, of rows and columns; a vector has 0 rows.</param>
    internal LlamaLayer(LlamaConfig config, Func<string, int, int, Weight> make) => _weights = [.. Enum.GetValues<Part>().Select(part =>
    {
        (string name, int rows, int columns) = Shape(part, config);
        return make(name, rows, columns);
    })];

    /// <summary>(C).</summary>
    public Weight AttentionNorm => this[Part.AttentionNorm];

    /// <summary>(H·D, C).</summary>
    public Weight Query => this[Part.Query];

    /// <summary>(G·D, C).</summary>
    public Weight Key => this[Part.Key];

    /// <summary>(G·D, C).</summary>
    public Weight Value => this[Part.Value];

    /// <summary>(C, H·D).</summary>
    public Weight Output => this[Part.Output];

    /// <summary>(C).</summary>
    public Weight FeedForwardNorm => this[Part.FeedForwardNorm];

    /// <summary>(F, C).</summary>
    public Weight Gate => this[Part.Gate];

    /// <summary>(F, C).</summary>
    public Weight Up => this[Part.Up];

    /// <summary>(C, F).</summary>
    public Weight Down => this[Part.Down];

    /// <summary>All of them, in the order of the forward pass.</summary>
    public IReadOnlyList<Weight> Weights => _weights;

    private Weight this[Part part] => _weights[(int)part];

    private static (string Name, int Rows, int Columns) Shape(Part part, LlamaConfig config) => part switch
    {
        Part.AttentionNorm => ("input_layernorm", 0, config.Width),
        Part.Query => ("self_attn.q_proj", config.Attention.QueryWidth, config.Width),
        Part.Key => ("self_attn.k_proj", config.Attention.KeyWidth, config.Width),
        Part.Value => ("self_attn.v_proj", config.Attention.KeyWidth, config.Width),
        Part.Output => ("self_attn.o_proj", config.Width, config.Attention.QueryWidth),
        Part.FeedForwardNorm => ("post_attention_layernorm", 0, config.Width),
        Part.Gate => ("mlp.gate_proj", config.FeedForwardWidth, config.Width),
        Part.Up => ("mlp.up_proj", config.FeedForwardWidth, config.Width),
        Part.Down => ("mlp.down_proj", config.Width, config.FeedForwardWidth),
        _ => throw new System.Diagnostics.UnreachableException($"{part} has no shape"),
    };

    /// <summary>Query and value, which LoRA adapts.</summary>
    internal IEnumerable<Weight> Adaptable => [Query, Value];

    /// <summary>Puts other weights of the same names in their places.</summary>
    internal void Replace(Func<Weight, Weight> make)
    {
        for (int i = 0; i < _weights.Length; i++) _weights[i] = make(_weights[i]);
    }
}
