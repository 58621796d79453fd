using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Operations;

/// <summary>A checkpoint's tensor: a view into the mapped file, or a copy of its bytes where the file is not mapped.</summary>
internal sealed class StoredMemory : CpuMemory
{
    private readonly Tensor _tensor;
    private readonly int _elementBytes;
    private readonly Interop.AlignedBlock? _copy;
    private readonly Action<long>? _released;

    /// <param name="tensor">A tensor of F32, F16 or BF16, whose file outlives this.</param>
    /// <param name="released">Hears how many bytes of a copy were given back.</param>
    /// <exception cref="NotSupportedException">The tensor has another type.</exception>
    public StoredMemory(Tensor tensor, Action<long>? released = null) : base(tensor.ElementCount, tensor.ElementType)
    {
        ThrowIfNotNative(tensor);
        (_tensor, _elementBytes, _released) = (tensor, tensor.ElementType.BitSize() / 8, released);
        if (tensor.IsMapped) return;
        const int Chunk = 1 << 24;
        _copy = Interop.AlignedBlock.Allocate(tensor.ByteLength);
        for (long offset = 0; offset < tensor.ByteLength; offset += Chunk)
        {
            Span<byte> chunk = _copy.GetSpan<byte>(offset, (int)Math.Min(Chunk, tensor.ByteLength - offset));
            tensor.GetBytes(offset, chunk.Length, chunk);
        }
    }

    /// <summary>Demands a type that every device computes with.</summary>
    /// <exception cref="NotSupportedException">The tensor has another type.</exception>
    public static void ThrowIfNotNative(Tensor tensor)
    {
        if (!tensor.ElementType.IsNative())
            throw new NotSupportedException(
                $"{tensor.File.Path}, tensor {CheckpointFormatException.Quote(tensor.Name)}: values of {tensor.DtypeName} are "
                + (tensor.ElementType.IsReadable() ? "compared and patched, but no model computes with them" : "not computed with")
                + $"; with {ElementTypes.NativeNames} it does. Convert the checkpoint to one of these.");
    }

    /// <summary>Bytes that this copy takes, 0 for a view.</summary>
    public long OwnedBytes => _copy is null ? 0 : _tensor.ByteLength;

    public override ReadOnlySpan<byte> GetBytes(long start, int length) => _copy is null
        ? _tensor.GetBytes(start * _elementBytes, length * _elementBytes, [])
        : _copy.GetSpan<byte>(start * _elementBytes, length * _elementBytes);

    private protected override void Dispose(bool disposing)
    {
        if (!disposing || _copy is null || _copy.IsClosed) return;
        _copy.Dispose();
        _released?.Invoke(OwnedBytes);
    }
}
