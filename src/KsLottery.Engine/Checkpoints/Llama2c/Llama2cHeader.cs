using System.Buffers.Binary;

namespace KsLottery.Engine.Checkpoints;

/// <summary>The header of a llama2.c <c>.bin</c>: the model's dimensions.</summary>
/// <remarks>
/// Source: <c>export.py</c> of llama2.c. Both forms are little-endian. The legacy form (version 0) has no magic: 7 int32 and then the
/// weights; a negative vocabulary size says that the head is a matrix of its own. Version 1 has the magic 0x616b3432 ("ak42"), the
/// version, the same 7 int32, a byte that is 1 where head and embedding are one, and zeros up to byte 256.
/// </remarks>
public sealed record Llama2cHeader
{
    internal const int LegacyLength = 7 * sizeof(int);
    internal const int Length = 256;

    private const uint Magic = 0x616b3432;
    private const int VersionOffset = 4;
    private const int FieldsOffset = 8;
    private const int FlagOffset = FieldsOffset + LegacyLength;

    /// <summary>Beyond every model there is, and small enough that no product of four dimensions overflows 128 bits.</summary>
    private const int MaxDimension = 1 << 24;

    private static readonly string[] FieldNames = ["dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "seq_len"];

    /// <summary>The version of the form: 0 (legacy) or 1.</summary>
    public required int Version { get; init; }

    /// <summary><c>dim</c>: the width of an embedding row.</summary>
    public required int Width { get; init; }

    /// <summary><c>hidden_dim</c>: the width within the feed-forward block.</summary>
    public required int HiddenWidth { get; init; }

    /// <summary><c>n_layers</c>.</summary>
    public required int LayerCount { get; init; }

    /// <summary><c>n_heads</c>: heads of the queries; divides <see cref="Width"/>.</summary>
    public required int HeadCount { get; init; }

    /// <summary><c>n_kv_heads</c>: heads of keys and values; divides <see cref="HeadCount"/>.</summary>
    public required int KeyValueHeadCount { get; init; }

    /// <summary><c>vocab_size</c> without its sign: embedding rows.</summary>
    public required int VocabularySize { get; init; }

    /// <summary><c>seq_len</c>: the longest text in tokens that the model was trained for.</summary>
    public required int SequenceLength { get; init; }

    /// <summary>Whether the output head is the input embedding, so that the file holds it once.</summary>
    public required bool IsTied { get; init; }

    /// <summary>The width of a head, an even number: <see cref="Width"/> / <see cref="HeadCount"/>.</summary>
    public int HeadWidth => Width / HeadCount;

    /// <summary>The byte at which the weights begin.</summary>
    internal int DataOffset => Version == 0 ? LegacyLength : Length;

    /// <summary>Reads the first bytes of a file and checks every value.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="start">Its first bytes, <see cref="Length"/> of them unless it has fewer.</param>
    /// <exception cref="CheckpointFormatException">The header is cut short, of another version, or impossible.</exception>
    internal static Llama2cHeader Parse(string path, ReadOnlySpan<byte> start)
    {
        if (start.Length < sizeof(uint) || BinaryPrimitives.ReadUInt32LittleEndian(start) != Magic)
            return ReadFields(path, start, version: 0, LegacyLength, fieldsOffset: 0);

        ThrowIfShort(path, start, FieldsOffset);
        int version = BinaryPrimitives.ReadInt32LittleEndian(start[VersionOffset..]);
        if (version != 1)
            throw new CheckpointFormatException(CheckpointDefect.UnsupportedLlama2cVersion, path, version == 2
                ? "version 2 (Q8_0, quantised to 8 bits) is not read, only the versions 0 (legacy) and 1, which hold F32"
                : $"version {version} is not known, versions are 0 (legacy, without the magic) and 1",
                "Export the model again with export.py --version 1 of llama2.c", byteOffset: VersionOffset);
        Llama2cHeader header = ReadFields(path, start, version, Length, FieldsOffset);
        byte flag = start[FlagOffset];
        if (flag > 1) throw Invalid(path, FlagOffset, $"the shared classifier flag is {flag}, allowed are 0 and 1");
        int padding = start[(FlagOffset + 1)..Length].IndexOfAnyExcept((byte)0);
        if (padding >= 0)
            throw Invalid(path, FlagOffset + 1 + padding,
                $"the byte is {start[FlagOffset + 1 + padding]}, the header's padding up to byte {Length} is 0");
        return header with { IsTied = flag == 1 };
    }

    private static Llama2cHeader ReadFields(string path, ReadOnlySpan<byte> start, int version, int length, int fieldsOffset)
    {
        ThrowIfShort(path, start, length);
        Span<int> fields = stackalloc int[FieldNames.Length];
        for (int i = 0; i < fields.Length; i++)
        {
            int offset = fieldsOffset + i * sizeof(int);
            int value = BinaryPrimitives.ReadInt32LittleEndian(start[offset..]);
            bool mayBeNegative = version == 0 && FieldNames[i] == "vocab_size";
            if (value == 0 || Math.Abs((long)value) > MaxDimension || (value < 0 && !mayBeNegative))
                throw Invalid(path, offset, $"{FieldNames[i]} is {value}, allowed are 1 to {MaxDimension}"
                    + (mayBeNegative ? ", negative for a model with a head of its own" : "")
                    + (version == 0 ? "; the file does not begin with the magic ak42 and was read in the legacy form (version 0)" : ""));
            fields[i] = value;
        }
        Llama2cHeader header = new()
        {
            Version = version,
            Width = fields[0],
            HiddenWidth = fields[1],
            LayerCount = fields[2],
            HeadCount = fields[3],
            KeyValueHeadCount = fields[4],
            VocabularySize = Math.Abs(fields[5]),
            SequenceLength = fields[6],
            IsTied = fields[5] > 0,
        };
        header.ThrowIfHeadsDoNotFit(path, fieldsOffset);
        return header;
    }

    private void ThrowIfHeadsDoNotFit(string path, int fieldsOffset)
    {
        if (Width % HeadCount != 0)
            throw Invalid(path, fieldsOffset, $"dim {Width} is no multiple of n_heads {HeadCount}");
        if (HeadWidth % 2 != 0)
            throw Invalid(path, fieldsOffset,
                $"dim {Width} / n_heads {HeadCount} = {HeadWidth} is odd, rotary positions turn pairs of values");
        if (HeadCount % KeyValueHeadCount != 0)
            throw Invalid(path, fieldsOffset + 3 * sizeof(int), $"n_heads {HeadCount} is no multiple of n_kv_heads {KeyValueHeadCount}");
    }

    private static void ThrowIfShort(string path, ReadOnlySpan<byte> start, int length)
    {
        if (start.Length < length)
            throw new CheckpointFormatException(CheckpointDefect.Llama2cLengthMismatch, path,
                $"the file ends after {start.Length} bytes, within its header of {length}", "Fetch the file again",
                    byteOffset: start.Length);
    }

    private static CheckpointFormatException Invalid(string path, long offset, string problem) =>
        new(CheckpointDefect.InvalidLlama2cHeader, path, problem, "Give a model.bin that export.py of llama2.c wrote", byteOffset: offset);
}
