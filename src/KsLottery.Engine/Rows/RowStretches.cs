using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Rows;

/// <summary>Rows divided into stretches, each of which one worker takes.</summary>
internal readonly struct RowStretches
{
    private readonly long _rows, _first, _firstBlock;
    private readonly int _rowBytes, _lead, _groups;

    private RowStretches(long rows, long count, int maxRows, long first = 0, int rowBytes = 0, long firstBlock = 0, int lead = 0,
        int groups = 0) => (_rows, Count, MaxRows, _first, _rowBytes, _firstBlock, _lead, _groups)
            = (rows, count, maxRows, first, rowBytes, firstBlock, lead, groups);

    /// <summary>The number of stretches; some may be empty.</summary>
    public long Count { get; }

    /// <summary>The most rows of a stretch.</summary>
    public int MaxRows { get; }

    /// <summary>Stretches of as many rows each.</summary>
    public static RowStretches OfRows(long rows, int each) => new(rows, (rows + each - 1) / each, each);

    /// <summary>Stretches that begin in the row with the beginning of a block of one matrix.</summary>
    /// <param name="before">The first matrix.</param>
    /// <param name="after">The second.</param>
    /// <param name="threads">How many threads take them.</param>
    /// <param name="mayGroup">Whether whole blocks are grouped by <see cref="PairLanes.BlockCount"/>; the last ones are not, so that no
    /// thread waits long for another.</param>
    /// <remarks>
    /// Of the one with the shorter rows: so a block of either matrix ends within a row behind the stretch that it begins in, and hardly a
    /// byte is read twice.
    /// </remarks>
    public static RowStretches OfBlocks(RowMatrix before, RowMatrix after, int threads, bool mayGroup)
    {
        const int SinglesOfThread = PairLanes.BlockCount / 2;
        RowMatrix shorter = before.RowBytes <= after.RowBytes ? before : after;
        long start = shorter.StoredStartOf(0), end = shorter.StoredStartOf(shorter.RowCount);
        long first = start / FingerprintBlocks.BlockLength,
            blocks = ((end + FingerprintBlocks.BlockLength - 1) / FingerprintBlocks.BlockLength) - first;
        int lead = start % FingerprintBlocks.BlockLength == 0 ? 0 : 1;
        long whole = (end / FingerprintBlocks.BlockLength) - first - lead - (threads > 1 ? threads * SinglesOfThread : 0);
        int groups = mayGroup ? (int)Math.Max(0, whole / PairLanes.BlockCount) : 0;
        int most = (groups > 0 ? PairLanes.BlockCount : 1) * FingerprintBlocks.BlockLength;
        return new(shorter.RowCount, blocks - (groups * (PairLanes.BlockCount - 1L)), (most / shorter.RowBytes) + 1, shorter.FirstRow,
            shorter.RowBytes, first, lead, groups);
    }

    /// <summary>The first row of a stretch, or behind the last the number of rows.</summary>
    public long Start(long stretch) => _rowBytes == 0 ? Math.Min(stretch * MaxRows, _rows)
        : RowAt((long)BlockOf(stretch) * FingerprintBlocks.BlockLength);

    /// <summary>Whether a stretch holds <see cref="PairLanes.BlockCount"/> whole blocks.</summary>
    public bool IsGroup(long stretch) => stretch >= _lead && stretch < _lead + _groups;

    /// <summary>The block that a stretch of blocks begins with.</summary>
    public int BlockOf(long stretch) =>
        checked((int)(_firstBlock + stretch + (Math.Clamp(stretch - _lead, 0, _groups) * (PairLanes.BlockCount - 1))));

    /// <summary>The row that holds a byte of the matrix with the shorter rows, or the nearest.</summary>
    public long RowAt(long offset) => Math.Clamp((offset / _rowBytes) - _first, 0, _rows);
}
