using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KsLottery.Engine.Numerics;

/// <summary>A zeroed array on the pinned heap that is used from its first 64-byte boundary on.</summary>
internal readonly struct AlignedScratch<T> where T : unmanaged
{
    private readonly T[] _array;
    private readonly int _start;

    /// <param name="length">Elements; a vector's worth beyond them may be read and written too.</param>
    public AlignedScratch(int length)
    {
        const int Alignment = 64;
        int slack = 2 * Alignment / Unsafe.SizeOf<T>();
        _array = GC.AllocateArray<T>(length + slack, pinned: true);
        nint address = Marshal.UnsafeAddrOfPinnedArrayElement(_array, 0);
        _start = (int)(-address & (Alignment - 1)) / Unsafe.SizeOf<T>();
        Length = length;
    }

    public int Length { get; }

    public ref T Origin => ref _array[_start];

    public Span<T> Span => _array.AsSpan(_start, Length);
}
