using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Operations;

/// <summary>Numbers in double precision, in an array that tests may look into and disturb.</summary>
/// <param name="values">The numbers.</param>
/// <param name="released">Hears how many bytes were given back.</param>
internal sealed class ReferenceMemory(double[] values, Action<long> released) : DeviceMemory(values.Length, ElementType.F64)
{
    private double[]? _values = values;

    /// <summary>The numbers.</summary>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public double[] Values => _values ?? throw new ObjectDisposedException(nameof(ReferenceMemory));

    private protected override void Dispose(bool disposing)
    {
        if (!disposing || _values is null) return;
        _values = null;
        released(Length * sizeof(double));
    }
}
