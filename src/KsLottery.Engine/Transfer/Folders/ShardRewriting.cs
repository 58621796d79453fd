using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>Copies a safetensors file with some rows of one tensor replaced; header and all other bytes stay as they are.</summary>
internal static class ShardRewriting
{
    private const int ChunkLength = 1 << 20;
    private const long ReportEvery = 16 << 20;

    /// <summary>Writes the file to the disk and says what rounding cost.</summary>
    public static RoundingLoss Write(string target, Tensor tensor, StoredRows rows, IProgress<PatchProgress>? progress,
        CancellationToken cancellationToken)
    {
        FileBytes source = tensor.File.Bytes;
        byte[] buffer = source.IsMapped ? [] : new byte[ChunkLength];
        RoundingLoss total = default;
        long reported = 0;
        long dropped = 0;
        using FileStream stream = new(target, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            PreallocationSize = source.Length,
        });
        for (int place = 0; place < rows.Indices.Count; place++)
        {
            CopyUpTo(tensor.FileOffset + (long)rows.Indices[place] * rows.RowLength);
            stream.Write(rows.Get(place, out RoundingLoss loss));
            total += loss;
            Advance();
        }
        CopyUpTo(source.Length);
        stream.Flush(flushToDisk: true);
        progress?.Report(new PatchProgress(Path.GetFileName(target), source.Length, source.Length));
        return total;

        void CopyUpTo(long end)
        {
            for (long start = stream.Position; start < end; start = stream.Position)
            {
                int length = (int)Math.Min(ChunkLength, end - start);
                stream.Write(source.GetBytes(start, length, buffer));
                Advance();
            }
        }

        void Advance()
        {
            cancellationToken.ThrowIfCancellationRequested();
            // From the last drop on, for the system also maps the pages around those that are touched.
            if (stream.Position - dropped >= ChunkLength)
            {
                source.DontNeed(dropped, stream.Position - dropped);
                dropped = stream.Position;
            }
            if (stream.Position - reported < ReportEvery) return;
            reported = stream.Position;
            progress?.Report(new PatchProgress(Path.GetFileName(target), reported, source.Length));
        }
    }
}
