using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Models;

public sealed partial class LlamaModel
{
    private readonly ScratchMemory _inner, _innerGradient;

    /// <summary>output = input · weightᵀ, with the weight's adapter where it has one.</summary>
    private void Project(DeviceSpan output, DeviceSpan input, Weight weight)
    {
        _operations.MatMulForward(output, input, weight.Value, weight.Rows, weight.Columns);
        if (weight.Adapter is { } adapter)
            _operations.MatMulForward(output, Inner(input, adapter), adapter.Up.Value, adapter.Up.Rows, adapter.Up.Columns,
                accumulate: true);
    }

    /// <summary>The gradients of an adapter, and what goes through it to the gradient of its input.</summary>
    private void AdapterBackward(DeviceSpan inputGradient, DeviceSpan outputGradient, DeviceSpan input, Weight weight)
    {
        if (weight.Adapter is not { } adapter) return;
        (Weight down, Weight up) = (adapter.Down, adapter.Up);
        _operations.MatMulBackwardWeight(up.Gradient, outputGradient, Inner(input, adapter), up.Rows, up.Columns);
        DeviceSpan innerGradient = _innerGradient.Get(input.Length / down.Columns * down.Rows);
        _operations.MatMulBackwardInput(innerGradient, outputGradient, up.Value, up.Rows, up.Columns);
        _operations.MatMulBackwardWeight(down.Gradient, innerGradient, input, down.Rows, down.Columns);
        _operations.MatMulBackwardInput(inputGradient, innerGradient, down.Value, down.Rows, down.Columns, accumulate: true);
    }

    private DeviceSpan Inner(DeviceSpan input, LowRankAdapter adapter)
    {
        DeviceSpan inner = _inner.Get(input.Length / adapter.Down.Columns * adapter.Down.Rows);
        _operations.MatMulForward(inner, input, adapter.Down.Value, adapter.Down.Rows, adapter.Down.Columns);
        return inner;
    }
}
