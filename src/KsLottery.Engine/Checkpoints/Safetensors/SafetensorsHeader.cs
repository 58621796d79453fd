using System.Buffers.Binary;
using System.Text.Unicode;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Checkpoints;

/// <summary>One tensor as a header describes it.</summary>
/// <param name="Name">The name, unique in the file.</param>
/// <param name="Type">The type.</param>
/// <param name="Shape">The dimensions; rank 0 is one element.</param>
/// <param name="Elements">The product of the dimensions.</param>
/// <param name="Start">The first byte, counted from the start of the data.</param>
/// <param name="End">The byte after the last one.</param>
internal sealed record TensorEntry(string Name, ElementType Type, long[] Shape, long Elements, long Start, long End);

/// <summary>The checked header of a safetensors file.</summary>
/// <remarks>
/// Source: the safetensors format and its reference implementation, whose checks these are. Stricter than that: a key may not repeat
/// anywhere, a tensor's entry may have no further keys, and a dimension ends at 2^63 - 1. What is allocated stays within a small multiple
/// of the header.
/// </remarks>
internal sealed class SafetensorsHeader
{
    /// <summary>The size of the little-endian length with which a file begins.</summary>
    public const int PrefixLength = 8;

    /// <summary>The longest header that the format allows, in bytes.</summary>
    public const int MaxLength = 100_000_000;

    private const string Again = "Download or export the file again";

    private readonly string _path;
    private readonly long _dataOffset;

    private SafetensorsHeader(string path, long dataOffset, TensorEntry[] tensors, IReadOnlyDictionary<string, string> metadata) =>
        (_path, _dataOffset, Tensors, Metadata) = (path, dataOffset, tensors, metadata);

    /// <summary>The tensors in the order of their bytes; together they cover the data exactly.</summary>
    public TensorEntry[] Tensors { get; }

    /// <summary>The free text of <c>__metadata__</c>; empty where there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Reads the length of the JSON header from a file's first bytes.</summary>
    /// <param name="prefix">The file's first <see cref="PrefixLength"/> bytes, or the whole file where it is shorter.</param>
    /// <param name="fileLength">The file's length, which bounds the result: nothing is allocated for a claim that cannot be true.</param>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="CheckpointFormatException">The length is absent or impossible.</exception>
    public static int ReadLength(ReadOnlySpan<byte> prefix, long fileLength, string path)
    {
        if (prefix.Length < PrefixLength)
            throw new CheckpointFormatException(CheckpointDefect.HeaderTooSmall, path,
                $"the file has {fileLength} bytes, a safetensors file has at least {PrefixLength}", Again, byteOffset: fileLength);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > MaxLength)
            throw new CheckpointFormatException(CheckpointDefect.HeaderTooLarge, path,
                $"the header claims {length} bytes, allowed are at most {MaxLength}", "Check that this is a safetensors file",
                    byteOffset: 0);
        if ((long)length > fileLength - PrefixLength)
            throw new CheckpointFormatException(CheckpointDefect.InvalidHeaderLength, path,
                $"the header claims {length} bytes, the file has only {fileLength - PrefixLength} after its length", Again, byteOffset: 0);
        return (int)length;
    }

    /// <summary>Parses and checks a header.</summary>
    /// <param name="json">The JSON header with its padding.</param>
    /// <param name="fileLength">The length of the whole file.</param>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="CheckpointFormatException">Any check fails.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long fileLength, string path)
    {
        if (!Utf8.IsValid(json))
            throw new CheckpointFormatException(CheckpointDefect.InvalidHeader, path, "the header is not UTF-8",
                "Check that this is a safetensors file", byteOffset: PrefixLength);
        SafetensorsHeaderReader reader = new(json, path);
        reader.ReadAll();
        // Names that share an empty range keep the header's order.
        DeclaredTensor[] declared = [.. reader.Tensors.OrderBy(t => t.Start).ThenBy(t => t.End)];
        SafetensorsHeader header = new(path, PrefixLength + json.Length, new TensorEntry[declared.Length], reader.Metadata);
        header.Check(declared, (ulong)(fileLength - header._dataOffset));
        return header;
    }

    private void Check(DeclaredTensor[] declared, ulong dataLength)
    {
        ulong end = 0;
        for (int i = 0; i < declared.Length; i++)
        {
            DeclaredTensor tensor = declared[i];
            if (tensor.Start != end || tensor.End < tensor.Start)
                throw Defect(CheckpointDefect.InvalidOffset, tensor,
                    $"data_offsets [{tensor.Start},{tensor.End}] must start at {end}, where the tensor before ends, and not end before");
            end = tensor.End;
            Tensors[i] = Measure(tensor);
        }
        if (end == dataLength) return;

        // The first tensor that reaches past the end is where a cut file hurts; a file with a tail has none.
        string? cut = end > dataLength ? Array.Find(declared, t => t.End > dataLength)!.Name : null;
        throw new CheckpointFormatException(CheckpointDefect.MetadataIncompleteBuffer, _path,
            $"the tensors take {end} bytes, the file has {dataLength} after its header"
            + (cut is null ? ": it has a tail that belongs to no tensor" : ": it is cut short"),
            Again, cut, _dataOffset + (long)Math.Min(end, dataLength));
    }

    private TensorEntry Measure(DeclaredTensor tensor)
    {
        if (!ElementTypes.TryParse(tensor.DtypeName, out ElementType type))
            throw new CheckpointFormatException(CheckpointDefect.InvalidHeaderDeserialization, _path,
                $"the element type {CheckpointFormatException.Quote(tensor.DtypeName)} is none of the format's, "
                + string.Join(", ", ElementTypes.All.Select(t => t.ToName())), "Save the file with a type of the format", tensor.Name,
                tensor.HeaderByte);
        CheckpointDefect? defect = TensorSize.Measure(tensor.Shape, type.BitSize(), out long elements, out long bytes);
        string what = $"{tensor.DtypeName} of shape [{string.Join(',', tensor.Shape.Take(8))}{(tensor.Shape.Length > 8 ? ",…" : "")}]";
        if (defect is CheckpointDefect.ValidationOverflow)
            throw Defect(defect.Value, tensor, $"{what} overflows a 64-bit size");
        if (defect is CheckpointDefect.MisalignedSlice)
            throw Defect(defect.Value, tensor, $"{what} does not fill whole bytes");
        if ((ulong)bytes != tensor.End - tensor.Start)
            throw Defect(CheckpointDefect.TensorInvalidInfo, tensor,
                $"{what} needs {bytes} bytes, data_offsets [{tensor.Start},{tensor.End}] give {tensor.End - tensor.Start}");
        // Ends past long.MaxValue cannot match any file's length and are refused there; the cast is not looked at before.
        return new TensorEntry(tensor.Name, type, tensor.Shape, elements, (long)tensor.Start, (long)tensor.End);
    }

    private CheckpointFormatException Defect(CheckpointDefect kind, DeclaredTensor tensor, string problem) =>
        new(kind, _path, problem, Again, tensor.Name, tensor.HeaderByte);
}
