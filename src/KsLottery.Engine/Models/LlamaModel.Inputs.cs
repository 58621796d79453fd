using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Models;

public sealed partial class LlamaModel
{
    private Action<DeviceSpan, Weight[]>? _hearInput;

    /// <summary>Runs all layers, and tells what their matrices are multiplied with.</summary>
    /// <param name="batch">The sequences.</param>
    /// <param name="hear">Takes (N, columns), which lasts as long as the call, and the matrices that read it.</param>
    /// <exception cref="ArgumentException">A token is outside the vocabulary.</exception>
    internal void VisitInputs(TokenBatch batch, Action<DeviceSpan, Weight[]> hear)
    {
        _hearInput = hear;
        try
        {
            Forward(batch, keep: false);
        }
        finally
        {
            _hearInput = null;
        }
    }
}
