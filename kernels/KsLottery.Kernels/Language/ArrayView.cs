using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace KsLottery.Kernels.Language;

/// <summary>A range of elements in a device's memory, as in ILGPU.</summary>
/// <remarks>Here it lies in an array and every access is checked; translated kernels check nothing.</remarks>
/// <typeparam name="T">The element.</typeparam>
public readonly struct ArrayView<T> where T : unmanaged
{
    private readonly byte[] _memory;
    private readonly long _start;

    /// <param name="memory">The device's memory.</param>
    /// <param name="start">The range's first byte.</param>
    /// <param name="length">Its number of elements.</param>
    internal ArrayView(byte[] memory, long start, long length)
    {
        if (start < 0 || length < 0 || start + (length * Unsafe.SizeOf<T>()) > memory.LongLength)
            throw new ArgumentOutOfRangeException(nameof(start),
                $"{length} elements from byte {start} on leave the memory of {memory.LongLength} bytes.");
        (_memory, _start, Length) = (memory, start, length);
    }

    /// <summary>The number of elements.</summary>
    public long Length { get; }

    /// <summary>The number of elements, as a 32-bit number.</summary>
    public int IntLength => checked((int)Length);

    /// <summary>An element.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The view has no such element.</exception>
    public ref T this[int index] => ref this[(long)index];

    /// <summary>An element.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The view has no such element.</exception>
    public ref T this[long index]
    {
        get
        {
            if ((ulong)index >= (ulong)Length) ThrowOutside(index);
            return ref Unsafe.As<byte, T>(ref _memory[_start + (index * Unsafe.SizeOf<T>())]);
        }
    }

    /// <summary>A part of the range, from an element to the end.</summary>
    public ArrayView<T> SubView(long index) => SubView(index, Length - index);

    /// <summary>A part of the range.</summary>
    public ArrayView<T> SubView(int index, int subViewLength) => SubView((long)index, subViewLength);

    /// <summary>A part of the range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part leaves the view.</exception>
    public ArrayView<T> SubView(long index, long subViewLength)
    {
        if (index < 0 || subViewLength < 0 || index + subViewLength > Length) ThrowOutside(index + subViewLength);
        return new(_memory, _start + (index * Unsafe.SizeOf<T>()), subViewLength);
    }

    [DoesNotReturn]
    private void ThrowOutside(long index) =>
    throw new ArgumentOutOfRangeException(nameof(index), index, $"the view has {Length} elements.");
}
