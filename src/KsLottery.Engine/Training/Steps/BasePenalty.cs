using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Training;

/// <summary>(λ₁·Σ|p - p₀| + λ₂·Σ(p - p₀)²) / N over the values that learn, where p₀ is what they were at the start and the model has N
/// parameters: keeps a training near its base (L1: LT-SFT, Ansell et al., ACL 2022; L2: L2-SP, Li et al., ICML 2018).</summary>
/// <remarks>N is the same whatever learns, so that one λ pulls a value as much in a full training as in that of a ticket.</remarks>
internal sealed class BasePenalty : IDisposable
{
    private readonly IReadOnlyList<Weight> _weights;
    private readonly IOperations _operations;
    private readonly double _first, _second;
    private readonly DeviceMemory[] _start;

    /// <summary>Remembers what learns as it is; nothing where both λ are 0.</summary>
    /// <param name="weights">What learns, as it is at the start.</param>
    /// <param name="operations">Its device.</param>
    /// <param name="options">Both λ.</param>
    /// <param name="parameterCount">N.</param>
    public BasePenalty(IReadOnlyList<Weight> weights, IOperations operations, TrainerOptions options, long parameterCount)
    {
        (_operations, _first, _second) = (operations, options.L1ToBase / parameterCount, options.L2ToBase / parameterCount);
        _weights = _first > 0 || _second > 0 ? weights : [];
        _start = [.. _weights.Select(w => operations.Allocate(w.Value.Length))];
        for (int i = 0; i < _start.Length; i++) operations.Copy(_start[i], _weights[i].Value);
    }

    /// <summary>How many values are kept.</summary>
    public long Length => _start.Sum(m => m.Length);

    /// <summary>Adds its gradient to that of each weight.</summary>
    /// <returns>The penalty.</returns>
    public double AddGradient()
    {
        double absolute = 0, squared = 0;
        for (int i = 0; i < _start.Length; i++)
        {
            Weight weight = _weights[i];
            if (_first > 0) absolute += _operations.L1Distance(weight.Gradient, weight.Value, _start[i], _first);
            if (_second > 0) squared += _operations.SquaredL2Distance(weight.Gradient, weight.Value, _start[i], _second);
        }
        return (_first * absolute) + (_second * squared);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        foreach (DeviceMemory memory in _start) memory.Dispose();
    }
}
