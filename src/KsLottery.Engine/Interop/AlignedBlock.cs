using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KsLottery.Engine.Interop;

/// <summary>Zeroed memory outside the collected heap, from a 64-byte boundary on or a coarser one: it may exceed 2 GiB and goes back
/// when disposed.</summary>
/// <remarks>Rows of a wide matrix lie in pages of their own, and the processor knows where only so many pages are: large blocks ask for
/// large pages.</remarks>
internal sealed unsafe class AlignedBlock : SafeHandle
{
    private const int Alignment = 64;

    /// <summary>A large page, and from how many bytes on a block asks for some.</summary>
    private const int LargePage = 2 << 20, LargeBlock = 2 * LargePage;

    private static bool _adviceIsAbsent;

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
        bool isLarge = bytes >= LargeBlock && OperatingSystem.IsLinux();
        int start = isLarge ? Math.Max(alignment, LargePage) : alignment;
        void* address = NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, alignment), (nuint)start);
        // Whole pages alone: the block takes no more memory than its bytes.
        if (isLarge) AskForLargePages((nint)address, bytes & -LargePage);
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

    private static void AskForLargePages(nint address, long bytes)
    {
        if (_adviceIsAbsent) return;
        try
        {
            // Advice changes speed only, so a refusal is none of the caller's business.
            _ = LibC.MemoryAdvise(address, (nuint)bytes, LibC.HugePages);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            _adviceIsAbsent = true;
        }
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
