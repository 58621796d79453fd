using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
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

    private Tensor Start => source.Start ?? source.Base;

    /// <summary>How many elements the patch changes.</summary>
    public long ChangedElements => source.Payload == TicketPayload.Keep && !_hasValues ? Mask.Grid.ElementCount - Mask.Parameters
        : source.Payload == TicketPayload.Keep ? Mask.Grid.ElementCount : Mask.Parameters;

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
        MaskedReader before = new(source.Base), after = new(tuned);
        int[] window = new int[ElementReader.MaxCount];
        MaskPlaces mask = new(source.Mask);
        for (long start; (start = mask.Next) < source.Mask.Grid.ElementCount;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int length = (int)Math.Min(window.Length, source.Mask.Grid.ElementCount - start);
            ReadOnlySpan<int> places = window.AsSpan(0, mask.Read(start, length, window));
            if (!after.Get(start, places).SequenceEqual(before.Get(start, places))) return true;
        }
        return false;
    }

    private string? TunedFingerprint() => source.TunedFingerprint
        ?? (source.Tuned is { } tuned ? Fingerprint.OfTensor(tuned, kind, cancellationToken)
        : source.Values is { } values ? TrainedFingerprint(values) : null);

    /// <summary>The fingerprint of what was trained: its start in F32 with some values replaced, a window at a time.</summary>
    private string TrainedFingerprint(ReadOnlyMemory<float> values)
    {
        using ContentHash hash = Fingerprint.Begin(ElementType.F32, source.Base.Shape);
        ElementReader before = new(Start);
        byte[] wide = new byte[ElementReader.MaxCount * sizeof(float)];
        int[] places = new int[ElementReader.MaxCount];
        MaskPlaces mask = new(Mask);
        int next = 0;
        for (long start = 0; start < Mask.Grid.ElementCount; start += ElementReader.MaxCount)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int length = (int)Math.Min(ElementReader.MaxCount, Mask.Grid.ElementCount - start), count = mask.Read(start, length, places);
            Span<byte> widened = wide.AsSpan(0, length * sizeof(float));
            RowRounding.Convert(before.Get(start, length), before.Type, widened, ElementType.F32);
            Elements.Scatter(MemoryMarshal.AsBytes(values.Span.Slice(next, count)), places.AsSpan(0, count), widened);
            next += count;
            hash.AppendData(widened);
        }
        return Fingerprint.Finish(hash);
    }

    /// <summary>The first units whose tuned values hold a NaN or an infinity.</summary>
    private List<long> FindNonFinite()
    {
        List<long> found = [];
        if (!_hasValues || source.Payload == TicketPayload.Sign) return found;
        VisitValues((start, places, bytes) =>
        {
            int size = ValueType.ByteSize();
            if (found.Count >= MaxNonFinite || RowRounding.AreFinite(bytes, ValueType)) return;
            for (int i = 0; i < places.Length && found.Count < MaxNonFinite; i++)
                if (!RowRounding.AreFinite(bytes.Slice(i * size, size), ValueType) && Mask.Grid.UnitOf(start + places[i]) is var unit
                    && !found.Contains(unit)) found.Add(unit);
        });
        return found;
    }

    /// <param name="start">The first element of a window.</param>
    /// <param name="places">The elements of the mask in it, counted from there.</param>
    /// <param name="bytes">What the file has of them.</param>
    private delegate void Visitor(long start, ReadOnlySpan<int> places, ReadOnlySpan<byte> bytes);

    /// <summary>Passes the values by, as the file has them; signs as a byte each.</summary>
    private void VisitValues(Visitor visit)
    {
        MaskedReader before = new(Start);
        MaskedReader? after = source.Tuned is null ? null : new(source.Tuned);
        float[] values = new float[ElementReader.MaxCount];
        byte[] signs = new byte[ElementReader.MaxCount];
        int next = 0;
        Visit((start, places) =>
        {
            int count = places.Length;
            ReadOnlySpan<byte> tuned = after is not null ? after.Get(TunedStart(start), places)
                : MemoryMarshal.AsBytes(source.Values!.Value.Span.Slice(next, count));
            int first = next;
            next += after is null ? count : 0;
            switch (source.Payload)
            {
                case TicketPayload.Delta when source.Changes is { } changes:
                    visit(start, places, MemoryMarshal.AsBytes(changes.Span.Slice(first, count)));
                    break;
                case TicketPayload.Delta:
                    Payloads.Subtract(tuned, source.Tuned?.ElementType ?? ElementType.F32, before.Get(start, places),
                        Start.ElementType, values.AsSpan(0, count));
                    visit(start, places, MemoryMarshal.AsBytes(values.AsSpan(0, count)));
                    break;
                case TicketPayload.Sign:
                    Payloads.TakeSigns(tuned, signs.AsSpan(0, count));
                    visit(start, places, signs.AsSpan(0, count));
                    break;
                default:
                    visit(start, places, tuned);
                    break;
            }
        });
    }

    private void VisitBase(Visitor visit)
    {
        MaskedReader before = new(source.Base);
        byte[] signs = new byte[ElementReader.MaxCount];
        if (source.Payload == TicketPayload.Keep) VisitAround((start, places) => visit(start, places, before.Get(start, places)));
        else Visit((start, places) =>
        {
            ReadOnlySpan<byte> bytes = before.Get(start, places);
            if (source.Payload != TicketPayload.Sign)
            {
                visit(start, places, bytes);
                return;
            }
            Payloads.TakeSigns(bytes, signs.AsSpan(0, places.Length));
            visit(start, places, signs.AsSpan(0, places.Length));
        });
    }

    private delegate void WindowVisitor(long start, ReadOnlySpan<int> places);

    /// <summary>Passes the mask by in windows that begin at an element of it; where rows are paired each lies in one row.</summary>
    private void Visit(WindowVisitor visit)
    {
        int[] places = new int[ElementReader.MaxCount];
        MaskPlaces mask = new(Mask);
        for (long start; (start = mask.Next) < Mask.Grid.ElementCount;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long end = _pairing is null ? Mask.Grid.ElementCount : ((start / Mask.Grid.Columns) + 1) * Mask.Grid.Columns;
            visit(start, places.AsSpan(0, mask.Read(start, (int)Math.Min(ElementReader.MaxCount, end - start), places)));
        }
    }

    /// <summary>Passes by what <see cref="TicketPayload.Keep"/> changes: all but the mask, with values of its own also that.</summary>
    private void VisitAround(WindowVisitor visit)
    {
        int[] inside = new int[ElementReader.MaxCount], places = new int[ElementReader.MaxCount];
        MaskPlaces mask = new(Mask);
        for (long start = 0; start < Mask.Grid.ElementCount; start += ElementReader.MaxCount)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int length = (int)Math.Min(ElementReader.MaxCount, Mask.Grid.ElementCount - start),
                kept = _hasValues ? 0 : mask.Read(start, length, inside),
                count = MaskPlaces.Around(inside.AsSpan(0, kept), length, places);
            if (count > 0) visit(start, places.AsSpan(0, count));
        }
    }

    /// <summary>Where a window lies in the tuned tensor: where rows are paired in another row.</summary>
    private long TunedStart(long start)
    {
        if (_pairing is null) return start;
        long width = Mask.Grid.Columns;
        return (_pairing.TunedOf((int)(start / width)) * width) + (start % width);
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
            visitAll((_, _, bytes) => stream.Write(bytes));
            return;
        }
        int bit = 0;
        byte packed = 0;
        visitAll((_, _, signs) =>
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
