namespace KsLottery.Engine.Operations;

/// <summary>Attention of one head on the calling thread; any number of threads may use one at a time.</summary>
internal abstract class AttentionKernel
{
    /// <summary>Fills the output of the rows from <paramref name="from"/> on, which begins a tile, and their log Σ exp.</summary>
    public abstract void Forward(DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionHead head, int from);

    /// <summary>Overwrites the gradients of a sequence's key head and of all query heads that read it, of which the first is
    /// given.</summary>
    public abstract void Backward(DeviceSpan queryGradient, DeviceSpan keyGradient, DeviceSpan valueGradient, DeviceSpan outputGradient,
        DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value, AttentionHead head);
}
