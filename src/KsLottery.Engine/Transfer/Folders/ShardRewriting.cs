using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>Copies a safetensors file with what a patch changes in some of its tensors; header and all other bytes stay as they
/// are.</summary>
internal static class ShardRewriting
{
    private const int ChunkLength = 1 << 20;
    private const long ReportEvery = 16 << 20;

    private const int BufferLength = 1 << 17;

    /// <summary>Writes the file to the disk and says what rounding cost, tensor by tensor.</summary>
    /// <param name="path">The new file.</param>
    /// <param name="targets">The tensors, of one file.</param>
    /// <param name="side">Which values they get.</param>
    /// <param name="progress">Reports every 16 MiB.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    public static List<(PatchedTensor Tensor, RoundingLoss Loss)> Write(string path, IReadOnlyList<PatchTarget> targets, PatchSide side,
        IProgress<PatchProgress>? progress, CancellationToken cancellationToken)
    {
        FileBytes source = targets[0].Tensor.File.Bytes;
        byte[] buffer = source.IsMapped ? [] : new byte[ChunkLength];
        List<(PatchedTensor, RoundingLoss)> losses = [];
        long position = 0, reported = 0, dropped = 0;
        using FileStream stream = new(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            PreallocationSize = source.Length,
            BufferSize = BufferLength,
        });
        foreach ((PatchedTensor patched, Tensor tensor) in targets.OrderBy(t => t.Tensor.FileOffset))
        {
            int size = tensor.ElementType.ByteSize();
            RoundingLoss total = default;
            ElementReader reader = new(tensor);
            for (PatchRuns runs = new(patched, side); runs.MoveNext();)
            {
                CopyUpTo(tensor.FileOffset + (runs.Current.Start * size));
                ReadOnlySpan<byte> bytes = runs.Get(reader.Get(runs.Current.Start, (int)runs.Current.Length), out RoundingLoss loss);
                stream.Write(bytes);
                total += loss;
                Advance(bytes.Length);
            }
            losses.Add((patched, total));
        }
        CopyUpTo(source.Length);
        stream.Flush(flushToDisk: true);
        progress?.Report(new PatchProgress(Path.GetFileName(path), source.Length, source.Length));
        return losses;

        void CopyUpTo(long end)
        {
            while (position < end)
            {
                int length = (int)Math.Min(ChunkLength, end - position);
                stream.Write(source.GetBytes(position, length, buffer));
                Advance(length);
            }
        }

        void Advance(int written)
        {
            cancellationToken.ThrowIfCancellationRequested();
            position += written;
            // From the last drop on, for the system also maps the pages around those that are touched.
            if (position - dropped >= ChunkLength)
            {
                source.DontNeed(dropped, position - dropped);
                dropped = position;
            }
            if (position - reported < ReportEvery) return;
            reported = position;
            progress?.Report(new PatchProgress(Path.GetFileName(path), reported, source.Length));
        }
    }
}
