namespace KsLottery.Engine.Kernels;

/// <summary>The vector operations that <see cref="KsKeySplitter{TLanes,TVector,TKey}"/> is written in; one implementation for each vector
/// width.</summary>
/// <typeparam name="TVector">A vector of keys.</typeparam>
/// <typeparam name="TKey">int, the keys of F32 values, or short, those of 16-bit values: signed integers in the values' order.</typeparam>
internal interface IKsKeyLanes<TVector, TKey> where TKey : unmanaged
{
    /// <summary>The keys of a vector.</summary>
    static abstract int Count { get; }

    static abstract TVector Load(ref readonly TKey source, nint offset);
    static abstract void Store(TVector keys, ref TKey target, nint offset);
    static abstract TVector Broadcast(TKey key);

    /// <summary>Turns the bits of values into keys; ±0 share one.</summary>
    static abstract TVector KeysOf(TVector bits);

    /// <summary>Adds the square of each key, of which the highest bits are lost.</summary>
    static abstract TVector AddSquares(TVector sums, TVector keys);

    /// <summary>The sum of a vector's keys, of which the highest bits are lost.</summary>
    static abstract TKey Sum(TVector keys);

    /// <summary>How many keys of x are less than those of y beside them.</summary>
    static abstract int CountLess(TVector x, TVector y);

    /// <summary>How many keys are equal.</summary>
    static abstract int CountEqual(TVector x, TVector y);

    /// <summary>Adds one to each count at whose place x is less than y.</summary>
    static abstract TVector IncrementWhereLess(TVector counts, TVector x, TVector y);

    /// <summary>Takes one from each count at whose place x is less than y.</summary>
    static abstract TVector DecrementWhereLess(TVector counts, TVector x, TVector y);

    /// <summary>A bit for each that is less than low or greater than high.</summary>
    static abstract uint WhereOutside(TVector values, TVector low, TVector high);

    /// <summary>Stores the keys that are less than a pivot, in order, and anything behind them; returns how many they are.</summary>
    static abstract int StoreLess(TVector keys, TVector pivot, ref TKey target);

    /// <inheritdoc cref="StoreLess"/>
    static abstract int StoreGreater(TVector keys, TVector pivot, ref TKey target);

    /// <summary>Stores the keys of both at places where they differ, in order, and anything behind them; returns how many.</summary>
    static abstract int StoreDifferent(TVector x, TVector y, ref TKey targetX, ref TKey targetY);
}
