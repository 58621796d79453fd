using System.Runtime.ExceptionServices;
using CommunityToolkit.HighPerformance.Buffers;

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
    /// <returns>How many threads worked.</returns>
    public static int Run(RowMatrix before, RowMatrix? after, int threads, Func<int, Work> newWorker, CancellationToken cancellationToken)
    {
        int rowBytes = Math.Max(before.RowBytes, after?.RowBytes ?? 0);
        int chunkRows = (int)Math.Clamp(ChunkBytes / rowBytes, 1, Math.Max(before.RowCount, 1));
        long chunks = (before.RowCount + chunkRows - 1) / chunkRows, next = 0;
        int releaseChunks = Math.Max(1, RowMatrix.ReleaseBytes / (chunkRows * rowBytes));
        threads = (int)Math.Clamp(threads > 0 ? threads : Environment.ProcessorCount, 1, Math.Max(chunks, 1));
        try
        {
            if (threads == 1) WorkOn(newWorker(0));
            else
                Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken },
                    worker => WorkOn(newWorker(worker)));
        }
        catch (AggregateException several)
        {
            ExceptionDispatchInfo.Throw(several.Flatten().InnerExceptions[0]);
        }
        return threads;

        void WorkOn(Work work)
        {
            using MemoryOwner<byte> bufferBefore = Buffer(before), bufferAfter = Buffer(after);
            for (long chunk; (chunk = Interlocked.Increment(ref next) - 1) < chunks;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                long row = chunk * chunkRows;
                int count = (int)Math.Min(chunkRows, before.RowCount - row);
                ReadOnlySpan<byte> second = after is null ? default : after.GetRows(row, count, bufferAfter.Span);
                work(row, count, before.GetRows(row, count, bufferBefore.Span), second);
                if ((chunk + 1) % releaseChunks == 0 && chunk >= releaseChunks)
                {
                    // The stretch before the one just finished: hardly anyone is still at it, and if so the pages come back.
                    long first = (chunk + 1 - (2 * releaseChunks)) * chunkRows;
                    before.Release(first, releaseChunks * chunkRows);
                    after?.Release(first, releaseChunks * chunkRows);
                }
            }
        }

        MemoryOwner<byte> Buffer(RowMatrix? matrix) =>
            MemoryOwner<byte>.Allocate(matrix is { NeedsBuffer: true } ? chunkRows * matrix.RowBytes : 0);
    }
}
