using System.Runtime.InteropServices;

namespace KsLottery.Engine.Transfer;

/// <summary>Moves elements of 1, 2, 4 or 8 bytes between a stretch of a tensor and the values of some of its elements.</summary>
internal static class Elements
{
    /// <summary>The elements at some places of a stretch.</summary>
    public static void Gather(ReadOnlySpan<byte> stretch, ReadOnlySpan<int> places, Span<byte> values)
    {
        switch (places.Length == 0 ? 0 : values.Length / places.Length)
        {
            case 0: break;
            case 1: Gather<byte>(stretch, places, values); break;
            case 2: Gather<ushort>(stretch, places, values); break;
            case 4: Gather<uint>(stretch, places, values); break;
            default: Gather<ulong>(stretch, places, values); break;
        }
    }

    /// <summary>Puts elements at some places of a stretch.</summary>
    public static void Scatter(ReadOnlySpan<byte> values, ReadOnlySpan<int> places, Span<byte> stretch)
    {
        switch (places.Length == 0 ? 0 : values.Length / places.Length)
        {
            case 0: break;
            case 1: Scatter<byte>(values, places, stretch); break;
            case 2: Scatter<ushort>(values, places, stretch); break;
            case 4: Scatter<uint>(values, places, stretch); break;
            default: Scatter<ulong>(values, places, stretch); break;
        }
    }

    private static void Gather<T>(ReadOnlySpan<byte> stretch, ReadOnlySpan<int> places, Span<byte> values) where T : unmanaged
    {
        ReadOnlySpan<T> from = MemoryMarshal.Cast<byte, T>(stretch);
        Span<T> to = MemoryMarshal.Cast<byte, T>(values)[..places.Length];
        for (int i = 0; i < places.Length; i++) to[i] = from[places[i]];
    }

    private static void Scatter<T>(ReadOnlySpan<byte> values, ReadOnlySpan<int> places, Span<byte> stretch) where T : unmanaged
    {
        ReadOnlySpan<T> from = MemoryMarshal.Cast<byte, T>(values)[..places.Length];
        Span<T> to = MemoryMarshal.Cast<byte, T>(stretch);
        for (int i = 0; i < places.Length; i++) to[places[i]] = from[i];
    }
}
