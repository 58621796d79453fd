using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace KsLottery.Engine.Interop;

/// <summary>Hints to the processor's caches; they change no result and may point anywhere.</summary>
internal static unsafe class Cache
{
    /// <summary>Asks for the cache line that lies <paramref name="elements"/> beyond an element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch<T>(ref readonly T origin, nint elements) where T : unmanaged
    {
        if (Sse.IsSupported) Sse.Prefetch1((T*)Unsafe.AsPointer(ref Unsafe.AsRef(in origin)) + elements);
    }

    /// <summary>The same, for the first cache: of what lies in the second and is read very soon.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchNear<T>(ref readonly T origin, nint elements) where T : unmanaged
    {
        if (Sse.IsSupported) Sse.Prefetch0((T*)Unsafe.AsPointer(ref Unsafe.AsRef(in origin)) + elements);
    }

    /// <summary>The first element of memory on the stack that begins a cache line.</summary>
    /// <param name="memory">A line more than is used.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T LineStart<T>(Span<T> memory) where T : unmanaged
    {
        const int LineLength = 64;
        ref T first = ref MemoryMarshal.GetReference(memory);
        return ref Unsafe.AddByteOffset(ref first, -(nint)Unsafe.AsPointer(ref first) & (LineLength - 1));
    }
}
