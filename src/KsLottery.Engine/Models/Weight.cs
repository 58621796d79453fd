using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Models;

/// <summary>A matrix or vector of a model, with its gradient where it learns.</summary>
internal sealed class Weight : IDisposable
{
    private readonly DeviceMemory _value;
    private DeviceMemory? _gradient;
    private readonly bool _isStored;

    internal Weight(string name, int rows, int columns, DeviceMemory value, DeviceMemory? gradient = null, bool isVector = false,
        bool isStored = false)
    {
        (Name, Rows, Columns, IsVector) = (name, rows, columns, isVector);
        (_value, _gradient, _isStored) = (value, gradient, isStored);
    }

    /// <summary>The tensor's name in a Hugging Face checkpoint.</summary>
    public string Name { get; }

    /// <summary>The number of rows, outputs for a linear layer; 1 for a vector.</summary>
    public int Rows { get; }

    /// <summary>The number of columns, inputs for a linear layer.</summary>
    public int Columns { get; }

    /// <summary>Whether the tensor has one dimension.</summary>
    public bool IsVector { get; }

    /// <summary>(Rows, Columns), in the stored type, or in the device's own where it learns.</summary>
    public DeviceSpan Value => _value;

    /// <summary>(Rows, Columns), empty while frozen.</summary>
    public DeviceSpan Gradient => _gradient is null ? default : _gradient.Span;

    /// <summary>What is added to it while it stays frozen; null for most.</summary>
    public LowRankAdapter? Adapter { get; private set; }

    /// <summary>Its values that learn while the others stay; null for most.</summary>
    public LearnedRuns? Runs { get; private set; }

    /// <summary>Whether all of it learns.</summary>
    public bool IsTrainable => _gradient is not null;

    /// <summary>Whether any of its values learn.</summary>
    public bool Learns => IsTrainable || Runs is not null;

    /// <summary>(Rows, Columns), or (Columns) of a vector.</summary>
    public long[] Shape => IsVector && Rows == 1 ? [Columns] : [Rows, Columns];

    /// <summary>Gives value and gradient back.</summary>
    public void Dispose()
    {
        _value.Dispose();
        _gradient?.Dispose();
        Adapter?.Dispose();
        Runs?.Weight.Dispose();
    }

    /// <summary>Takes other memory of the same length for the gradient, whatever is in it, and hands out its own.</summary>
    internal DeviceMemory ExchangeGradient(DeviceMemory memory)
    {
        if (_gradient is not { } own || own.Length != memory.Length)
            throw new ArgumentException($"{Name}: the gradient has {_gradient?.Length ?? 0} values, the memory {memory.Length}.",
                nameof(memory));
        _gradient = memory;
        return own;
    }

    /// <summary>Gives a frozen matrix an adapter that learns.</summary>
    internal void Adapt(int rank, IOperations operations, SplitMix64 random) => Adapter = new(this, rank, operations, random);

    /// <summary>The matrix with its adapter added, in the device's own type; takes this one's place.</summary>
    internal Weight ToMerged(IOperations operations)
    {
        if (Adapter is not { } adapter) return this;
        Weight merged = new(Name, Rows, Columns, operations.Allocate(Value.Length));
        operations.Copy(merged.Value, Value);
        operations.MatMulBackwardInput(merged.Value, adapter.Up.Value, adapter.Down.Value, adapter.Down.Rows, Columns, accumulate: true);
        Dispose();
        return merged;
    }

    /// <summary>The weight with some values that learn, copied to the device's own type where it is a checkpoint's; takes this one's
    /// place.</summary>
    internal Weight ToMasked(TensorMask mask, IOperations operations, bool isSingle = false)
    {
        Weight masked = _isStored ? new(Name, Rows, Columns, operations.Allocate(Value.Length), isVector: IsVector) : this;
        if (masked != this)
        {
            operations.Copy(masked.Value, Value);
            Dispose();
        }
        masked.Runs = new(masked, mask, operations, isSingle);
        return masked;
    }

    /// <summary>The weight with a gradient, copied to the device's own type where it is a checkpoint's; takes this one's place.</summary>
    internal Weight ToTrainable(IOperations operations)
    {
        if (!_isStored) return new(Name, Rows, Columns, _value, operations.Allocate(Value.Length), IsVector);
        Weight trainable = new(Name, Rows, Columns, operations.Allocate(Value.Length), operations.Allocate(Value.Length), IsVector);
        operations.Copy(trainable.Value, Value);
        Dispose();
        return trainable;
    }
}
