namespace KsLottery.Engine.Mpi.Interop;

/// <summary>What ranks do together, by which they know that they are at the same.</summary>
internal enum MpiCall
{
    Barrier = 1,
    Gather,
    Broadcast,
    Exchange,
    Sum,
    Max,
    End,
}
