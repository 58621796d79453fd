using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using Microsoft.Win32.SafeHandles;

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
internal interface IElementRewriter : IDisposable
{
    /// <summary>Changes some elements in place.</summary>
    /// <param name="start">The first of them, behind all before.</param>
    /// <param name="window">Their bytes, at most <see cref="ElementReader.MaxCount"/> elements.</param>
    /// <returns>What rounding cost.</returns>
    RoundingLoss Rewrite(long start, Span<byte> window);
}

/// <summary>Copies a safetensors file with other values in some of its tensors, several of them at a time; header and all other bytes stay
/// as they are.</summary>
internal static class ShardCopy
{
    private const int ChunkLength = 1 << 20;

    /// <summary>Writes the file; it has its name when it is whole and on the disk.</summary>
    /// <param name="path">The new file.</param>
    /// <param name="source">The file that is copied.</param>
    /// <param name="tensors">Tensors of it.</param>
    /// <param name="threads">The number of threads; 0 takes one for each processor.</param>
    /// <param name="progress">Reports every MiB.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <returns>What rounding cost; and the work of the disk, beside which the next file may be written.</returns>
    public static (RoundingLoss Loss, Task OnDisk) Write(string path, SafetensorsFile source, IEnumerable<IRewrittenTensor> tensors,
        int threads, IProgress<PatchProgress>? progress, CancellationToken cancellationToken)
    {
        string partial = path + StagedFolder.PartialSuffix;
        SafeFileHandle file = File.OpenHandle(partial, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.None,
            source.Bytes.Length);
        try
        {
            Copy copy = new(file, source.Bytes, Path.GetFileName(path), progress, cancellationToken);
            SideBySide.ForEach(Pieces(source, tensors), threads, copy.Write, cancellationToken);
            return (copy.Loss, Task.Run(() => Finish(file, partial, path), CancellationToken.None));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void Finish(SafeFileHandle file, string partial, string path)
    {
        using (file) RandomAccess.FlushToDisk(file);
        File.Move(partial, path);
    }

    /// <summary>The tensors, and what lies between them in pieces.</summary>
    private static IEnumerable<(long Start, long End, IRewrittenTensor? Tensor)> Pieces(SafetensorsFile source,
        IEnumerable<IRewrittenTensor> tensors)
    {
        const long PieceLength = 64L << 20;
        long position = 0;
        foreach (IRewrittenTensor? one in tensors.OrderBy(t => t.Tensor.FileOffset).Append(null))
        {
            long next = one?.Tensor.FileOffset ?? source.Bytes.Length;
            for (; position < next; position = Math.Min(next, position + PieceLength))
                yield return (position, Math.Min(next, position + PieceLength), null);
            if (one is null) continue;
            position = next + one.Tensor.ByteLength;
            yield return (next, position, one);
        }
    }

    private sealed class Copy(SafeFileHandle file, FileBytes source, string name, IProgress<PatchProgress>? progress,
        CancellationToken cancellationToken)
    {
        private readonly Lock _lock = new();
        private long _done;

        public RoundingLoss Loss { get; private set; }

        public void Write((long Start, long End, IRewrittenTensor? Tensor) piece)
        {
            using IElementRewriter? rewriter = piece.Tensor?.NewRewriter();
            int size = piece.Tensor?.Tensor.ElementType.ByteSize() ?? 1, windowLength = ElementReader.MaxCount * size;
            byte[] buffer = GC.AllocateUninitializedArray<byte>((int)Math.Min(ChunkLength, piece.End - piece.Start));
            RoundingLoss loss = default;
            for (long position = piece.Start; position < piece.End;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, piece.End - position));
                ReadOnlySpan<byte> read = source.GetBytes(position, chunk.Length, chunk);
                if (source.IsMapped) read.CopyTo(chunk);
                for (int at = 0; rewriter is not null && at < chunk.Length; at += windowLength)
                    loss += rewriter.Rewrite((position - piece.Start + at) / size, chunk[at..Math.Min(chunk.Length, at + windowLength)]);
                RandomAccess.Write(file, chunk, position);
                source.DontNeed(position, chunk.Length);
                position += chunk.Length;
                Report(chunk.Length);
            }
            lock (_lock) Loss += loss;
        }

        private void Report(int written)
        {
            lock (_lock)
            {
                _done += written;
                progress?.Report(new(name, _done, source.Length));
            }
        }
    }
}
