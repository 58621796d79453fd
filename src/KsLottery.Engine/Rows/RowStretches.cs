using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Rows;

/// <summary>Rows divided into stretches, each of which one worker takes.</summary>
internal readonly struct RowStretches
{
    private readonly long _rows, _first, _firstBlock;
    private readonly int _rowBytes;

    private RowStretches(long rows, long count, int maxRows, long first = 0, int rowBytes = 0, long firstBlock = 0) =>
        (_rows, Count, MaxRows, _first, _rowBytes, _firstBlock) = (rows, count, maxRows, first, rowBytes, firstBlock);

    /// <summary>The number of stretches; some may be empty.</summary>
    public long Count { get; }

    /// <summary>The most rows of a stretch.</summary>
    public int MaxRows { get; }

    /// <summary>Stretches of as many rows each.</summary>
    public static RowStretches OfRows(long rows, int each) => new(rows, (rows + each - 1) / each, each);

    /// <summary>Stretches that begin in the row with the beginning of a block of one matrix.</summary>
    /// <remarks>
    /// Of the one with the shorter rows: so a block of either matrix ends within a row behind the stretch that it begins in, and hardly a
    /// byte is read twice.
    /// </remarks>
    public static RowStretches OfBlocks(RowMatrix before, RowMatrix after)
    {
        RowMatrix shorter = before.RowBytes <= after.RowBytes ? before : after;
        long first = shorter.StoredStartOf(0) / FingerprintBlocks.BlockLength,
            end = (shorter.StoredStartOf(shorter.RowCount) + FingerprintBlocks.BlockLength - 1) / FingerprintBlocks.BlockLength;
        return new(shorter.RowCount, end - first, (FingerprintBlocks.BlockLength / shorter.RowBytes) + 1, shorter.FirstRow,
            shorter.RowBytes, first);
    }

    /// <summary>The first row of a stretch, or behind the last the number of rows.</summary>
    public long Start(long stretch) => _rowBytes == 0 ? Math.Min(stretch * MaxRows, _rows)
        : Math.Clamp(((_firstBlock + stretch) * FingerprintBlocks.BlockLength / _rowBytes) - _first, 0, _rows);
}
