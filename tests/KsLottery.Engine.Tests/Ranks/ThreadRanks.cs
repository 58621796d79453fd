using KsLottery.Engine.Ranks;

namespace KsLottery.Engine.Tests.Ranks;

/// <summary>A group whose ranks are threads of this process: what MPI does, without MPI.</summary>
internal sealed class ThreadRanks : RankGroup
{
    private readonly Board _board;

    private ThreadRanks(Board board, int rank) => (_board, Rank) = (board, rank);

    public override int Rank { get; }

    public override int Size => _board.Size;

    public override string Description => "threads";

    /// <summary>Bytes that this rank has handed to other ranks so far.</summary>
    public long Sent { get; private set; }

    /// <summary>Runs a work on so many ranks at once and returns what each returned; the first exception of one ends all.</summary>
    public static T[] Run<T>(int size, Func<ThreadRanks, T> work)
    {
        using Board board = new(size);
        T[] results = new T[size];
        Exception?[] errors = new Exception?[size];
        Thread[] threads = [.. Enumerable.Range(0, size).Select(rank => new Thread(() =>
        {
            try
            {
                results[rank] = work(new(board, rank));
            }
            catch (Exception e)
            {
                errors[rank] = e;
                board.Stop.Cancel();
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        if ((errors.FirstOrDefault(e => e is not null and not OperationCanceledException) ?? errors.FirstOrDefault(e => e is not null))
            is { } error) throw new InvalidOperationException($"a rank failed: {error.Message}", error);
        return results;
    }

    public override void Barrier() => _board.Meet();

    public override void Gather(ReadOnlySpan<byte> mine, ReadOnlySpan<long> counts, Span<byte> all)
    {
        if (mine.Length != counts[Rank]) throw new ArgumentException($"{mine.Length} bytes given, {counts[Rank]} announced");
        byte[][] given = Share(mine.ToArray());
        if (Rank != 0) Sent += mine.Length;
        else
            for (int at = 0, rank = 0; rank < Size; at += given[rank++].Length) given[rank].CopyTo(all[at..]);
    }

    public override void Broadcast(Span<byte> bytes)
    {
        byte[][] given = Share(Rank == 0 ? bytes.ToArray() : [], bytes.Length);
        if (Rank == 0) Sent += (long)bytes.Length * (Size - 1);
        given[0].CopyTo(bytes);
    }

    public override void Exchange(
        ReadOnlySpan<byte> outgoing, ReadOnlySpan<long> outgoingCounts, Span<byte> incoming, ReadOnlySpan<long> incomingCounts)
    {
        byte[][] parts = new byte[Size][];
        for (int at = 0, rank = 0; rank < Size; rank++)
        {
            parts[rank] = outgoing.Slice(at, (int)outgoingCounts[rank]).ToArray();
            at += parts[rank].Length;
            if (rank != Rank) Sent += parts[rank].Length;
        }
        byte[][][] given = Share(parts);
        for (int at = 0, rank = 0; rank < Size; rank++)
        {
            byte[] part = given[rank][Rank];
            if (part.Length != incomingCounts[rank])
                throw new ArgumentException($"{part.Length} bytes come, {incomingCounts[rank]} awaited");
            part.CopyTo(incoming[at..]);
            at += part.Length;
        }
    }

    public override void Sum(Span<long> values) => Combine(values, (a, b) => a + b);

    public override void Max(Span<long> values) => Combine(values, Math.Max);

    public override void Abort(int exitCode)
    {
        _board.Stop.Cancel();
        throw new OperationCanceledException($"aborted with {exitCode}");
    }

    private void Combine(Span<long> values, Func<long, long, long> with)
    {
        long[][] given = Share(values.ToArray(), values.Length);
        for (int i = 0; i < values.Length; i++) values[i] = given.Select(v => v[i]).Aggregate(with);
        if (Size > 1) Sent += values.Length * sizeof(long);
    }

    /// <summary>What all ranks gave, after all have given; a second meeting lets nobody overwrite what another still reads.</summary>
    private T[] Share<T>(T mine, int? length = null)
    {
        _board.Slots[Rank] = (mine!, length);
        _board.Meet();
        (object Value, int? Length)[] slots = [.. _board.Slots];
        if (slots.Any(slot => slot.Length != length)) throw new ArgumentException("ranks gave different lengths to one collective call");
        T[] all = [.. slots.Select(slot => (T)slot.Value)];
        _board.Meet();
        return all;
    }

    private sealed class Board(int size) : IDisposable
    {
        private readonly Barrier _barrier = new(size);

        public int Size => size;

        public (object Value, int? Length)[] Slots { get; } = new (object, int?)[size];

        public CancellationTokenSource Stop { get; } = new();

        public void Meet() => _barrier.SignalAndWait(TimeSpan.FromSeconds(60), Stop.Token);

        public void Dispose()
        {
            _barrier.Dispose();
            Stop.Dispose();
        }
    }
}
