using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Interop;

namespace KsLottery.Engine.Transfer;

/// <summary>Writes a stretch of a file from front to back, by whole blocks of the disk, which may lie askew to what is written. For one
/// thread.</summary>
/// <remarks>A block in which the stretch begins or ends is not its own alone: its bytes of that are written apart.</remarks>
/// <param name="file">The file.</param>
/// <param name="buffer">Room for <see cref="LengthFor"/> what is written at a time.</param>
/// <param name="start">The first byte of the stretch.</param>
internal sealed class PieceWriter(UncachedFile file, AlignedBlock buffer, long start)
{
    private static readonly int Block = UncachedFile.Alignment;

    // The file's offset of the buffer, and the bytes in it that are not written yet.
    private long _origin = start - (start % Block);
    private int _first = (int)(start % Block), _end = (int)(start % Block);

    /// <summary>The bytes of a buffer for so many at a time.</summary>
    public static int LengthFor(int most) => most + Block;

    /// <summary>Room for the next bytes.</summary>
    public Span<byte> Next(int length) => buffer.GetSpan<byte>(_end, length);

    /// <summary>Writes so many of them, as far as they fill blocks.</summary>
    public void Advance(int length)
    {
        _end += length;
        int whole = _end & -Block, own = (_first + Block - 1) & -Block;
        if (whole < own || whole == 0) return;
        Put(_first, own);
        Put(own, whole);
        buffer.GetSpan<byte>(whole, _end - whole).CopyTo(buffer.GetSpan<byte>(0, _end - whole));
        (_origin, _first, _end) = (_origin + whole, 0, _end - whole);
    }

    /// <summary>Writes what is left.</summary>
    public void Complete()
    {
        Put(_first, _end);
        _first = _end;
    }

    private void Put(int from, int to)
    {
        if (from < to) file.Write(buffer.GetSpan<byte>(from, to - from), _origin + from);
    }
}
