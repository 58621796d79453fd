namespace KsLottery.Engine.Operations;

/// <summary>Vectors of floats of one size, as the tiles of a matrix product need them.</summary>
/// <typeparam name="TVector">The vector.</typeparam>
internal interface IGemmLanes<TVector>
{
    /// <summary>Floats of a vector.</summary>
    static abstract int Count { get; }

    static abstract TVector Load(ref readonly float source, nint offset);
    static abstract TVector Broadcast(ref readonly float source, nint offset);
    static abstract void Store(TVector value, ref float target, nint offset);
    static abstract TVector Add(TVector x, TVector y);

    /// <summary>x·y + z, rounded once where the processor can.</summary>
    static abstract TVector MultiplyAdd(TVector x, TVector y, TVector z);
}
