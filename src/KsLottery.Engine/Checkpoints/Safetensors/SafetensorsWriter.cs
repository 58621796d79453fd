using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Checkpoints;

/// <summary>Writes safetensors files as the reference implementation does, byte for byte.</summary>
/// <remarks>
/// Tensors stand in the order of their type, the widest alignment first, then of their name; the header is padded with spaces to a
/// multiple of 8 bytes, so every tensor of a type of 1, 2, 4 or 8 bytes is aligned. Metadata is sorted by key, where the reference
/// leaves the order to chance. Nothing but the header is held in memory.
/// </remarks>
public static class SafetensorsWriter
{
    private const string MetadataKey = "__metadata__";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Writes a file whole or not at all; see <see cref="AtomicFile"/>.</summary>
    /// <param name="path">The target, in a folder that exists.</param>
    /// <param name="tensors">The tensors, in any order; each one's bytes are asked for once, in the order of the file.</param>
    /// <param name="metadata">Free text for <c>__metadata__</c>, which is left out where there is none.</param>
    /// <param name="cancellationToken">Stops between chunks; the target stays as it was.</param>
    /// <exception cref="ArgumentException">
    /// A name repeats or is not allowed, a shape is negative, overflows or does not fill bytes, or the header is too long.
    /// </exception>
    /// <exception cref="InvalidOperationException">A source wrote more or fewer bytes than its type and shape take.</exception>
    /// <exception cref="IOException">The target is open as an input in this process, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static void Write(string path, IEnumerable<TensorSource> tensors, IReadOnlyDictionary<string, string>? metadata = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        List<(TensorSource Source, long Length)> ordered = Order(tensors);
        byte[] header = Header(ordered, metadata);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            foreach ((TensorSource source, long length) in ordered)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using TensorStream tensor = new(stream, source.Name, length, cancellationToken);
                source.WriteTo(tensor);
                tensor.ThrowIfIncomplete();
            }
        }, cancellationToken);
    }

    private static List<(TensorSource Source, long Length)> Order(IEnumerable<TensorSource> tensors)
    {
        HashSet<string> names = [];
        List<(TensorSource Source, byte[] Name, long Length)> all = [];
        foreach (TensorSource source in tensors)
        {
            if (source.Name == MetadataKey) throw Invalid(source, "this name is reserved for the metadata");
            if (!names.Add(source.Name)) throw Invalid(source, "two tensors have this name");
            all.Add((source, EncodeName(source), Measure(source)));
        }
        // The reference compares names by their UTF-8 bytes, which differs from UTF-16 order beyond the basic plane.
        all.Sort((a, b) => a.Source.ElementType != b.Source.ElementType
            ? b.Source.ElementType.CompareTo(a.Source.ElementType)
            : a.Name.AsSpan().SequenceCompareTo(b.Name));
        return all.ConvertAll(t => (t.Source, t.Length));
    }

    private static long Measure(TensorSource source)
    {
        if (source.Shape.Any(d => d < 0)) throw Invalid(source, $"the shape [{string.Join(',', source.Shape)}] has a negative dimension");
        return TensorSize.Measure(source.Shape, source.ElementType.BitSize(), out _, out long bytes) switch
        {
            null => bytes,
            CheckpointDefect.MisalignedSlice => throw Invalid(source, "elements smaller than a byte must fill whole bytes"),
            _ => throw Invalid(source, $"the shape [{string.Join(',', source.Shape)}] overflows a 64-bit size"),
        };
    }

    private static byte[] EncodeName(TensorSource source)
    {
        try
        {
            return StrictUtf8.GetBytes(source.Name);
        }
        catch (EncoderFallbackException)
        {
            throw Invalid(source, "the name has a lone surrogate, which UTF-8 cannot write");
        }
    }

    private static byte[] Header(List<(TensorSource Source, long Length)> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        StringBuilder json = new("{");
        if (metadata is { Count: > 0 })
        {
            json.Append('"').Append(MetadataKey).Append("\":{");
            foreach ((string key, string value) in metadata.OrderBy(m => m.Key, StringComparer.Ordinal))
            {
                AppendString(json, key).Append(':');
                AppendString(json, value).Append(',');
            }
            json.Length--;
            json.Append("},");
        }
        long offset = 0;
        foreach ((TensorSource source, long length) in tensors)
        {
            long end = checked(offset + length);
            AppendString(json, source.Name).Append(CultureInfo.InvariantCulture, $":{{\"dtype\":\"{source.ElementType.ToName()}\",")
                .Append(CultureInfo.InvariantCulture, $"\"shape\":[{string.Join(',', source.Shape)}],\"data_offsets\":[{offset},{end}]}},");
            offset = end;
        }
        if (json.Length > 1) json.Length--;
        json.Append('}');
        return Frame(json.ToString());
    }

    private static byte[] Frame(string json)
    {
        int length = StrictUtf8.GetByteCount(json);
        int padded = (length + 7) & ~7;
        if (padded > SafetensorsHeader.MaxLength)
            throw new ArgumentException(
                $"the header takes {padded} bytes, allowed are {SafetensorsHeader.MaxLength}. Write fewer tensors to a file.");
        byte[] header = new byte[SafetensorsHeader.PrefixLength + padded];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)padded);
        StrictUtf8.GetBytes(json, header.AsSpan(SafetensorsHeader.PrefixLength));
        header.AsSpan(SafetensorsHeader.PrefixLength + length).Fill((byte)' ');
        return header;
    }

    /// <summary>Escapes what JSON must escape and nothing else, as the reference does.</summary>
    private static StringBuilder AppendString(StringBuilder json, string text)
    {
        json.Append('"');
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' => json.Append("\\\""),
                '\\' => json.Append("\\\\"),
                '\b' => json.Append("\\b"),
                '\f' => json.Append("\\f"),
                '\n' => json.Append("\\n"),
                '\r' => json.Append("\\r"),
                '\t' => json.Append("\\t"),
                < ' ' => json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => json.Append(c),
            };
        }
        return json.Append('"');
    }

    private static ArgumentException Invalid(TensorSource source, string problem) =>
        new($"tensor {CheckpointFormatException.Quote(source.Name)}: {problem}. Nothing was written.", nameof(source));
}
