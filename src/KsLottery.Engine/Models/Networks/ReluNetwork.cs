using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Models;

/// <summary>A network of one hidden layer without norms and biases: logits = U · max(0, W · (E[a] + E[b])).</summary>
/// <remarks>
/// Source: the two-layer network that learns modular addition in Minegishi, Iwasawa and Matsuo (arXiv 2310.19470). It runs on the
/// operations that a LLaMA does; a pair's two vectors are added by <see cref="IOperations.EmbeddingBackward"/>, and max(0, x) is the
/// copy of those elements that are above 0.
/// </remarks>
internal sealed class ReluNetwork : IDisposable
{
    private readonly IOperations _operations;
    private readonly DeviceMemory _weights, _gradients;

    public ReluNetwork(ReluShape shape, IOperations operations)
    {
        (Shape, _operations) = (shape, operations);
        _weights = operations.Allocate(shape.ParameterCount);
        _gradients = operations.Allocate(shape.ParameterCount);
    }

    public ReluShape Shape { get; }

    /// <summary>E (P, C), W (H, C) and U (P, H), one behind the other.</summary>
    public DeviceSpan Weights => _weights;

    /// <summary>The gradients, as the weights lie.</summary>
    public DeviceSpan Gradients => _gradients;

    /// <summary>New weights: normal with a deviation of s/√C, those of U of s/√H.</summary>
    public static float[] Draw(ReluShape shape, double scale, ulong seed)
    {
        List<float> values = [];
        foreach ((_, int rows, int columns) in shape.Matrices)
        {
            SplitMix64 random = new(SplitMix64.Mix(seed) + (ulong)values.Count);
            double deviation = scale / Math.Sqrt(columns);
            for (int i = 0; i < rows * columns; i++) values.Add((float)(random.NextNormal() * deviation));
        }
        return [.. values];
    }

    /// <summary>The logits of a batch, with all that backward needs.</summary>
    public void Forward(ReluBatch batch)
    {
        (DeviceSpan embedding, DeviceSpan hidden, DeviceSpan output) = Split(Weights);
        _operations.EmbeddingForward(batch.Looked, embedding, batch.Symbols, Shape.Width);
        _operations.Clear(batch.Input);
        _operations.EmbeddingBackward(batch.Input, batch.Looked, batch.Places, Shape.Width);
        _operations.MatMulForward(batch.Hidden, batch.Input, hidden, Shape.Hidden, Shape.Width);
        batch.FindActive(_operations);
        batch.CopyActive(_operations, batch.Active, batch.Hidden);
        _operations.MatMulForward(batch.Logits, batch.Active, output, Shape.Symbols, Shape.Hidden);
        _operations.CrossEntropyForward(batch.Losses, batch.LogSumExp, batch.Logits, batch.Targets, Shape.Symbols);
    }

    /// <summary>The gradients of the mean loss of the batch that went forward last; its logits are overwritten.</summary>
    public void Backward(ReluBatch batch)
    {
        (_, DeviceSpan hidden, DeviceSpan output) = Split(Weights);
        (DeviceSpan embeddingGradient, DeviceSpan hiddenGradient, DeviceSpan outputGradient) = Split(Gradients);
        _operations.Clear(Gradients);
        _operations.CrossEntropyBackward(batch.Logits, batch.LogSumExp, batch.Targets, Shape.Symbols, 1.0 / batch.Count);
        _operations.MatMulBackwardWeight(outputGradient, batch.Logits, batch.Active, Shape.Symbols, Shape.Hidden);
        _operations.MatMulBackwardInput(batch.Active, batch.Logits, output, Shape.Symbols, Shape.Hidden);
        batch.CopyActive(_operations, batch.Hidden, batch.Active);
        _operations.MatMulBackwardWeight(hiddenGradient, batch.Hidden, batch.Input, Shape.Hidden, Shape.Width);
        _operations.MatMulBackwardInput(batch.Input, batch.Hidden, hidden, Shape.Hidden, Shape.Width);
        _operations.EmbeddingForward(batch.Looked, batch.Input, batch.Places, Shape.Width);
        _operations.EmbeddingBackward(embeddingGradient, batch.Looked, batch.Symbols, Shape.Width);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _weights.Dispose();
        _gradients.Dispose();
    }

    private (DeviceSpan Embedding, DeviceSpan Hidden, DeviceSpan Output) Split(DeviceSpan all)
    {
        int embedding = Shape.Symbols * Shape.Width, hidden = Shape.Hidden * Shape.Width;
        return (all.Slice(0, embedding), all.Slice(embedding, hidden), all.Slice(embedding + hidden, Shape.Symbols * Shape.Hidden));
    }
}
