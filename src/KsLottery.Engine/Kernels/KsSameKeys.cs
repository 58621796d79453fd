using System.Numerics;
using System.Runtime.CompilerServices;

namespace KsLottery.Engine.Kernels;

/// <summary>Tells whether two rows hold the same keys, each as often, in whatever order: those have no difference anywhere, so that splits
/// would leave nothing out.</summary>
/// <typeparam name="TKey">int or short, as <see cref="IKsKeyLanes{TVector,TKey}"/> has them.</typeparam>
/// <remarks>Exact: short keys have a counter each, int keys a slot each of a hash table, with the key and a counter. Where too many keys
/// meet in it the answer is no, which costs time alone.</remarks>
internal sealed class KsSameKeys<TKey> where TKey : unmanaged, IBinaryInteger<TKey>
{
    /// <summary>So many slots the table has for each key of a row, before that is rounded up to a power of two.</summary>
    private const int SlotsOfKey = 4;

    /// <summary>So many slots with other keys may be met, for each key of a row.</summary>
    private const int MaxTries = 2;

    private const uint Multiplier = 0x9E37_79B1;  // 2^32 over the golden ratio: neighbours lie far from each other
    private const ulong Used = 1UL << 63, One = 1UL << 32;

    private ulong[] _slots = [];
    private int[]? _counters;

    /// <summary>More keys are better split first: the table should stay in the first cache.</summary>
    public static int MaxKeys => typeof(TKey) == typeof(int) ? 1024 : KsRowKernels.MaximumWidth;

    /// <summary>What the loops go through at most, in bytes: of int keys the slots cleared, the keys, a slot read and written for each,
    /// and those with other keys; of short keys the keys and counters, twice where rows differ.</summary>
    public static int BytesOf(int count) =>
        typeof(TKey) == typeof(int)
            ? (8 * 2 * SlotsOfKey + 2 * (sizeof(int) + 16) + 8 * MaxTries) * count
            : 2 * 2 * (sizeof(short) + 8) * count;

    public bool Test(ref TKey before, ref TKey after, int count) =>
        typeof(TKey) == typeof(int)
            ? TestHashed(ref Unsafe.As<TKey, uint>(ref before), ref Unsafe.As<TKey, uint>(ref after), count)
            : TestCounted(ref Unsafe.As<TKey, ushort>(ref before), ref Unsafe.As<TKey, ushort>(ref after), count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TestHashed(ref uint before, ref uint after, int count)
    {
        int slots = (int)BitOperations.RoundUpToPowerOf2(SlotsOfKey * (uint)count);
        if (_slots.Length < slots) _slots = new ulong[slots];
        _slots.AsSpan(0, slots).Clear();
        ref ulong first = ref _slots[0];
        int shift = 32 - BitOperations.Log2((uint)slots), tries = MaxTries * count;
        uint last = (uint)slots - 1;
        for (int i = 0; i < count; i++)
        {
            uint key = Unsafe.Add(ref before, i), at = key * Multiplier >> shift;
            ulong slot = Unsafe.Add(ref first, at);
            while (slot != 0 && (uint)slot != key)
            {
                if (--tries < 0) return false;
                at = at + 1 & last;
                slot = Unsafe.Add(ref first, at);
            }
            Unsafe.Add(ref first, at) = (slot == 0 ? Used | key : slot) + One;
        }
        for (int i = 0; i < count; i++)
        {
            uint key = Unsafe.Add(ref after, i), at = key * Multiplier >> shift;
            ulong slot = Unsafe.Add(ref first, at);
            while (slot != 0 && (uint)slot != key)
            {
                if (--tries < 0) return false;
                at = at + 1 & last;
                slot = Unsafe.Add(ref first, at);
            }
            if ((slot & ~Used) < One) return false;  // the key is not there, or no longer
            Unsafe.Add(ref first, at) = slot - One;
        }
        return true;  // as many keys were taken as had been put there
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TestCounted(ref ushort before, ref ushort after, int count)
    {
        ref int counter = ref (_counters ??= new int[1 << 16])[0];
        int least = 0;
        for (int i = 0; i < count; i++) Unsafe.Add(ref counter, (nint)Unsafe.Add(ref before, i))++;
        for (int i = 0; i < count; i++) least |= --Unsafe.Add(ref counter, (nint)Unsafe.Add(ref after, i));
        if (least >= 0) return true;  // all counters are zero again
        for (int i = 0; i < count; i++)
        {
            Unsafe.Add(ref counter, (nint)Unsafe.Add(ref before, i))--;
            Unsafe.Add(ref counter, (nint)Unsafe.Add(ref after, i))++;
        }
        return false;
    }
}
