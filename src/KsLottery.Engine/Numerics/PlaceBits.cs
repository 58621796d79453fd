using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Numerics;

/// <summary>Turns the places of a window, which ascend, into bits. For one thread.</summary>
/// <param name="capacity">The most places of a window, a multiple of 64.</param>
internal sealed class PlaceBits(int capacity)
{
    private const byte IsThere = 0x80;

    // A bit that is set in memory waits for the one before it; bytes do not. All are 0 between two windows.
    private readonly byte[] _flags = new byte[capacity];

    /// <summary>Sets a bit for each place, and clears all others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(ReadOnlySpan<int> places, Span<ulong> bits)
    {
        Span<byte> flags = _flags.AsSpan(0, 64 * bits.Length);
        ref byte first = ref MemoryMarshal.GetReference(flags);
        // The last is the largest.
        if (!places.IsEmpty) _ = flags[places[^1]];
        foreach (int place in places) Unsafe.Add(ref first, (uint)place) = IsThere;
        for (int word = 0; word < bits.Length; word++)
        {
            ref byte some = ref Unsafe.Add(ref first, 64 * word);
            bits[word] = Vector512.LoadUnsafe(ref some).ExtractMostSignificantBits();
            Vector512<byte>.Zero.StoreUnsafe(ref some);
        }
    }
}
