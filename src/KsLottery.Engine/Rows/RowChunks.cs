using CommunityToolkit.HighPerformance.Buffers;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Rows;

/// <summary>Goes over the rows of a matrix, or of two side by side, a chunk at a time on several threads.</summary>
/// <remarks>Memory stays at a few chunks a thread, however large the matrices.</remarks>
internal static class RowChunks
{
    /// <summary>A worker takes rows of about this many bytes at a time: they fit into its cache.</summary>
    private const int ChunkBytes = 1 << 19;

    /// <summary>Takes the bytes of some rows of the first matrix, and of the second where there is one.</summary>
    public delegate void Work(long first, int count, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after);

    /// <summary>Hands every chunk to a worker.</summary>
    /// <param name="before">The first matrix.</param>
    /// <param name="after">A second one of as many rows; null for none.</param>
    /// <param name="threads">The number of threads; 0 takes one for each processor.</param>
    /// <param name="newWorker">Makes the work of a thread from its number.</param>
    /// <param name="cancellationToken">Ends it between chunks.</param>
    /// <param name="blocks">Takes the blocks that begin in the rows of both, as they come by; null for none.</param>
    /// <returns>How many threads worked.</returns>
    public static int Run(RowMatrix before, RowMatrix? after, int threads, Func<int, Work> newWorker, CancellationToken cancellationToken,
        PairBlocks? blocks = null)
    {
        int rowBytes = Math.Max(before.RowBytes, after?.RowBytes ?? 0);
        int chunkRows = (int)Math.Clamp(ChunkBytes / rowBytes, 1, Math.Max(before.RowCount, 1));
        threads = threads > 0 ? threads : Environment.ProcessorCount;
        RowStretches stretches = blocks is null ? RowStretches.OfRows(before.RowCount, chunkRows)
            : RowStretches.OfBlocks(before, after!, threads, PairLanes.CanTake(before, after!, blocks));
        long count = stretches.Count, next = 0;
        threads = (int)Math.Clamp(threads, 1, Math.Max(count, 1));
        long releaseStretches = Math.Max(threads, RowMatrix.ReleaseBytes / ((long)stretches.MaxRows * rowBytes));
        if (threads == 1) WorkOn(newWorker(0));
        else
            SideBySide.Run(() => Parallel.For(0, threads,
                new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken },
                worker => WorkOn(newWorker(worker))));
        return threads;

        void WorkOn(Work work)
        {
            using MemoryOwner<byte> bufferBefore = Buffer(before), bufferAfter = Buffer(after);
            using PairHasher? hasher = blocks is null ? null : new(blocks);
            PairLanes? lanes = blocks is null ? null : new(blocks);
            for (long stretch; (stretch = Interlocked.Increment(ref next) - 1) < count;)
            {
                if (stretches.IsGroup(stretch) && !lanes!.AreLikelySame(stretches.BlockOf(stretch)))
                {
                    lanes.Take(stretches.BlockOf(stretch),
                        (start, length) => Pass(stretches.RowAt(start), stretches.RowAt(start + length), null));
                }
                else
                {
                    Pass(stretches.Start(stretch), stretches.Start(stretch + 1), hasher);
                    hasher?.Complete();
                }
                if ((stretch + 1) % releaseStretches == 0 && stretch >= releaseStretches) Release(stretch + 1 - (2 * releaseStretches));
            }

            void Pass(long row, long end, PairHasher? hasher)
            {
                for (; row < end; row += chunkRows)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    int rows = (int)Math.Min(chunkRows, end - row);
                    ReadOnlySpan<byte> second = after is null ? default : after.GetRows(row, rows, bufferAfter.Span);
                    ReadOnlySpan<byte> first = before.GetRows(row, rows, bufferBefore.Span);
                    work(row, rows, first, second);
                    hasher?.Add(before.StoredStartOf(row), first, after!.StoredStartOf(row), second);
                }
            }
        }

        // The rows before those just finished: hardly anyone is still at them, and if so the pages come back.
        void Release(long stretch)
        {
            long first = stretches.Start(stretch);
            int rows = (int)(stretches.Start(stretch + releaseStretches) - first);
            before.Release(first, rows);
            after?.Release(first, rows);
        }

        MemoryOwner<byte> Buffer(RowMatrix? matrix) =>
            MemoryOwner<byte>.Allocate(matrix is { NeedsBuffer: true } ? chunkRows * matrix.RowBytes : 0);
    }
}
