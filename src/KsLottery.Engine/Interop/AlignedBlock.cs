using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KsLottery.Engine.Interop;

/// <summary>Zeroed memory outside the collected heap, from a 64-byte boundary on or a coarser one: it may exceed 2 GiB and goes back
/// when disposed.</summary>
internal sealed unsafe class AlignedBlock : SafeHandle
{
    private const int Alignment = 64;

    private readonly long _bytes;

    private AlignedBlock(void* address, long bytes) : base(0, ownsHandle: true)
    {
        _bytes = bytes;
        SetHandle((nint)address);
    }

    public override bool IsInvalid => handle == 0;

    /// <exception cref="OutOfMemoryException">The system has no such block.</exception>
    public static AlignedBlock Allocate(long bytes, int alignment = Alignment)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        void* address = NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, alignment), (nuint)alignment);
        NativeMemory.Clear(address, (nuint)bytes);
        return new(address, bytes);
    }

    /// <summary>A range of elements.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the block.</exception>
    /// <exception cref="ObjectDisposedException">The block was given back.</exception>
    public Span<T> GetSpan<T>(long start, int length) where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        if (start < 0 || length < 0 || (start + length) * Unsafe.SizeOf<T>() > _bytes)
            throw new ArgumentOutOfRangeException(nameof(start),
                $"elements {start} to {start} + {length} lie outside the block of {_bytes} bytes.");
        return new((T*)handle + start, length);
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
