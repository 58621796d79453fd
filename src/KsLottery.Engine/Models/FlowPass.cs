using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Models;

/// <summary>The flow of <see cref="SynapticFlow"/> through a model, forward and backward, one place for all.</summary>
/// <remarks>Where a layer ends, what flows is divided by a power of two, and what flows back as well: no depth leaves the range of
/// doubles.</remarks>
internal sealed class FlowPass
{
    private readonly Checkpoint _checkpoint;
    private readonly LlamaConfig _config;
    private readonly Tensor _head;

    /// <param name="checkpoint">The checkpoint, which must outlive the pass.</param>
    /// <param name="config">Its shape.</param>
    public FlowPass(Checkpoint checkpoint, LlamaConfig config)
    {
        (_checkpoint, _config) = (checkpoint, config);
        _head = config.IsTied ? checkpoint.GetInputEmbedding() : checkpoint.GetTensor(LlamaWeights.HeadName);
    }

    /// <summary>What flows through the rows and columns of each matrix, so that |w|·row·column is the part of R that goes through
    /// w.</summary>
    /// <param name="kept">What is kept of the matrices that it names; null for all.</param>
    /// <param name="cancel">Stops between chunks.</param>
    /// <exception cref="CheckpointFormatException">A value is NaN or infinite; names the tensor and the place.</exception>
    public Dictionary<string, (double[] Rows, double[] Columns)> Run(TicketMask? kept, CancellationToken cancel)
    {
        Layer[] layers = [.. Enumerable.Range(0, _config.LayerCount).Select(_ => new Layer())];
        double[] stream = [.. Enumerable.Repeat(1.0, _config.Width)];
        int exponent = 0;
        foreach ((int l, Layer layer) in layers.Index())
        {
            layer.Exponent = exponent;
            layer.Normed = Times(stream, Norm(l, "input_layernorm"));
            layer.Attended = Spread(AbsoluteProduct.Forward(Matrix(l, "self_attn.v_proj", kept), layer.Normed, cancel));
            double[] middle = Plus(stream, AbsoluteProduct.Forward(Matrix(l, "self_attn.o_proj", kept), layer.Attended, cancel));
            layer.MiddleNormed = Times(middle, Norm(l, "post_attention_layernorm"));
            layer.Inner = Plus(AbsoluteProduct.Forward(Matrix(l, "mlp.gate_proj", kept), layer.MiddleNormed, cancel),
                AbsoluteProduct.Forward(Matrix(l, "mlp.up_proj", kept), layer.MiddleNormed, cancel));
            stream = Plus(middle, AbsoluteProduct.Forward(Matrix(l, "mlp.down_proj", kept), layer.Inner, cancel));
            exponent += Scale(stream);
        }
        double[] ones = [.. Enumerable.Repeat(1.0, _config.VocabularySize)],
            back = Times(AbsoluteProduct.Backward(_head, ones, cancel), Magnitudes("model.norm.weight"));
        double total = Dot(stream, back);
        if (!double.IsFinite(total)) ThrowIfNotFinite(cancel);

        Dictionary<string, (double[], double[])> factors = [];
        int backExponent = Scale(back);
        for (int l = layers.Length - 1; l >= 0; l--)
        {
            Layer layer = layers[l];
            double share = total > 0 ? Math.ScaleB(1 / total, layer.Exponent + backExponent - exponent) : 0;
            void Put(string name, double[] rows, double[] columns) =>
                factors[NameOf(l, name)] = (Array.ConvertAll(rows, r => r * share), columns);

            Put("mlp.down_proj", back, layer.Inner);
            double[] inner = AbsoluteProduct.Backward(Matrix(l, "mlp.down_proj", kept), back, cancel);
            Put("mlp.gate_proj", inner, layer.MiddleNormed);
            Put("mlp.up_proj", inner, layer.MiddleNormed);
            double[] normed = Plus(AbsoluteProduct.Backward(Matrix(l, "mlp.gate_proj", kept), inner, cancel),
                AbsoluteProduct.Backward(Matrix(l, "mlp.up_proj", kept), inner, cancel));
            back = Plus(back, Times(normed, Norm(l, "post_attention_layernorm")));
            Put("self_attn.o_proj", back, layer.Attended);
            double[] value = Gather(AbsoluteProduct.Backward(Matrix(l, "self_attn.o_proj", kept), back, cancel));
            Put("self_attn.v_proj", value, layer.Normed);
            back = Plus(back, Times(AbsoluteProduct.Backward(Matrix(l, "self_attn.v_proj", kept), value, cancel),
                Norm(l, "input_layernorm")));
            backExponent += Scale(back);
        }
        return factors;
    }

    private static string NameOf(int layer, string name) => $"model.layers.{layer}.{name}.weight";

    private Tensor Matrix(int layer, string name, TicketMask? kept)
    {
        Tensor tensor = _checkpoint.GetTensor(NameOf(layer, name));
        return kept?.Find(tensor.Name) is { } mask ? new PrunedElements(tensor, mask).ToTensor() : tensor;
    }

    private double[] Norm(int layer, string name) => Magnitudes(NameOf(layer, name));

    private double[] Magnitudes(string name)
    {
        Tensor values = _checkpoint.GetTensor(name).Values;
        return [.. ElementValues.Read(values, 0, new float[values.ElementCount]).ToArray().Select(v => (double)MathF.Abs(v))];
    }

    /// <summary>The values of each head of keys, once for each head of queries that reads them.</summary>
    private double[] Spread(double[] values)
    {
        (int heads, int width) = (_config.Attention.Heads, _config.Attention.HeadWidth);
        int shared = heads / _config.Attention.KeyHeads;
        return [.. Enumerable.Range(0, heads * width).Select(i => values[(i / width / shared * width) + (i % width)])];
    }

    /// <summary>The reverse: sums over the heads of queries.</summary>
    private double[] Gather(double[] attended)
    {
        int width = _config.Attention.HeadWidth, shared = _config.Attention.Heads / _config.Attention.KeyHeads;
        double[] values = new double[_config.Attention.KeyWidth];
        for (int i = 0; i < attended.Length; i++) values[(i / width / shared * width) + (i % width)] += attended[i];
        return values;
    }

    private static double[] Plus(double[] one, double[] other) => [.. one.Zip(other, (a, b) => a + b)];

    private static double[] Times(double[] one, double[] other) => [.. one.Zip(other, (a, b) => a * b)];

    private static double Dot(double[] one, double[] other) => one.Zip(other, (a, b) => a * b).Sum();

    /// <summary>Brings the largest to 1 to 2, by a power of two; says which.</summary>
    private static int Scale(double[] values)
    {
        double largest = values.Largest();
        if (!(largest > 0) || !double.IsFinite(largest)) return 0;
        int exponent = Math.ILogB(largest);
        for (int i = 0; i < values.Length; i++) values[i] = Math.ScaleB(values[i], -exponent);
        return exponent;
    }

    private void ThrowIfNotFinite(CancellationToken cancel)
    {
        foreach (Tensor tensor in _checkpoint.Tensors) FiniteValues.Check(tensor, cancel);
        throw new NotFiniteNumberException($"{_checkpoint.Path}: what flows through the model is no number, although every weight is one. "
            + "Take a checkpoint from before its training diverged.");
    }

    /// <summary>What enters a layer's matrices.</summary>
    private sealed class Layer
    {
        /// <summary>Of the power of two that all of it is to be multiplied with.</summary>
        public int Exponent { get; set; }

        public double[] Normed { get; set; } = [];

        public double[] Attended { get; set; } = [];

        public double[] MiddleNormed { get; set; } = [];

        public double[] Inner { get; set; } = [];
    }
}
