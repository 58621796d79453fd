using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Models;

/// <summary>The rotated keys and the values of what some sequences have read, layer by layer.</summary>
/// <param name="config">The model's shape.</param>
/// <param name="operations">The device.</param>
/// <param name="slots">S, sequences held at once.</param>
/// <param name="capacity">T, tokens of the longest.</param>
internal sealed class KeyValueCache(LlamaConfig config, IOperations operations, int slots, int capacity) : IDisposable
{
    private readonly DeviceMemory[] _keys = Allocate(config, operations, slots * (long)capacity);
    private readonly DeviceMemory[] _values = Allocate(config, operations, slots * (long)capacity);
    private readonly int[] _lengths = new int[slots];

    public int Slots => slots;

    public int Capacity => capacity;

    /// <summary>(S, T, G·D) of a layer.</summary>
    public DeviceSpan Keys(int layer) => _keys[layer];

    /// <summary>(S, T, G·D) of a layer.</summary>
    public DeviceSpan Values(int layer) => _values[layer];

    /// <summary>Tokens that a slot has read.</summary>
    public ref int Length(int slot) => ref _lengths[slot];

    /// <summary>Stores a layer's keys and values at rows slot·T + position.</summary>
    public void Store(int layer, LayerActivations activations, int[] rows)
    {
        operations.ScatterRows(Keys(layer), activations.Key, rows, config.Attention.KeyWidth);
        operations.ScatterRows(Values(layer), activations.Value, rows, config.Attention.KeyWidth);
    }

    /// <summary>Makes one slot a copy of another.</summary>
    public void CopySlot(int source, int destination)
    {
        long width = config.Attention.KeyWidth, length = _lengths[source] * width;
        foreach (DeviceMemory memory in (IEnumerable<DeviceMemory>)[.. _keys, .. _values])
            operations.Copy(memory.Span.Slice(destination * capacity * width, length),
                memory.Span.Slice(source * capacity * width, length));
        _lengths[destination] = _lengths[source];
    }

    public void Dispose()
    {
        foreach (DeviceMemory memory in (IEnumerable<DeviceMemory>)[.. _keys, .. _values]) memory.Dispose();
    }

    private static DeviceMemory[] Allocate(LlamaConfig config, IOperations operations, long rows) =>
        [.. Enumerable.Range(0, config.LayerCount).Select(_ => operations.Allocate(rows * config.Attention.KeyWidth))];
}
