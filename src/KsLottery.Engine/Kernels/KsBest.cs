using System.Runtime.CompilerServices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Kernels;

/// <summary>The greatest difference found so far, and the smallest keys at which it is known to be reached upwards and
/// downwards.</summary>
internal struct KsBest(int count)
{
    public int Count = count;
    public uint? HighestAt, LowestAt;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Offer(int difference, uint at)
    {
        int count = Math.Abs(difference);
        if (count < Count || count == 0) return;
        Raise(count);
        if (difference > 0) HighestAt = Math.Min(at, HighestAt ?? at);
        else LowestAt = Math.Min(at, LowestAt ?? at);
    }

    /// <summary>Tells of a difference that is reached somewhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Raise(int count)
    {
        if (count > Count) (Count, HighestAt, LowestAt) = (count, null, null);
    }

    public readonly bool Reached(int sign) => (sign > 0 ? HighestAt : LowestAt) is not null;

    /// <summary>Whether values above a key, among them so many of either row, could change what is known.</summary>
    /// <param name="above">All their keys lie above it.</param>
    /// <param name="start">The difference below them.</param>
    /// <param name="before">How many of the first row.</param>
    /// <param name="after">How many of the second row.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool CouldChange(uint above, int start, int before, int after) =>
        Could(start + before, HighestAt, above) || Could(after - start, LowestAt, above);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool Could(int bound, uint? at, uint above) => bound > Count || (bound == Count && bound > 0 && !(at <= above));

    /// <summary>The outcome where keys are those of <see cref="SortableKey"/>.</summary>
    public readonly KsRowOutcome Outcome => HighestAt is uint high ? new(Count, 1, SortableKey.ToSingle(high))
        : LowestAt is uint low ? new(Count, -1, SortableKey.ToSingle(low)) : KsRowOutcome.Equal;
}
