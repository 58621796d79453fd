using KsLottery.Engine.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace KsLottery.TorchPeers;

/// <summary>A tied LLaMA in libtorch, its parameters named as in checkpoints: root mean square norms, rotary positions in halves,
/// libtorch's own causal attention, SwiGLU.</summary>
internal sealed class TorchLlama
{
    /// <summary>The embedding, which is the output head too.</summary>
    public const string EmbeddingName = "model.embed_tokens.weight";

    private readonly LlamaConfig _config;
    private readonly Dictionary<string, Parameter> _parameters = [];
    private readonly torch.Tensor _cosines, _sines;

    /// <param name="config">The shape, with as many key heads as heads.</param>
    /// <param name="length">T, the longest sequence.</param>
    public TorchLlama(LlamaConfig config, int length)
    {
        _config = config;
        int width = config.Width, within = config.FeedForwardWidth, headWidth = config.Attention.HeadWidth;
        Add(EmbeddingName, config.VocabularySize, width);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            foreach (string name in (string[])["input_layernorm", "post_attention_layernorm"]) Add(NameOf(layer, name), width);
            foreach (char part in "qkvo") Add(NameOf(layer, $"self_attn.{part}_proj"), width, width);
            foreach (string name in (string[])["gate", "up"]) Add(NameOf(layer, $"mlp.{name}_proj"), within, width);
            Add(NameOf(layer, "mlp.down_proj"), width, within);
        }
        Add("model.norm.weight", width);
        torch.Tensor frequencies = torch.pow(config.RopeTheta, torch.arange(0, headWidth, 2, torch.float64) * (-1.0 / headWidth));
        torch.Tensor angles = torch.outer(torch.arange(length, torch.float64), frequencies);
        (_cosines, _sines) = (angles.cos().to(torch.float32), angles.sin().to(torch.float32));
    }

    /// <summary>All parameters by name.</summary>
    public IReadOnlyDictionary<string, Parameter> Parameters => _parameters;

    /// <summary>(V, C).</summary>
    public Parameter Embedding => _parameters[EmbeddingName];

    /// <summary>The mean loss of a batch in nats.</summary>
    /// <param name="batch">B sequences of T tokens.</param>
    /// <param name="ticket">Rows in place of the embedding's.</param>
    public torch.Tensor Loss(TorchBatch batch, TorchTicket? ticket = null)
    {
        long sequences = batch.Tokens.shape[0], length = batch.Tokens.shape[1];
        torch.Tensor x = Embedding.index_select(0, batch.Tokens.flatten());
        torch.Tensor? change = ticket?.Change();
        if (change is not null) x = ticket!.AddToInput(x, batch, change);
        for (int layer = 0; layer < _config.LayerCount; layer++)
        {
            torch.Tensor h = Norm(x, NameOf(layer, "input_layernorm"));
            torch.Tensor q = Rotate(Heads('q')), k = Rotate(Heads('k')), v = Heads('v');
            torch.Tensor mixed = functional.scaled_dot_product_attention(q, k, v, null, 0, true);
            x = x + Product(mixed.transpose(1, 2).reshape(-1, _config.Width), NameOf(layer, "self_attn.o_proj"));
            h = Norm(x, NameOf(layer, "post_attention_layernorm"));
            torch.Tensor gated = functional.silu(Product(h, NameOf(layer, "mlp.gate_proj"))) * Product(h, NameOf(layer, "mlp.up_proj"));
            x = x + Product(gated, NameOf(layer, "mlp.down_proj"));

            torch.Tensor Heads(char part) => Product(h, NameOf(layer, $"self_attn.{part}_proj"))
                .view(sequences, length, _config.Attention.Heads, -1).transpose(1, 2);
        }
        x = Norm(x, "model.norm.weight");
        torch.Tensor logits = functional.linear(x, Embedding);
        if (change is not null) logits = ticket!.AddToLogits(logits, x, change);
        return functional.cross_entropy(logits, batch.Targets.flatten());
    }

    private static string NameOf(int layer, string name) => $"model.layers.{layer}.{name}.weight";

    private void Add(string name, params long[] shape) =>
        _parameters.Add(name, new(shape.Length == 1 ? torch.ones(shape) : torch.randn(shape) * 0.02));

    private torch.Tensor Product(torch.Tensor x, string name) => functional.linear(x, _parameters[name]);

    private torch.Tensor Norm(torch.Tensor x, string name) =>
        x * torch.rsqrt(x.square().mean([-1], keepdim: true) + _config.NormEpsilon) * _parameters[name];

    private torch.Tensor Rotate(torch.Tensor x)
    {
        torch.Tensor[] halves = x.chunk(2, -1);
        (torch.Tensor a, torch.Tensor b) = (halves[0], halves[1]);
        return torch.cat([(a * _cosines) - (b * _sines), (b * _cosines) + (a * _sines)], -1);
    }
}
