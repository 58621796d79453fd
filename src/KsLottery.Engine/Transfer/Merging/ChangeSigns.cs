using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Transfer;

/// <summary>Which elements of a window a patch increases, and which it decreases. For one thread.</summary>
/// <remarks>A byte for each element: bits that are set in memory wait for the ones before them.</remarks>
internal sealed class ChangeSigns
{
    // Shifted by a bit, a decrease stands where an increase does.
    private const byte IsChanged = 0x80, IsIncreased = 0x40, IsDecreased = 0x20;

    private readonly byte[] _flags = new byte[PatchChanges.MaxCount];
    private readonly int[] _codes = new int[PatchChanges.MaxCount];

    /// <summary>Takes the changes of a window.</summary>
    /// <param name="places">Where they are, ascending.</param>
    /// <param name="changes">The changes, and behind them room for a vector.</param>
    /// <param name="bits">Takes a bit for each element of the window, whether it is changed.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(ReadOnlySpan<int> places, ReadOnlySpan<float> changes, Span<ulong> bits)
    {
        Span<byte> flags = _flags;
        flags.Clear();
        ref byte flag = ref MemoryMarshal.GetReference(flags);
        ref int code = ref MemoryMarshal.GetArrayDataReference(_codes);
        Encode(ref MemoryMarshal.GetReference(changes[..((places.Length + Vector512<float>.Count - 1) & -Vector512<float>.Count)]),
            places.Length, ref code);
        // The last is the largest.
        if (!places.IsEmpty) _ = flags[places[^1]];
        for (int i = 0; i < places.Length; i++) Unsafe.Add(ref flag, (uint)places[i]) = (byte)Unsafe.Add(ref code, i);
        for (int word = 0; word < bits.Length; word++)
            bits[word] = Vector512.LoadUnsafe(ref flag, (nuint)(word * Vector512<byte>.Count)).ExtractMostSignificantBits();
    }

    /// <summary>Compares two patches in a window.</summary>
    /// <param name="other">The other.</param>
    /// <param name="opposed">Takes a bit more for each element that one increases and the other decreases.</param>
    /// <returns>How many elements both change, and how many of them so.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public (int Shared, int Opposed) Compare(ChangeSigns other, Span<ulong> opposed)
    {
        ref byte ofA = ref MemoryMarshal.GetArrayDataReference(_flags), ofB = ref MemoryMarshal.GetArrayDataReference(other._flags);
        Vector512<byte> isIncreased = Vector512.Create(IsIncreased);
        int shared = 0, count = 0;
        for (int word = 0; word < PatchChanges.MaxCount / Vector512<byte>.Count; word++)
        {
            Vector512<byte> a = Vector512.LoadUnsafe(ref ofA, (nuint)(word * Vector512<byte>.Count)),
                b = Vector512.LoadUnsafe(ref ofB, (nuint)(word * Vector512<byte>.Count));
            ulong bits = Vector512.Equals(((a & (b + b)) | (b & (a + a))) & isIncreased, isIncreased).ExtractMostSignificantBits();
            opposed[word] |= bits;
            count += BitOperations.PopCount(bits);
            shared += BitOperations.PopCount((a & b).ExtractMostSignificantBits());
        }
        return (shared, count);
    }

    /// <summary>A NaN is neither.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Encode(ref float changes, int count, ref int codes)
    {
        Vector512<int> isChanged = Vector512.Create((int)IsChanged), isIncreased = Vector512.Create((int)IsIncreased),
            isDecreased = Vector512.Create((int)IsDecreased);
        for (int i = 0; i < count; i += Vector512<float>.Count)
        {
            Vector512<float> some = Vector512.LoadUnsafe(ref changes, (nuint)i);
            (isChanged | (Vector512.GreaterThan(some, Vector512<float>.Zero).AsInt32() & isIncreased)
                | (Vector512.LessThan(some, Vector512<float>.Zero).AsInt32() & isDecreased)).StoreUnsafe(ref codes, (nuint)i);
        }
    }
}
