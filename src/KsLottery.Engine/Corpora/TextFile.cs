using System.IO.Compression;
using System.Text;
using System.Text.Unicode;

namespace KsLottery.Engine.Corpora;

/// <summary>Reads text files of training data strictly, and words what is wrong with them by file and line.</summary>
/// <remarks>
/// UTF-8, plain or gzip, told apart by the first bytes; a byte order mark at the start is dropped; lines end with a line feed or with
/// carriage return and line feed, and a file may end without either.
/// </remarks>
internal static class TextFile
{
    /// <summary>The lines of a file, in order; the first is line 1.</summary>
    /// <inheritdoc cref="ReadBytes" path="/exception"/>
    public static List<string> ReadLines(string path, bool keepMark = false)
    {
        ReadOnlySpan<byte> rest = ReadBytes(path, keepMark);
        List<string> lines = [];
        while (rest.Length > 0)
        {
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            lines.Add(Encoding.UTF8.GetString(line is [.., (byte)'\r'] ? line[..^1] : line));
        }
        return lines;
    }

    /// <summary>The content of a file, unpacked, without a byte order mark unless that is to be kept.</summary>
    /// <exception cref="InvalidDataException">A line is not UTF-8, or the file is gzip and damaged; names file and line.</exception>
    /// <exception cref="IOException">The file is absent, cannot be read, or has 2 GB or more.</exception>
    public static ReadOnlySpan<byte> ReadBytes(string path, bool keepMark = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] bytes = File.ReadAllBytes(path);
        ReadOnlySpan<byte> text = bytes is [0x1F, 0x8B, ..] ? Unpack(path, bytes) : bytes;
        if (!Utf8.IsValid(text)) throw Damaged(path, FirstInvalidLine(text), "bytes that are not UTF-8; convert the file to UTF-8");
        return text is [0xEF, 0xBB, 0xBF, ..] && !keepMark ? text[3..] : text;
    }

    /// <summary>Words what is wrong with a line.</summary>
    public static InvalidDataException Damaged(string path, long line, string what, Exception? inner = null) =>
        new(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{path}: line {line}: {what}."), inner);

    private static int FirstInvalidLine(ReadOnlySpan<byte> text)
    {
        int line = 1;
        for (int end; (end = text.IndexOf((byte)'\n')) >= 0 && Utf8.IsValid(text[..end]); line++) text = text[(end + 1)..];
        return line;
    }

    private static ReadOnlySpan<byte> Unpack(string path, byte[] packed)
    {
        using MemoryStream text = new();
        try
        {
            using GZipStream gzip = new(new MemoryStream(packed), CompressionMode.Decompress);
            gzip.CopyTo(text);
        }
        catch (InvalidDataException fault)
        {
            throw new InvalidDataException($"{path}: the gzip data are damaged ({fault.Message}) Fetch the file again.", fault);
        }
        // The stream takes a file that was cut short for a whole one; the length at the end of the file (RFC 1952, ISIZE) tells.
        if (packed.Length < 4 || BitConverter.ToUInt32(packed, packed.Length - 4) != (uint)text.Length)
        {
            throw new InvalidDataException($"{path}: the gzip data are cut short, or of several members: {text.Length} bytes came out. " +
                "Fetch the file again, or unpack it first.");
        }
        return text.GetBuffer().AsSpan(0, (int)text.Length);
    }
}
