using System.Runtime.InteropServices;
using System.Text;
using KsLottery.Engine.Ranks;

namespace KsLottery.Engine.Training;

/// <summary>What the ranks of a training tell each other and agree on.</summary>
internal static class TrainingRanks
{
    private const int MessageBytes = 1024;

    /// <summary>Whether work is to end here. One process ends at once; of several ranks each goes on to where all end
    /// together.</summary>
    /// <exception cref="OperationCanceledException">One process was cancelled.</exception>
    public static bool IsStopped(this RankGroup ranks, CancellationToken cancellationToken)
    {
        if (ranks.Size == 1) cancellationToken.ThrowIfCancellationRequested();
        return cancellationToken.IsCancellationRequested;
    }

    /// <summary>Gives some numbers of each rank to all, in the order of ranks, unless a rank was told to stop.</summary>
    /// <param name="ranks">The processes.</param>
    /// <param name="own">This rank's.</param>
    /// <param name="counts">How many each has.</param>
    /// <param name="cancellationToken">Stops all ranks, with one rank's being enough.</param>
    /// <exception cref="OperationCanceledException">A rank was told to stop.</exception>
    public static double[] ShareOrStop(this RankGroup ranks, double[] own, long[] counts, CancellationToken cancellationToken)
    {
        if (ranks.Size == 1) return own;
        double[] mine = [cancellationToken.IsCancellationRequested ? 1 : 0, .. own], all = new double[counts.Sum() + ranks.Size];
        ranks.Share(MemoryMarshal.AsBytes(mine.AsSpan()), [.. counts.Select(count => (count + 1) * sizeof(double))],
            MemoryMarshal.AsBytes(all.AsSpan()));
        double[] values = new double[counts.Sum()];
        int stopped = -1;
        for (int rank = 0, at = 0, from = 0; rank < ranks.Size; rank++)
        {
            if (all[from] > 0) stopped = rank;
            all.AsSpan(from + 1, (int)counts[rank]).CopyTo(values.AsSpan(at));
            (at, from) = (at + (int)counts[rank], from + (int)counts[rank] + 1);
        }
        return stopped < 0 ? values : throw new OperationCanceledException($"{ranks.NameOf(stopped)} was told to stop.");
    }

    /// <summary>Does on rank 0 what only one process does, and lets all ranks go on when it is done.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled; on all ranks.</exception>
    public static void OnFirst(this RankGroup ranks, Action work)
    {
        if (ranks.Size == 1)
        {
            work();
            return;
        }
        Span<long> stopped = [0];
        OperationCanceledException? fault = null;
        if (ranks.Writes)
        {
            try
            {
                work();
            }
            catch (OperationCanceledException cancelled)
            {
                (fault, stopped[0]) = (cancelled, 1);
            }
        }
        ranks.Max(stopped);
        if (stopped[0] > 0) throw fault ?? new OperationCanceledException($"{ranks.NameOf(0)} was told to stop.");
    }

    /// <summary>The largest of all ranks' numbers.</summary>
    public static long Largest(this RankGroup ranks, long value)
    {
        Span<long> values = [value];
        ranks.Max(values);
        return values[0];
    }

    /// <summary>The sum of all ranks' numbers.</summary>
    public static long Total(this RankGroup ranks, long value)
    {
        Span<long> values = [value];
        ranks.Sum(values);
        return values[0];
    }

    /// <summary>Rank 0's text, on all ranks.</summary>
    public static string FirstText(this RankGroup ranks, string own) =>
        Encoding.UTF8.GetString(RankBlobs.Broadcast(ranks, Encoding.UTF8.GetBytes(own)));

    /// <summary>Throws on all ranks what is wrong on one.</summary>
    /// <param name="ranks">The processes.</param>
    /// <param name="message">What is wrong on this rank; null for nothing.</param>
    /// <param name="make">The exception.</param>
    public static void ThrowAll(this RankGroup ranks, string? message, Func<string, Exception> make)
    {
        long guilty = ranks.Largest(message is null ? -1 : ranks.Rank);
        if (guilty < 0) return;
        byte[] mine = new byte[MessageBytes], all = new byte[MessageBytes * ranks.Size];
        Encoding.UTF8.GetEncoder().Convert(message, mine, flush: true, out _, out _, out _);
        ranks.Share(mine, [.. Enumerable.Repeat((long)MessageBytes, ranks.Size)], all);
        throw make(Encoding.UTF8.GetString(all.AsSpan((int)guilty * MessageBytes, MessageBytes)).TrimEnd('\0'));
    }
}
