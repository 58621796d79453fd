using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Training;

/// <summary>What an optimizer keeps of each weight that learns, in F32 of the weight's size, and its steps.</summary>
/// <remarks>AdamW keeps two moments. RMSprop keeps the mean square; what its step would leave as first moment is the gradient, and goes to
/// memory that all weights share.</remarks>
internal sealed class OptimizerState : IDisposable
{
    private readonly IReadOnlyList<Weight> _weights;
    private readonly IOperations _operations;
    private readonly TrainerOptions _options;
    private readonly DeviceMemory[] _first, _second;

    /// <param name="weights">What learns.</param>
    /// <param name="operations">Its device.</param>
    /// <param name="options">The rule and its numbers.</param>
    public OptimizerState(IReadOnlyList<Weight> weights, IOperations operations, TrainerOptions options)
    {
        (_weights, _operations, _options) = (weights, operations, options);
        _first = IsAdamW ? [.. weights.Select(w => operations.Allocate(w.Value.Length))]
            : [operations.Allocate(weights.Max(w => w.Value.Length))];
        _second = [.. weights.Select(w => operations.Allocate(w.Value.Length))];
    }

    /// <summary>How many values are kept.</summary>
    public long Length => _first.Concat(_second).Sum(m => m.Length);

    private bool IsAdamW => _options.Optimizer == OptimizerKind.AdamW;

    /// <summary>What is kept of a weight, each of its length.</summary>
    public IReadOnlyList<DeviceSpan> MomentsOf(int index) => IsAdamW ? [_first[index], _second[index]] : [_second[index]];

    /// <summary>Moves a weight.</summary>
    /// <param name="index">Its number among those that learn.</param>
    /// <param name="values">Its values, where they are changed.</param>
    /// <param name="step">The step, from 1.</param>
    /// <param name="rate">Its learning rate.</param>
    /// <param name="scale">What the gradient is multiplied with.</param>
    public void Step(int index, DeviceSpan values, long step, double rate, double scale)
    {
        Weight weight = _weights[index];
        AdamWStep update = IsAdamW
            ? new(rate, _options.Beta1, _options.Beta2, _options.Epsilon, weight.IsVector ? 0 : _options.WeightDecay, step, scale)
            : AdamWStep.RmsProp(rate, _options.Alpha, _options.Epsilon, scale);
        DeviceSpan first = IsAdamW ? _first[index] : _first[0].Span.Slice(0, weight.Value.Length);
        _operations.AdamWStep(values, weight.Gradient, first, _second[index], update);
    }

    /// <summary>Puts what is kept of a weight in another order; 0 where a value is new.</summary>
    /// <param name="index">Its number among those that learn.</param>
    /// <param name="from">Where each value stood, -1 where it is new.</param>
    /// <param name="scratch">Memory for as many.</param>
    public void Move(int index, int[] from, DeviceSpan scratch)
    {
        foreach (DeviceSpan moments in MomentsOf(index))
        {
            _operations.Clear(scratch);
            _operations.EmbeddingForward(scratch, moments, from, 1);
            _operations.Copy(moments, scratch);
        }
    }

    /// <summary>What is kept of a weight, as a state saves it.</summary>
    public IEnumerable<TrainingState.Part> PartsOf(int index)
    {
        Weight weight = _weights[index];
        if (IsAdamW) yield return new(weight.Name + ".exp_avg", weight.Shape, _first[index]);
        yield return new(weight.Name + (IsAdamW ? ".exp_avg_sq" : ".square_avg"), weight.Shape, _second[index]);
    }

    /// <summary>Gives the moments back.</summary>
    public void Dispose()
    {
        foreach (DeviceMemory memory in _first.Concat(_second)) memory.Dispose();
    }
}
