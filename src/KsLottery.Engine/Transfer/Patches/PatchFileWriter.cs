using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>Writes one tensor of a patch, a piece at a time.</summary>
/// <param name="source">What was checked.</param>
/// <param name="kind">Of fingerprints that nobody gave.</param>
/// <param name="cancellationToken">Stops between pieces.</param>
internal sealed class PatchFileWriter(PatchSource source, FingerprintKind kind, CancellationToken cancellationToken)
{
    private const int MaxNonFinite = 1000;

    private readonly RowPairing? _pairing = source.Pairing is { IsPlain: false } given ? given : null;
    private readonly bool _hasValues = HasValues(source, cancellationToken);

    private TensorMask Mask => source.Mask;

    private string Name => source.Base.Name;

    private ElementType BaseType => source.Base.ElementType;

    /// <summary>How many elements the patch changes.</summary>
    public long ChangedElements => source.Payload == TicketPayload.Keep && !_hasValues ? Mask.Grid.ElementCount - Mask.Parameters
        : source.Payload == TicketPayload.Keep ? Mask.Grid.ElementCount : Mask.Parameters;

    /// <summary>The runs of the values; where rows are paired, one a row.</summary>
    private IEnumerable<IndexRun> Runs => _pairing is null ? Mask.Runs
        : Mask.Units.Select(row => new IndexRun(row * Mask.Grid.Columns, Mask.Grid.Columns));

    /// <summary>The tensors of the file.</summary>
    public IEnumerable<TensorSource> Sources()
    {
        byte[] units = Mask.Units.Encode();
        yield return TensorSource.FromBytes(PatchFileReader.Units + Name, ElementType.U8, [units.Length], units);
        (long[] values, long[] before) = (PatchForm.ValueShape(Mask, source.Payload),
            PatchForm.BaseShape(Mask, source.Payload, _hasValues));
        bool isSigns = source.Payload == TicketPayload.Sign;
        if (_hasValues)
            yield return new(PatchFileReader.Values + Name, ValueType, values, stream => WriteElements(stream, isSigns, VisitValues));
        yield return new(PatchFileReader.BaseValues + Name, isSigns ? ElementType.U8 : BaseType, before,
            stream => WriteElements(stream, isSigns, VisitBase));
        if (_pairing is { IsById: false })
            yield return new(PatchFileReader.TunedIndicesName, ElementType.I32, [Mask.Units.Count], WriteTunedIndices);
    }

    /// <summary>The list of tensors for the metadata.</summary>
    public static string Describe(IEnumerable<PatchFileWriter> writers)
    {
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter json = new(text, new JsonWriterOptions { Encoder = JsonWriting.Layout.Encoder }))
        {
            json.WriteStartArray();
            foreach (PatchFileWriter writer in writers) writer.Describe(json);
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    private ElementType ValueType => source.Payload == TicketPayload.Sign ? ElementType.U8
        : source.Payload == TicketPayload.Delta ? ElementType.F32 : source.Tuned?.ElementType ?? ElementType.F32;

    private void Describe(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("name", Name);
        json.WriteString("base_dtype", BaseType.ToName());
        WriteNumbers(json, "base_shape", source.Base.Shape);
        WriteNumbers(json, "unit", [Mask.Grid.BlockRows, Mask.Grid.BlockColumns]);
        json.WriteString("coding", Mask.Units.Coding == IndexCoding.Bits ? "bits" : "steps");
        json.WriteString("payload", source.Payload.ToName());
        json.WriteString("base_fingerprint",
            source.BaseFingerprint ?? Fingerprint.OfTensor(source.Base, kind, cancellationToken));
        if (source.Base.Scale is { } scale)
            json.WriteString(PatchFileReader.BaseScaleKey, Fingerprint.OfTensor(scale.Stored, cancellationToken));
        if (TunedFingerprint() is { } fingerprint) json.WriteString("tuned_fingerprint", fingerprint);
        if (source.Shared is { Map: var map }) WriteShare(json, map);
        if (FindNonFinite() is { Count: > 0 } units) WriteNumbers(json, "non_finite", units);
        if (_pairing is not null)
        {
            WriteNumbers(json, "tuned_shape", [_pairing.TunedRows, source.Base.Shape[1]]);
            json.WriteString(PatchFileReader.PairsKey, _pairing.IsById ? PatchFileReader.ById : PatchFileReader.ByText);
        }
        json.WriteEndObject();
    }

    private static void WriteShare(Utf8JsonWriter json, ShareMap map)
    {
        json.WriteStartObject(PatchFileReader.ShareKey);
        json.WriteNumber("a", map.A);
        json.WriteNumber("b", map.B);
        json.WriteNumber("c", map.C);
        json.WriteNumber("offset", map.Offset);
        json.WriteNumber("scale", map.Scale);
        if (map.SignSeed is { } seed) json.WriteNumber("sign_seed", seed);
        json.WriteEndObject();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IEnumerable<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    /// <summary>Whether a file has values: those of <see cref="TicketPayload.Keep"/> only where one is not the base's own.</summary>
    private static bool HasValues(PatchSource source, CancellationToken cancellationToken)
    {
        if (source.Payload != TicketPayload.Keep) return Payloads.HasValues(source.Payload);
        if (source.Values is not null) return true;
        if (source.Tuned is not { } tuned) return false;
        if (tuned.ElementType != source.Base.ElementType) return true;
        ElementReader before = new(source.Base), after = new(tuned);
        foreach (IndexRun piece in ElementReader.Pieces(source.Mask.Runs))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!after.Get(piece.Start, (int)piece.Length).SequenceEqual(before.Get(piece.Start, (int)piece.Length))) return true;
        }
        return false;
    }

    private string? TunedFingerprint() => source.TunedFingerprint
        ?? (source.Tuned is { } tuned ? Fingerprint.OfTensor(tuned, kind, cancellationToken)
        : source.Values is { } values ? TrainedFingerprint(values) : null);

    /// <summary>The fingerprint of the base in F32 with some values replaced, a piece at a time.</summary>
    private string TrainedFingerprint(ReadOnlyMemory<float> values)
    {
        using IncrementalHash hash = Fingerprint.Begin(ElementType.F32, source.Base.Shape);
        ElementReader before = new(source.Base);
        byte[] wide = new byte[ElementReader.MaxCount * sizeof(float)];
        int next = 0;
        foreach ((IndexRun run, bool isIn) in ElementReader.Cover(Mask.Runs, Mask.Grid.ElementCount))
            foreach (IndexRun piece in ElementReader.Pieces([run]))
            {
                cancellationToken.ThrowIfCancellationRequested();
                int count = (int)piece.Length;
                if (isIn)
                {
                    hash.AppendData(MemoryMarshal.AsBytes(values.Span.Slice(next, count)));
                    next += count;
                    continue;
                }
                Span<byte> widened = wide.AsSpan(0, count * sizeof(float));
                RowRounding.Convert(before.Get(piece.Start, count), BaseType, widened, ElementType.F32);
                hash.AppendData(widened);
            }
        return Fingerprint.Finish(hash);
    }

    /// <summary>The first units whose tuned values hold a NaN or an infinity.</summary>
    private List<long> FindNonFinite()
    {
        List<long> found = [];
        if (!_hasValues || source.Payload == TicketPayload.Sign) return found;
        VisitValues((piece, bytes) =>
        {
            int size = ValueType.ByteSize();
            if (found.Count >= MaxNonFinite || RowRounding.AreFinite(bytes, ValueType)) return;
            for (int i = 0; i < piece.Length && found.Count < MaxNonFinite; i++)
                if (!RowRounding.AreFinite(bytes.Slice(i * size, size), ValueType) && Mask.Grid.UnitOf(piece.Start + i) is var unit
                    && !found.Contains(unit)) found.Add(unit);
        });
        return found;
    }

    private delegate void Visitor(IndexRun piece, ReadOnlySpan<byte> bytes);

    /// <summary>Passes the values by, as the file has them; signs as a byte each.</summary>
    private void VisitValues(Visitor visit)
    {
        ElementReader before = new(source.Base);
        ElementReader? after = source.Tuned is null ? null : new(source.Tuned);
        float[] values = new float[ElementReader.MaxCount];
        byte[] signs = new byte[ElementReader.MaxCount];
        int next = 0;
        foreach (IndexRun piece in ElementReader.Pieces(Runs))
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = (int)piece.Length;
            ReadOnlySpan<byte> tuned = after is not null ? Tuned(after, piece)
                : MemoryMarshal.AsBytes(source.Values!.Value.Span.Slice(next, count));
            next += after is null ? count : 0;
            switch (source.Payload)
            {
                case TicketPayload.Delta:
                    Payloads.Subtract(tuned, source.Tuned?.ElementType ?? ElementType.F32, before.Get(piece.Start, count), BaseType,
                        values.AsSpan(0, count));
                    visit(piece, MemoryMarshal.AsBytes(values.AsSpan(0, count)));
                    break;
                case TicketPayload.Sign:
                    Payloads.TakeSigns(tuned, signs.AsSpan(0, count));
                    visit(piece, signs.AsSpan(0, count));
                    break;
                default:
                    visit(piece, tuned);
                    break;
            }
        }
    }

    private void VisitBase(Visitor visit)
    {
        ElementReader before = new(source.Base);
        byte[] signs = new byte[ElementReader.MaxCount];
        foreach ((IndexRun run, _) in PatchRuns.Touched(Mask, source.Payload, _hasValues))
            foreach (IndexRun piece in ElementReader.Pieces([run]))
            {
                cancellationToken.ThrowIfCancellationRequested();
                ReadOnlySpan<byte> bytes = before.Get(piece.Start, (int)piece.Length);
                if (source.Payload != TicketPayload.Sign)
                {
                    visit(piece, bytes);
                    continue;
                }
                Payloads.TakeSigns(bytes, signs.AsSpan(0, (int)piece.Length));
                visit(piece, signs.AsSpan(0, (int)piece.Length));
            }
    }

    /// <summary>A piece of the tuned tensor; where rows are paired it lies in another row.</summary>
    private ReadOnlySpan<byte> Tuned(ElementReader after, IndexRun piece)
    {
        if (_pairing is null) return after.Get(piece.Start, (int)piece.Length);
        long width = Mask.Grid.Columns, row = piece.Start / width;
        return after.Get((_pairing.TunedOf((int)row) * width) + (piece.Start % width), (int)piece.Length);
    }

    /// <summary>The array that tensors share, once for all of them; none where none does.</summary>
    /// <exception cref="ArgumentException">They were given different ones.</exception>
    public static IEnumerable<TensorSource> SharedOf(IEnumerable<PatchSource> tensors)
    {
        ReadOnlyMemory<float>[] arrays = [.. tensors.Where(t => t.Shared is not null).Select(t => t.Shared!.Value.Array)];
        if (arrays.Length == 0) return [];
        if (Array.Exists(arrays, array => !array.Equals(arrays[0])))
            throw new ArgumentException("tensors of one patch share one array, and different ones were given. Write a patch for each.",
                nameof(tensors));
        return [new(PatchFileReader.SharedName, ElementType.F32, [arrays[0].Length], stream =>
            stream.Write(MemoryMarshal.AsBytes(arrays[0].Span)))];
    }

    private static void WriteElements(Stream stream, bool isSigns, Action<Visitor> visitAll)
    {
        if (!isSigns)
        {
            visitAll((_, bytes) => stream.Write(bytes));
            return;
        }
        int bit = 0;
        byte packed = 0;
        visitAll((_, signs) =>
        {
            foreach (byte sign in signs)
            {
                packed |= (byte)(sign >> 7 << bit);
                if (++bit < 8) continue;
                stream.WriteByte(packed);
                (bit, packed) = (0, 0);
            }
        });
        if (bit > 0) stream.WriteByte(packed);
    }

    private void WriteTunedIndices(Stream stream)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        foreach (long row in Mask.Units)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, _pairing!.TunedOf((int)row));
            stream.Write(bytes);
        }
    }
}
