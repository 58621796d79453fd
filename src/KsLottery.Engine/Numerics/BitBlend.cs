using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Numerics;

/// <summary>Elements, and bits that say which of them count: the lowest bit of the first word for the first element.</summary>
internal static class BitBlend
{
    private static readonly Vector512<ushort> Halves = Vector512.Create(Vector256.Create(
        (ushort)0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40, 0x80, 0x100, 0x200, 0x400, 0x800, 0x1000, 0x2000, 0x4000, 0x8000));

    /// <summary>Puts elements of 2 or 4 bytes over others, those whose bits are set.</summary>
    /// <param name="bits">A bit for each element.</param>
    /// <param name="from">The elements.</param>
    /// <param name="to">The others, as many.</param>
    /// <param name="size">The bytes of one.</param>
    public static void Put(ReadOnlySpan<ulong> bits, ReadOnlySpan<byte> from, Span<byte> to, int size)
    {
        if (size == sizeof(ushort)) Put(bits, MemoryMarshal.Cast<byte, ushort>(from), MemoryMarshal.Cast<byte, ushort>(to));
        else Put(bits, MemoryMarshal.Cast<byte, uint>(from), MemoryMarshal.Cast<byte, uint>(to));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Put(ReadOnlySpan<ulong> bits, ReadOnlySpan<ushort> from, Span<ushort> to)
    {
        ref ushort source = ref MemoryMarshal.GetReference(from), target = ref MemoryMarshal.GetReference(to[..from.Length]);
        int i = 0;
        for (; i + Vector512<ushort>.Count <= from.Length; i += Vector512<ushort>.Count)
        {
            uint some = (uint)(bits[i >> 6] >> i);
            Vector512<ushort> spread = Vector512.Create(Vector256.Create((ushort)some), Vector256.Create((ushort)(some >> 16)));
            Vector512.ConditionalSelect(Vector512.Equals(spread & Halves, Halves), Vector512.LoadUnsafe(ref source, (nuint)i),
                Vector512.LoadUnsafe(ref target, (nuint)i)).StoreUnsafe(ref target, (nuint)i);
        }
        for (; i < from.Length; i++)
            if (IsSet(bits, i)) to[i] = from[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Put(ReadOnlySpan<ulong> bits, ReadOnlySpan<uint> from, Span<uint> to)
    {
        ref uint source = ref MemoryMarshal.GetReference(from), target = ref MemoryMarshal.GetReference(to[..from.Length]);
        Vector512<uint> places = Vector512.WidenLower(Halves);
        int i = 0;
        for (; i + Vector512<uint>.Count <= from.Length; i += Vector512<uint>.Count)
        {
            Vector512<uint> spread = Vector512.Create((uint)(bits[i >> 6] >> i));
            Vector512.ConditionalSelect(Vector512.Equals(spread & places, places), Vector512.LoadUnsafe(ref source, (nuint)i),
                Vector512.LoadUnsafe(ref target, (nuint)i)).StoreUnsafe(ref target, (nuint)i);
        }
        for (; i < from.Length; i++)
            if (IsSet(bits, i)) to[i] = from[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsSet(ReadOnlySpan<ulong> bits, int place) => (bits[place >> 6] >> place & 1) != 0;
}
