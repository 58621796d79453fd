namespace KsLottery.Kernels;

/// <summary>The best difference that a lane has seen: the greatest, upwards before downwards, at the smallest value.</summary>
/// <param name="Rank">
/// 2h + 1 where the first row's distribution function lies above, 2h where below; 0 where no difference was seen; one of the ranks of
/// <see cref="KsOutcomes"/> where there is no such outcome.
/// </param>
/// <param name="Key">The value's sortable key.</param>
public readonly record struct KsBest(uint Rank, uint Key);

/// <summary>What kernels of the row test share: keys, the best difference, and what they write of a row.</summary>
/// <remarks>
/// A row's outcome is two numbers: sign·h, and the bits of the location. Where the first is 0, <see cref="NoCount"/> or
/// <see cref="Unresolved"/>,
/// there is no location and the second is 0. No kernel returns before its last barrier: a lane that returned early does not reach those
/// that follow, and some compilers do not see that all lanes return together.
/// </remarks>
public static class KsOutcomes
{
    /// <summary>Stands for sign·h where either row holds a NaN.</summary>
    public const int NoCount = int.MinValue;

    /// <summary>Stands for sign·h where a kernel's room did not suffice: the row is left to one that sorts.</summary>
    public const int Unresolved = int.MaxValue;

    /// <summary>The keys of the infinities: those of a NaN lie outside.</summary>
    public const uint MinKey = 0x007F_FFFF, GreatestKey = 0xFF80_0000;

    /// <summary>The ranks of these two outcomes, above those of all differences.</summary>
    public const uint NoCountRank = uint.MaxValue, UnresolvedRank = uint.MaxValue - 1;

    /// <summary>The order-preserving image of a number in the unsigned integers; both zeros share one.</summary>
    /// <remarks>Integer code, since a device may take subnormal numbers for zeros in arithmetic.</remarks>
    public static uint KeyOf(uint bits)
    {
        uint value = bits == 0x8000_0000 ? 0 : bits;
        return value >> 31 != 0 ? ~value : value | 0x8000_0000;
    }

    /// <summary>The number's bits again.</summary>
    public static uint BitsOf(uint key) => key >> 31 != 0 ? key & 0x7FFF_FFFF : ~key;

    /// <summary>Whether bits are those of a NaN.</summary>
    public static bool IsNaN(uint bits) => (bits & 0x7FFF_FFFF) > 0x7F80_0000;

    /// <summary>The order of differences in which the greatest is a row's outcome.</summary>
    public static uint RankOf(int difference) => difference > 0 ? (2 * (uint)difference) + 1 : 2 * (uint)-difference;

    /// <summary>The better of the best so far and a difference at a value.</summary>
    public static KsBest Better(KsBest best, int difference, uint key)
    {
        uint rank = RankOf(difference);
        return rank > best.Rank || (rank == best.Rank && rank != 0 && key < best.Key) ? new KsBest(rank, key) : best;
    }

    /// <summary>Writes the best of all lanes; called by all of them.</summary>
    /// <param name="outcomes">Two numbers a row.</param>
    /// <param name="row">The row.</param>
    /// <param name="best">This lane's best.</param>
    /// <param name="scratch">Memory of the group, as <see cref="Largest"/> needs it.</param>
    public static void Write(ArrayView<int> outcomes, int row, KsBest best, ArrayView<uint> scratch)
    {
        uint rank = Largest(best.Rank, scratch);
        uint key = ~Largest(best.Rank == rank ? ~best.Key : 0, scratch);
        if (Group.IdxX == 0)
        {
            bool hasLocation = rank != 0 && rank < UnresolvedRank;
            int difference = (rank & 1) != 0 ? (int)(rank >> 1) : -(int)(rank >> 1);
            outcomes[2 * row] = rank == NoCountRank ? NoCount : rank == UnresolvedRank ? Unresolved : difference;
            outcomes[(2 * row) + 1] = hasLocation ? (int)BitsOf(key) : 0;
        }
    }

    /// <summary>The largest value of any lane of a group of 256; called by all of them.</summary>
    /// <param name="value">This lane's value.</param>
    /// <param name="scratch">257 elements of the group's memory; nobody may use them at the time.</param>
    public static uint Largest(uint value, ArrayView<uint> scratch)
    {
        int lane = Group.IdxX;
        scratch[lane] = value;
        if (lane == 0) scratch[256] = 0;
        Group.Barrier();
        if (lane < 16)
        {
            uint largest = 0;
            for (int i = lane; i < 256; i += 16) largest = Math.Max(largest, scratch[i]);
            Atomic.Max(ref scratch[256], largest);
        }
        Group.Barrier();
        uint result = scratch[256];
        Group.Barrier();
        return result;
    }

    /// <summary>The sum of the values of all lanes before this one, in a group of 256; called by all of them.</summary>
    /// <param name="value">This lane's value.</param>
    /// <param name="scratch">289 elements of the group's memory; nobody may use them at the time.</param>
    /// <remarks>Sixteen lanes go through sixteen values each; a word is left free after those of each, so that they meet in no
    /// bank.</remarks>
    public static int SumBefore(int value, ArrayView<uint> scratch)
    {
        int lane = Group.IdxX, run = lane / 16, place = lane + run;
        scratch[place] = (uint)value;
        Group.Barrier();
        if (lane < 16) SumsBefore(scratch, 17 * lane, 272 + lane);
        Group.Barrier();
        if (lane == 0) SumsBefore(scratch, 272, 288);
        Group.Barrier();
        uint before = scratch[place] + scratch[272 + run];
        Group.Barrier();
        return (int)before;
    }

    /// <summary>Puts in place of each of sixteen elements the sum of those before it, and their sum at another place.</summary>
    private static void SumsBefore(ArrayView<uint> elements, int start, int total)
    {
        uint sum = 0;
        for (int i = 0; i < 16; i++)
        {
            uint next = elements[start + i];
            elements[start + i] = sum;
            sum += next;
        }
        elements[total] = sum;
    }
}
