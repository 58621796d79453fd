using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Training;

/// <summary>λ/N · Σ|p - p₀| over the values that learn, where p₀ is what they were at the start and the model has N parameters: keeps a
/// training near its base (LT-SFT, Ansell et al., ACL 2022).</summary>
/// <remarks>N is the same whatever learns, so that one λ pulls a value as much in a full training as in that of a ticket.</remarks>
internal sealed class BasePenalty : IDisposable
{
    private readonly IReadOnlyList<Weight> _weights;
    private readonly IOperations _operations;
    private readonly double _scale;
    private readonly DeviceMemory[] _start;

    /// <summary>Remembers what learns as it is; nothing where λ is 0.</summary>
    /// <param name="weights">What learns, as it is at the start.</param>
    /// <param name="operations">Its device.</param>
    /// <param name="lambda">λ.</param>
    /// <param name="parameterCount">N.</param>
    public BasePenalty(IReadOnlyList<Weight> weights, IOperations operations, double lambda, long parameterCount)
    {
        (_weights, _operations, _scale) = (lambda > 0 ? weights : [], operations, lambda / parameterCount);
        _start = [.. _weights.Select(w => operations.Allocate(w.Value.Length))];
        for (int i = 0; i < _start.Length; i++) operations.Copy(_start[i], _weights[i].Value);
    }

    /// <summary>How many values are kept.</summary>
    public long Length => _start.Sum(m => m.Length);

    /// <summary>Adds its gradient to that of each weight.</summary>
    /// <returns>The penalty.</returns>
    public double AddGradient()
    {
        double distance = 0;
        for (int i = 0; i < _start.Length; i++)
            distance += _operations.L1Distance(_weights[i].Gradient, _weights[i].Value, _start[i], _scale);
        return _scale * distance;
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        foreach (DeviceMemory memory in _start) memory.Dispose();
    }
}
