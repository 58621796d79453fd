using System.Collections.Concurrent;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Interop;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>A tensor that a copied file holds in other values.</summary>
internal interface IRewrittenTensor
{
    /// <summary>As it is.</summary>
    Tensor Tensor { get; }

    /// <summary>Begins at the first element.</summary>
    IElementRewriter NewRewriter();
}

/// <summary>Rewrites the elements of a tensor from front to back.</summary>
/// <remarks>What holds something is disposed of, where it is <see cref="IDisposable"/>.</remarks>
internal interface IElementRewriter
{
    /// <summary>Changes some elements in place.</summary>
    /// <param name="start">The first of them, behind all before.</param>
    /// <param name="window">Their bytes, at most <see cref="ElementReader.MaxCount"/> elements.</param>
    /// <returns>What rounding cost.</returns>
    RoundingLoss Rewrite(long start, Span<byte> window);

    /// <summary>Puts some elements elsewhere, changed.</summary>
    /// <param name="start">The first of them, behind all before.</param>
    /// <param name="source">Their bytes, at most <see cref="ElementReader.MaxCount"/> elements.</param>
    /// <param name="target">Takes them, and may be the same memory.</param>
    /// <returns>What rounding cost.</returns>
    RoundingLoss Rewrite(long start, ReadOnlySpan<byte> source, Span<byte> target)
    {
        source.CopyTo(target);
        return Rewrite(start, target);
    }

    /// <summary>Hears that all elements came by; throws where the tensor was not the one that it should be.</summary>
    void Complete()
    {
    }
}

/// <summary>Copies a safetensors file with other values in some of its tensors, several of them at a time; header and all other bytes stay
/// as they are.</summary>
internal static class ShardCopy
{
    private const int ChunkLength = 1 << 20;

    // So many pieces on their way keep a disk busy, while others are computed.
    private const int InFlight = 4;

    private const long ReportEvery = 16 << 20, FlushEvery = 32 << 20;

    /// <summary>Writes the files that hold some tensors; each has its name when it is whole and on the disk.</summary>
    /// <param name="tensors">Tensors of one checkpoint.</param>
    /// <param name="folder">The output; what an earlier try finished is left as it is.</param>
    /// <param name="isReadBack">Whether what is written is read again at once.</param>
    /// <param name="check">Of the inputs: no file has its name before it ends, and its fault ends the work.</param>
    /// <param name="progress">Reports every 16 MiB.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <returns>What rounding cost, of each tensor that was written.</returns>
    /// <exception cref="IOException">The disk is too full, or a file cannot be written.</exception>
    public static List<(T Tensor, RoundingLoss Loss)> Write<T>(IReadOnlyList<T> tensors, StagedFolder folder,
        bool isReadBack, Task check, IProgress<PatchProgress>? progress, CancellationToken cancellationToken)
        where T : class, IRewrittenTensor
    {
        HashSet<string> finished = [.. folder.Finished];
        IGrouping<SafetensorsFile, T>[] shards = [.. tensors.GroupBy(t => t.Tensor.File)
            .Where(shard => !finished.Contains(Path.GetFileName(shard.Key.Path)))];
        DiskSpace.ThrowIfTooLittle(folder.GivenPath, folder.Staging, shards.Sum(s => s.Key.Bytes.Length));
        List<(T, RoundingLoss)> losses = [];
        Task onDisk = Task.CompletedTask;
        try
        {
            foreach (IGrouping<SafetensorsFile, T> shard in shards)
                onDisk = Task.WhenAll(onDisk, Write(shard.Key, shard, losses, folder.Staging, isReadBack, check, progress,
                    cancellationToken));
        }
        finally
        {
            onDisk.GetAwaiter().GetResult();
        }
        return losses;
    }

    /// <summary>Writes a file; returns the work of the disk, beside which the next one may be written.</summary>
    private static Task Write<T>(SafetensorsFile source, IEnumerable<T> tensors, List<(T, RoundingLoss)> losses, string folder,
        bool isReadBack, Task check, IProgress<PatchProgress>? progress, CancellationToken cancellationToken)
        where T : class, IRewrittenTensor
    {
        string name = Path.GetFileName(source.Path), path = Path.Combine(folder, name), partial = path + StagedFolder.PartialSuffix;
        UncachedFile file = new(partial, source.Bytes.Length, usesCache: isReadBack);
        using Copy copy = new(file, source.Bytes, name, check, progress, cancellationToken);
        try
        {
            SideBySide.ForEachWaiting(Pieces(source, tensors), Environment.ProcessorCount + (file.IsUncached ? InFlight : 0), piece =>
            {
                RoundingLoss loss = copy.Write(piece.Start, piece.End, piece.Tensor);
                if (piece.Tensor is { } tensor)
                    lock (losses) losses.Add((tensor, loss));
            }, cancellationToken);
            return Task.Run(() => Finish(file, copy.Flushed, check.WaitAsync(cancellationToken), partial, path), CancellationToken.None);
        }
        catch
        {
            Task.WhenAny(copy.Flushed).GetAwaiter().GetResult();
            file.Dispose();
            throw;
        }
    }

    private static void Finish(UncachedFile file, Task flushed, Task check, string partial, string path)
    {
        using (file)
        {
            flushed.GetAwaiter().GetResult();
            file.Flush();
        }
        check.GetAwaiter().GetResult();
        File.Move(partial, path);
    }

    /// <summary>The tensors, and what lies between them in pieces.</summary>
    private static IEnumerable<(long Start, long End, T? Tensor)> Pieces<T>(SafetensorsFile source, IEnumerable<T> tensors)
        where T : class, IRewrittenTensor
    {
        const long PieceLength = 64L << 20;
        long position = 0;
        foreach (T? one in tensors.OrderBy(t => t.Tensor.FileOffset).Append(null))
        {
            long next = one?.Tensor.FileOffset ?? source.Bytes.Length;
            for (; position < next; position = Math.Min(next, position + PieceLength))
                yield return (position, Math.Min(next, position + PieceLength), null);
            if (one is null) continue;
            position = next + one.Tensor.ByteLength;
            yield return (next, position, one);
        }
    }

    private sealed class Copy(UncachedFile file, FileBytes source, string name, Task check, IProgress<PatchProgress>? progress,
        CancellationToken cancellationToken) : IDisposable
    {
        private readonly Lock _lock = new();
        private readonly ConcurrentBag<AlignedBlock> _idle = [];
        private long _done, _reported, _unflushed;
        private Task _flush = Task.CompletedTask;

        /// <summary>Ends when the disk has nothing to do with the file any more.</summary>
        public Task Flushed => _flush;

        public RoundingLoss Write(long start, long end, IRewrittenTensor? tensor)
        {
            IElementRewriter? rewriter = tensor?.NewRewriter();
            using IDisposable? owner = rewriter as IDisposable;
            int size = tensor?.Tensor.ElementType.ByteSize() ?? 1, windowLength = ElementReader.MaxCount * size;
            AlignedBlock buffer = _idle.TryTake(out AlignedBlock? idle) ? idle
                : AlignedBlock.Allocate(PieceWriter.LengthFor(ChunkLength), UncachedFile.Alignment);
            PieceWriter output = new(file, buffer, start);
            RoundingLoss loss = default;
            for (long position = start; position < end;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (check.IsFaulted) check.GetAwaiter().GetResult();
                Span<byte> chunk = output.Next((int)Math.Min(ChunkLength, end - position));
                ReadOnlySpan<byte> read = source.GetBytes(position, chunk.Length, chunk);
                if (rewriter is null && source.IsMapped) read.CopyTo(chunk);
                for (int at = 0, next; rewriter is not null && at < chunk.Length; at = next)
                {
                    next = Math.Min(chunk.Length, at + windowLength);
                    loss += rewriter.Rewrite((position - start + at) / size, read[at..next], chunk[at..next]);
                }
                output.Advance(chunk.Length);
                source.DontNeed(position, chunk.Length);
                position += chunk.Length;
                Report(chunk.Length);
                FlushMeanwhile(chunk.Length);
            }
            output.Complete();
            _idle.Add(buffer);
            rewriter?.Complete();
            return loss;
        }

        public void Dispose()
        {
            foreach (AlignedBlock one in _idle) one.Dispose();
        }

        /// <summary>Has the disk begin while the rest is computed, so that little is left for the end.</summary>
        private void FlushMeanwhile(int written)
        {
            if (file.IsUncached || Interlocked.Add(ref _unflushed, written) < FlushEvery) return;
            lock (_lock)
            {
                if (_unflushed < FlushEvery || !_flush.IsCompleted) return;
                _unflushed = 0;
                _flush = Task.Run(() => file.Flush(), CancellationToken.None);
            }
        }

        private void Report(int written)
        {
            lock (_lock)
            {
                _done += written;
                if (_done < source.Length && _done - _reported < ReportEvery) return;
                _reported = _done;
                progress?.Report(new(name, _done, source.Length));
            }
        }
    }
}
