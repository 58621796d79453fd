using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Numerics;

/// <summary>Turns the places of a window into bits. For one thread.</summary>
/// <param name="capacity">The most places of a window, a multiple of 64.</param>
internal sealed class PlaceBits(int capacity)
{
    private const byte IsThere = 0x80;

    // A bit that is set in memory waits for the one before it; bytes do not.
    private readonly byte[] _flags = new byte[capacity];

    /// <summary>Sets a bit for each place, and clears all others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(ReadOnlySpan<int> places, Span<ulong> bits)
    {
        Span<byte> flags = _flags.AsSpan(0, 64 * bits.Length);
        flags.Clear();
        foreach (int place in places) flags[place] = IsThere;
        for (int word = 0; word < bits.Length; word++)
            bits[word] = Vector512.LoadUnsafe(ref flags[64 * word]).ExtractMostSignificantBits();
    }
}
