using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Operations;

/// <summary>Numbers in a device's memory: a weight as its file stores it, or room that the device's operations work in.</summary>
public abstract class DeviceMemory : IDisposable
{
    private protected DeviceMemory(long length, ElementType elementType) => (Length, ElementType) = (length, elementType);

    /// <summary>The number of elements.</summary>
    public long Length { get; }

    /// <summary>How an element is stored.</summary>
    public ElementType ElementType { get; }

    /// <summary>All of it.</summary>
    public DeviceSpan Span => new(this, 0, Length);

    /// <summary>Gives the memory back; spans of it must not be used any more.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the memory back.</summary>
    private protected abstract void Dispose(bool disposing);
}
