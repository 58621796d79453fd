using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using System.Text.Unicode;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Text.Corpora;

/// <summary>Reads text files of training data strictly, and words what is wrong with them by file and line.</summary>
/// <remarks>
/// UTF-8, plain or gzip, of one member or several, told apart by the first bytes; a byte order mark at the start is dropped. Lines end with
/// a line feed or with carriage return and line feed, in a file without any line feed with a carriage return; the last may lack its end.
/// </remarks>
internal static class TextFile
{
    /// <summary>Stands for the standard input in place of a path; it is read once, and kept.</summary>
    public const string StandardInput = "-";

    private static readonly Lazy<byte[]> Input = new(() =>
    {
        using Stream input = Console.OpenStandardInput();
        using MemoryStream all = new();
        input.CopyTo(all);
        return all.ToArray();
    });

    /// <summary>The lines of a file, in order; the first is line 1.</summary>
    /// <param name="path">The file.</param>
    /// <param name="keepMark">Whether a byte order mark stays.</param>
    /// <param name="splitsAtReturns">Whether a carriage return ends a line also where others end with a line feed; elsewhere it is refused,
    /// since nobody knows whether a line ends there.</param>
    /// <inheritdoc cref="ReadBytes" path="/exception"/>
    public static List<string> ReadLines(string path, bool keepMark = false, bool splitsAtReturns = false)
    {
        ReadOnlySpan<byte> rest = ReadBytes(path, keepMark);
        bool hasFeeds = rest.Contains((byte)'\n');
        List<string> lines = [];
        while (rest.Length > 0)
        {
            int end = splitsAtReturns ? rest.IndexOfAny((byte)'\n', (byte)'\r') : rest.IndexOf(hasFeeds ? (byte)'\n' : (byte)'\r');
            ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(rest[end..] is [(byte)'\r', (byte)'\n', ..] ? end + 2 : end + 1)..];
            line = line.TrimEnd((byte)'\r');
            if (line.Contains((byte)'\r'))
                throw Damaged(path, lines.Count + 1, "a carriage return within the line, while lines end with a line feed; take it out, or "
                    + "give all lines the same end");
            lines.Add(Encoding.UTF8.GetString(line));
        }
        return lines;
    }

    /// <summary>The content of a file, unpacked, without a byte order mark unless that is to be kept.</summary>
    /// <exception cref="InvalidDataException">A line is not UTF-8, or the file is gzip and damaged; names file and line.</exception>
    /// <exception cref="IOException">The file is absent, cannot be read, or has 2 GB or more.</exception>
    public static ReadOnlySpan<byte> ReadBytes(string path, bool keepMark = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] bytes = path == StandardInput ? Input.Value : File.ReadAllBytes(path);
        ReadOnlySpan<byte> text = bytes is [0x1F, 0x8B, ..] ? Unpack(path, bytes) : bytes;
        if (!Utf8.IsValid(text)) throw Damaged(path, FirstInvalidLine(text), "bytes that are not UTF-8; convert the file to UTF-8");
        return text is [0xEF, 0xBB, 0xBF, ..] && !keepMark ? text[3..] : text;
    }

    /// <summary>Whether a file holds JSON: by its name, and of the standard input by its first character.</summary>
    /// <param name="path">The file.</param>
    /// <param name="extensions">What the name of a JSON file ends with, before a <c>.gz</c>.</param>
    public static bool IsJson(string path, params ReadOnlySpan<string> extensions)
    {
        if (path == StandardInput) return ReadBytes(path).TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..];
        string name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        foreach (string extension in extensions)
            if (name.EndsWith(extension, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    /// <summary>The fingerprint of a file's bytes, as they lie there.</summary>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    public static string FingerprintOf(string path) => path == StandardInput
        ? $"sha256:{Convert.ToHexStringLower(ContentHash.Of(Input.Value))}" : Fingerprint.OfFile(path);

    /// <summary>What messages call a file.</summary>
    public static string NameOf(string path) => path == StandardInput ? "standard input" : path;

    /// <summary>Words what is wrong with a line.</summary>
    public static InvalidDataException Damaged(string path, long line, string what, Exception? inner = null) =>
        new(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{NameOf(path)}: line {line}: {what}."), inner);

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
            throw new InvalidDataException($"{NameOf(path)}: the gzip data are damaged ({fault.Message}) Fetch the file again.", fault);
        }
        ReadOnlySpan<byte> unpacked = text.GetBuffer().AsSpan(0, (int)text.Length);
        if (!IsWhole(packed, unpacked))
        {
            throw new InvalidDataException(
                $"{NameOf(path)}: the gzip data are cut short, or something else stands behind them: {text.Length} bytes " +
                "came out. Fetch the file again.");
        }
        return unpacked;
    }

    /// <summary>
    /// Whether the last member came out to its end: the stream takes a file that was cut short for a whole one. The file ends with check
    /// sum and length of the last member's text (RFC 1952, CRC32 and ISIZE), so that these must be those of the last bytes that came out.
    /// </summary>
    private static bool IsWhole(ReadOnlySpan<byte> packed, ReadOnlySpan<byte> text)
    {
        if (packed.Length < 8) return false;
        uint sum = BinaryPrimitives.ReadUInt32LittleEndian(packed[^8..]), length = BinaryPrimitives.ReadUInt32LittleEndian(packed[^4..]);
        return length <= (uint)text.Length && Crc32.HashToUInt32(text[^(int)length..]) == sum;
    }
}
