using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Operations;

/// <summary>Zeroed floats that this process owns, from a 64-byte boundary on.</summary>
/// <param name="length">The number of floats.</param>
/// <param name="released">Hears how many bytes were given back.</param>
internal sealed class OwnedMemory(long length, Action<long>? released = null) : CpuMemory(length, ElementType.F32)
{
    private readonly Interop.AlignedBlock _block = Interop.AlignedBlock.Allocate(checked(length * sizeof(float)));

    /// <summary>A range of the floats.</summary>
    public Span<float> Floats(long start, int length) => _block.GetSpan<float>(start, length);

    public override ReadOnlySpan<byte> GetBytes(long start, int length) => MemoryMarshal.AsBytes<float>(Floats(start, length));

    private protected override void Dispose(bool disposing)
    {
        if (!disposing || _block.IsClosed) return;
        _block.Dispose();
        released?.Invoke(Length * sizeof(float));
    }
}
