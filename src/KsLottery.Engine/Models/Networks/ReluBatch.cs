using System.Numerics.Tensors;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Models;

/// <summary>Pairs of symbols with what is to be said of each, and the activations of a <see cref="ReluNetwork"/> for them.</summary>
internal sealed class ReluBatch : IDisposable
{
    private readonly DeviceMemory[] _memory;
    private readonly float[] _values, _gradients, _logits;
    private readonly int[] _targets;
    private readonly int _symbols;

    /// <param name="shape">The network's shape.</param>
    /// <param name="pairs">N pairs (a, b), and their answers.</param>
    /// <param name="operations">The device.</param>
    public ReluBatch(ReluShape shape, IReadOnlyList<(int A, int B, int Answer)> pairs, IOperations operations)
    {
        (Count, _symbols) = (pairs.Count, shape.Symbols);
        Symbols = (int[])[.. pairs.Select(p => p.A), .. pairs.Select(p => p.B)];
        Places = (int[])[.. Enumerable.Range(0, Count), .. Enumerable.Range(0, Count)];
        Targets = _targets = [.. pairs.Select(p => p.Answer)];
        _values = new float[Count * shape.Hidden];
        _logits = new float[Count * shape.Symbols];
        _gradients = new float[_values.Length];
        _memory = [.. ((int[])[2 * _values.Length, _values.Length, _values.Length, _logits.Length, Count, Count])
            .Select(length => operations.Allocate(length))];
    }

    /// <summary>N.</summary>
    public int Count { get; }

    /// <summary>All a, then all b.</summary>
    public ReadOnlyMemory<int> Symbols { get; }

    /// <summary>The pair of each of them.</summary>
    public ReadOnlyMemory<int> Places { get; }

    /// <summary>The answers.</summary>
    public ReadOnlyMemory<int> Targets { get; }

    /// <summary>(2N, H), a vector of each symbol.</summary>
    public DeviceSpan Looked => _memory[0];

    /// <summary>(N, H), their sums: what the hidden layer is before max(0, x).</summary>
    public DeviceSpan Hidden => _memory[1];

    /// <summary>(N, H), what it is behind it.</summary>
    public DeviceSpan Active => _memory[2];

    /// <summary>(N, P).</summary>
    public DeviceSpan Logits => _memory[3];

    /// <summary>(N).</summary>
    public DeviceSpan Losses => _memory[4];

    /// <summary>(N).</summary>
    public DeviceSpan LogSumExp => _memory[5];

    /// <summary>Active = max(0, Hidden).</summary>
    public void Rectify(IOperations operations)
    {
        operations.Download(_values, Hidden);
        TensorPrimitives.Max<float>(_values, 0, _values);
        operations.Upload(Active, _values);
    }

    /// <summary>The gradient that lies in Active goes to Hidden where that is above 0; else it is 0.</summary>
    public void RectifyBackward(IOperations operations)
    {
        operations.Download(_gradients, Active);
        for (int i = 0; i < _gradients.Length; i++)
            if (!(_values[i] > 0)) _gradients[i] = 0;
        operations.Upload(Hidden, _gradients);
    }

    /// <summary>The mean loss after a forward pass, in nats, and the part of the pairs whose answer has the largest logit.</summary>
    public (double Loss, double Accuracy) Score(IOperations operations)
    {
        operations.Download(_logits, Logits);
        int right = 0;
        for (int i = 0; i < Count; i++)
            if (TensorPrimitives.IndexOfMax<float>(_logits.AsSpan(i * _symbols, _symbols)) == _targets[i]) right++;
        return (operations.Sum(Losses) / Count, (double)right / Count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (DeviceMemory memory in _memory) memory.Dispose();
    }
}
