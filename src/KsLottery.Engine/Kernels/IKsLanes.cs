namespace KsLottery.Engine.Kernels;

/// <summary>The vector operations that the bucket kernels are written in; one implementation for each vector width.</summary>
/// <typeparam name="TFloat">A vector of F32 values.</typeparam>
/// <typeparam name="TBin">A vector of the same size of unsigned 16-bit bucket numbers.</typeparam>
/// <typeparam name="TCount">A vector of the same size of signed 8-bit counters.</typeparam>
internal interface IKsLanes<TFloat, TBin, TCount>
{
    /// <summary>The vector size in bytes: 16, 32 or 64.</summary>
    static abstract int Bytes { get; }

    static abstract string Name { get; }

    static abstract TFloat Broadcast(float value);
    static abstract TFloat Load(ref readonly float source, nint offset);
    /// <summary>x·y + z, rounded once or twice: monotone in each operand either way.</summary>
    static abstract TFloat MultiplyAdd(TFloat x, TFloat y, TFloat z);

    /// <summary>Moves values outside [-limit, limit] to the nearer end; monotone, infinities included.</summary>
    static abstract TFloat Clamp(TFloat value, TFloat limit);

    /// <summary>Whether both pairs have the same bits.</summary>
    static abstract bool AreSame(TFloat x0, TFloat y0, TFloat x1, TFloat y1);

    /// <summary>Whether any element is NaN.</summary>
    static abstract bool AnyNaN(TFloat value);

    /// <summary>Truncates two vectors in [0, 65535] and interleaves them by groups of four, see
    /// <see cref="KsRowBuckets{TLanes,TFloat,TBin,TCount}"/>.</summary>
    static abstract TBin Pack(TFloat low, TFloat high);

    /// <summary>Truncates two vectors in [-2^31, 2^31), keeps the lowest 16 bits and interleaves them as <see cref="Pack"/> does.</summary>
    static abstract TBin PackLow(TFloat low, TFloat high);

    /// <summary>The upper 16 bits of all values, in the same order.</summary>
    static abstract TBin PackUpperBits(TFloat low, TFloat high);

    static abstract TBin BroadcastBin(ushort value);
    static abstract TBin LoadBin(ref readonly ushort source, nint offset);
    static abstract bool AreSame(TBin x, TBin y);
    static abstract void StoreBin(TBin bins, ref ushort target, nint offset);
    static abstract TBin ShiftLeft(TBin bins, int bits);
    static abstract TBin ShiftRight(TBin bins, int bits);
    static abstract TBin SignFill(TBin bins);
    static abstract TBin And(TBin x, TBin y);
    static abstract TBin Or(TBin x, TBin y);
    static abstract TBin Xor(TBin x, TBin y);
    static abstract TBin Add(TBin x, TBin y);
    static abstract TBin Subtract(TBin x, TBin y);
    static abstract TBin SubtractSaturate(TBin x, TBin y);
    static abstract TBin Max(TBin x, TBin y);

    /// <summary>A bit for each element that is equal.</summary>
    static abstract uint WhereEqual(TBin x, TBin y);

    /// <summary>Appends to both targets the elements at which the keys differ, in order; returns how many.</summary>
    static abstract int StoreWhereDifferent(TBin keyX, TBin keyY, TBin x, TBin y, ref ushort targetX, ref ushort targetY);

    /// <summary>Moves the values of both to within two limits, and appends those at places where they differ then to both targets, in
    /// order, and anything behind them; returns how many.</summary>
    static abstract int StoreCut(TFloat x, TFloat y, TFloat least, TFloat most, ref float targetX, ref float targetY);

    static abstract TCount BroadcastCount(sbyte value);
    static abstract TCount LoadCount(ref readonly sbyte source, nint offset);
    static abstract void StoreCount(TCount counts, ref sbyte target, nint offset);
    static abstract TCount AddSaturate(TCount x, TCount y);
    static abstract TCount SubtractSaturate(TCount x, TCount y);
    static abstract TCount Max(TCount x, TCount y);
    static abstract TCount Min(TCount x, TCount y);
    static abstract TCount Or(TCount x, TCount y);

    /// <summary>The lower half of the counters in 16 bits, in order.</summary>
    static abstract TBin WidenLower(TCount counts);

    /// <inheritdoc cref="WidenLower"/>
    static abstract TBin WidenUpper(TCount counts);

    /// <summary>The sum of both, wrapping.</summary>
    static abstract TCount Add(TCount x, TCount y);

    /// <summary>A bit for each counter that is above its upper or below its lower limit.</summary>
    static abstract ulong Outside(TCount high, TCount upper, TCount low, TCount lower);

    /// <summary>A bit for each counter whose top bit is set.</summary>
    static abstract ulong Negative(TCount counts);

    /// <summary>Adds all counters, taken as unsigned, to a running total; its lanes are the implementation's affair.</summary>
    static abstract TBin AddUnsigned(TBin total, TCount counts);

    /// <summary>The running total.</summary>
    static abstract long Sum(TBin total);
}
