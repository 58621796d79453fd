namespace KsLottery.Engine.Ranks;

/// <summary>The processes that do one work together, each with a number: what the engine asks of MPI and of nothing else.</summary>
/// <remarks>
/// Every call but <see cref="Abort"/> and those that say otherwise is collective: all ranks make it, in the same order, with lengths that
/// agree, and it returns when the own part is done. Counts are of bytes and 64 bits wide: an implementation with narrower ones sends in
/// stretches. No call adds numbers in an order that depends on the library: sums are of integers, and floating-point sums are made by the
/// callers in their order.
/// </remarks>
public abstract class RankGroup : IDisposable
{
    /// <summary>One process by itself: rank 0 of 1.</summary>
    public static RankGroup Alone { get; } = new AloneGroup();

    /// <summary>Which of the processes this is, from 0 to below <see cref="Size"/>.</summary>
    public abstract int Rank { get; }

    /// <summary>How many processes there are, at least 1.</summary>
    public abstract int Size { get; }

    /// <summary>The engine under it, for people: "Open MPI 4.1.4", "one process".</summary>
    public abstract string Description { get; }

    /// <summary>Whether this rank writes files and speaks to the terminal: the first does.</summary>
    public bool Writes => Rank == 0;

    /// <summary>Cancelled when another rank failed or was told to stop: this one's work is to end too.</summary>
    public virtual CancellationToken Stopped => CancellationToken.None;

    /// <summary>Why another rank ends the work; null while none does.</summary>
    public virtual RankFailure? Failure => null;

    /// <summary>A rank and where it runs, for messages: "rank 2 (node7)".</summary>
    public virtual string NameOf(int rank) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"rank {rank}");

    /// <summary>Names what this rank does next, for the message of others that do not hear of it any more; not collective.</summary>
    public virtual void Enter(string phase)
    {
    }

    /// <summary>Tells the others why this rank ends, so that rank 0 can clean up, say it and end all; returns where it does not, and at
    /// once on rank 0. Not collective.</summary>
    public virtual void Fail(RankFailure failure)
    {
    }

    /// <summary>Returns when all ranks have come here.</summary>
    public abstract void Barrier();

    /// <summary>Puts what all ranks hold one behind the other, in the order of ranks, on rank 0.</summary>
    /// <param name="mine">What this rank gives; <paramref name="counts"/>[Rank] bytes.</param>
    /// <param name="counts">How many bytes each rank gives: the same numbers on all ranks.</param>
    /// <param name="all">Where all of it goes on rank 0, as long as the sum of counts; not looked at on other ranks.</param>
    public abstract void Gather(ReadOnlySpan<byte> mine, ReadOnlySpan<long> counts, Span<byte> all);

    /// <summary>Gives rank 0's bytes to all.</summary>
    /// <param name="bytes">What is sent on rank 0 and replaced on the others; of one length everywhere.</param>
    public abstract void Broadcast(Span<byte> bytes);

    /// <summary>Gives each rank its own stretch of bytes and takes one from each (MPI_Alltoallv).</summary>
    /// <param name="outgoing">The stretches for ranks 0, 1, …, one behind the other.</param>
    /// <param name="outgoingCounts">How many bytes go to each rank.</param>
    /// <param name="incoming">Where the stretches of ranks 0, 1, … go, one behind the other.</param>
    /// <param name="incomingCounts">How many bytes come from each rank.</param>
    public abstract void Exchange(
        ReadOnlySpan<byte> outgoing, ReadOnlySpan<long> outgoingCounts, Span<byte> incoming, ReadOnlySpan<long> incomingCounts);

    /// <summary>Puts what all ranks hold one behind the other, in the order of ranks, on every rank (MPI_Allgatherv).</summary>
    /// <param name="mine">What this rank gives; <paramref name="counts"/>[Rank] bytes.</param>
    /// <param name="counts">How many bytes each rank gives: the same numbers on all ranks.</param>
    /// <param name="all">Where all of it goes, as long as the sum of counts.</param>
    public virtual void Share(ReadOnlySpan<byte> mine, ReadOnlySpan<long> counts, Span<byte> all)
    {
        byte[] copies = new byte[(long)mine.Length * Size];
        long[] each = new long[Size];
        for (int rank = 0; rank < Size; rank++) mine.CopyTo(copies.AsSpan(rank * mine.Length));
        Array.Fill(each, mine.Length);
        Exchange(copies, each, all, counts);
    }

    /// <summary>Replaces each number by the sum of all ranks' numbers at its place, exact in 64 bits (it wraps beyond them).</summary>
    public abstract void Sum(Span<long> values);

    /// <summary>Replaces each number by the largest of all ranks' numbers at its place.</summary>
    public abstract void Max(Span<long> values);

    /// <summary>Ends all processes of the group with an exit code; does not return.</summary>
    /// <param name="exitCode">What the launcher is told, 1 to 255.</param>
    public abstract void Abort(int exitCode);

    /// <summary>Leaves the group; collective.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc cref="Dispose()"/>
    protected virtual void Dispose(bool disposing)
    {
    }

    private sealed class AloneGroup : RankGroup
    {
        public override int Rank => 0;

        public override int Size => 1;

        public override string Description => "one process";

        public override void Barrier()
        {
        }

        public override void Gather(ReadOnlySpan<byte> mine, ReadOnlySpan<long> counts, Span<byte> all) => mine.CopyTo(all);

        public override void Broadcast(Span<byte> bytes)
        {
        }

        public override void Exchange(
            ReadOnlySpan<byte> outgoing, ReadOnlySpan<long> outgoingCounts, Span<byte> incoming, ReadOnlySpan<long> incomingCounts) =>
            outgoing.CopyTo(incoming);

        public override void Sum(Span<long> values)
        {
        }

        public override void Max(Span<long> values)
        {
        }

        public override void Abort(int exitCode) => Environment.Exit(exitCode);
    }
}
