using System.Runtime.CompilerServices;
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
}
