using System.Numerics.Tensors;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Models;

/// <summary>Pairs of symbols with what is to be said of each, and the activations of a <see cref="ReluNetwork"/> for them.</summary>
internal sealed class ReluBatch : IDisposable
{
    private readonly DeviceMemory[] _memory;
    private readonly float[] _values, _logits;
    private readonly int[] _active, _targets;
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
        _active = new int[_values.Length];
        _memory = [.. ((int[])[2 * Count * shape.Width, Count * shape.Width, _values.Length, _values.Length, _logits.Length, Count, Count])
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

    /// <summary>(2N, C), a vector of each symbol.</summary>
    public DeviceSpan Looked => _memory[0];

    /// <summary>(N, C), their sums.</summary>
    public DeviceSpan Input => _memory[1];

    /// <summary>(N, H), what the hidden layer is before max(0, x).</summary>
    public DeviceSpan Hidden => _memory[2];

    /// <summary>(N, H), what it is behind it.</summary>
    public DeviceSpan Active => _memory[3];

    /// <summary>(N, P).</summary>
    public DeviceSpan Logits => _memory[4];

    /// <summary>(N).</summary>
    public DeviceSpan Losses => _memory[5];

    /// <summary>(N).</summary>
    public DeviceSpan LogSumExp => _memory[6];

    /// <summary>Looks which elements of the hidden layer are above 0.</summary>
    public void FindActive(IOperations operations)
    {
        operations.Download(_values, Hidden);
        for (int i = 0; i < _values.Length; i++) _active[i] = _values[i] > 0 ? i : -1;
    }

    /// <summary>Copies these elements, and lets the others be 0.</summary>
    public void CopyActive(IOperations operations, DeviceSpan destination, DeviceSpan source)
    {
        operations.Clear(destination);
        operations.EmbeddingForward(destination, source, _active, 1);
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
