using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Models;

/// <summary>A network of one hidden layer without norms and biases: logits = U · max(0, E[a] + E[b]).</summary>
/// <remarks>
/// Source: the two-layer network that learns modular addition in Minegishi, Iwasawa and Matsuo (arXiv 2310.19470). It runs on the
/// operations that a LLaMA does: a pair's two vectors are added by <see cref="IOperations.EmbeddingBackward"/>. There is none for
/// max(0, x), which the host computes.
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

    /// <summary>E (P, H) and U (P, H), one behind the other.</summary>
    public DeviceSpan Weights => _weights;

    /// <summary>The gradients, as the weights lie.</summary>
    public DeviceSpan Gradients => _gradients;

    /// <summary>New weights: normal with a deviation of s/√H.</summary>
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
        (DeviceSpan embedding, DeviceSpan output) = Split(Weights);
        _operations.EmbeddingForward(batch.Looked, embedding, batch.Symbols, Shape.Hidden);
        _operations.Clear(batch.Hidden);
        _operations.EmbeddingBackward(batch.Hidden, batch.Looked, batch.Places, Shape.Hidden);
        batch.Rectify(_operations);
        _operations.MatMulForward(batch.Logits, batch.Active, output, Shape.Symbols, Shape.Hidden);
        _operations.CrossEntropyForward(batch.Losses, batch.LogSumExp, batch.Logits, batch.Targets, Shape.Symbols);
    }

    /// <summary>The gradients of the mean loss of the batch that went forward last; its logits are overwritten.</summary>
    public void Backward(ReluBatch batch)
    {
        DeviceSpan output = Split(Weights).Output;
        (DeviceSpan embeddingGradient, DeviceSpan outputGradient) = Split(Gradients);
        _operations.Clear(Gradients);
        _operations.CrossEntropyBackward(batch.Logits, batch.LogSumExp, batch.Targets, Shape.Symbols, 1.0 / batch.Count);
        _operations.MatMulBackwardWeight(outputGradient, batch.Logits, batch.Active, Shape.Symbols, Shape.Hidden);
        _operations.MatMulBackwardInput(batch.Active, batch.Logits, output, Shape.Symbols, Shape.Hidden);
        batch.RectifyBackward(_operations);
        _operations.EmbeddingForward(batch.Looked, batch.Hidden, batch.Places, Shape.Hidden);
        _operations.EmbeddingBackward(embeddingGradient, batch.Looked, batch.Symbols, Shape.Hidden);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _weights.Dispose();
        _gradients.Dispose();
    }

    private (DeviceSpan Embedding, DeviceSpan Output) Split(DeviceSpan all)
    {
        int half = Shape.Symbols * Shape.Hidden;
        return (all.Slice(0, half), all.Slice(half, half));
    }
}
