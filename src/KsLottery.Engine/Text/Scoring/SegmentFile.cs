using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>Reads files whose lines are scored.</summary>
internal static class SegmentFile
{
    /// <summary>The lines of a UTF-8 file, plain or gzip, as sacreBLEU scores them: a carriage return ends a line as a line
    /// feed does, a blank line is a segment, and a byte order mark stays, as a character of the first line.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">A line is not UTF-8, or the file is gzip and damaged; names file and line.</exception>
    /// <exception cref="IOException">The file is absent, cannot be read, or has 2 GB or more.</exception>
    public static IReadOnlyList<string> Read(string path) => TextFile.ReadLines(path, keepMark: true, splitsAtReturns: true);
}
