using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>Reads the tensors and metadata of a patch, and checks them against each other.</summary>
internal sealed class PatchFileReader(SafetensorsFile file, bool leavesUnits = false)
{
    public const int Version = 2;
    public const string Units = "units/", Values = "values/", BaseValues = "base_values/", TensorsKey = "tensors";
    public const string ShareKey = "share", SharedName = "shared_values";
    public const string BaseScaleKey = "base_scale_fingerprint";
    public const string TunedIndicesName = "tuned_indices", PairsKey = "pairs", ById = "id", ByText = "text";

    private const string IndicesName = "indices", RowsName = "rows", BaseRowsName = "base_rows", TunedShapeKey = "tuned_shape";

    /// <summary>The version of the format.</summary>
    public int ReadVersion()
    {
        if (Metadata("format") is var format && format != NoEmbedding.PatchFormat)
            throw Invalid($"the format is {Quote(format)}, a patch has {Quote(NoEmbedding.PatchFormat)}");
        return Metadata("format_version") switch
        {
            "1" => 1,
            "2" => Version,
            string other => throw Invalid($"the format version is {Quote(other)}, this version reads \"1\" and \"2\""),
        };
    }

    public bool? ReadTied() => Metadata("tied") switch
    {
        "true" => true,
        "false" => false,
        "unknown" => null,
        string other => throw Invalid($"tied is {Quote(other)}, allowed are \"true\", \"false\" and \"unknown\""),
    };

    /// <summary>Version 1: the rows of one matrix.</summary>
    public (IReadOnlyList<PatchedTensor>, PatchRows?) ReadRows()
    {
        ElementType baseType = ReadType("base_dtype", Metadata("base_dtype"));
        Tensor indices = Find(IndicesName);
        if (indices.DtypeName != ElementType.I32.ToName() || indices.Shape is not [> 0 and <= int.MaxValue])
            throw Invalid($"it is {Describe(indices)}, it should be I32 [k] with k from 1 to {int.MaxValue}", IndicesName);
        Tensor rows = FindRows(RowsName, indices.Shape[0]), before = FindRows(BaseRowsName, indices.Shape[0]);
        if (before.Shape[1] != rows.Shape[1] || (before.ElementType != rows.ElementType && before.ElementType != baseType))
            throw Invalid($"it is {Describe(before)}, it should have the shape of {RowsName}, which is {Describe(rows)}, and its type or "
                + baseType.ToName(), BaseRowsName);
        ThrowIfCodes(rows, baseType);
        long count = ReadRowCount("base_shape", rows), width = rows.Shape[1];
        TensorMask mask = TensorMask.OfRows(Metadata("tensor"), width, IndexSet.Of(count, ReadIndices(indices, count, ascend: true)));
        PatchedTensor tensor = new(mask, TicketPayload.Replace, baseType, [count, width],
            ReadFingerprint("base_fingerprint", Metadata("base_fingerprint")),
            ReadFingerprint("tuned_fingerprint", Metadata("tuned_fingerprint")))
        {
            Values = rows,
            BaseValues = before,
            BaseScaleFingerprint = file.Metadata.TryGetValue(BaseScaleKey, out string? scale) ? ReadFingerprint(BaseScaleKey, scale) : null,
        };
        long tunedCount = file.Metadata.ContainsKey(TunedShapeKey) ? ReadRowCount(TunedShapeKey, rows) : count;
        return ([tensor], ReadPairs(tensor, tunedCount, file.Metadata.GetValueOrDefault(PairsKey)));
    }

    /// <summary>Version 2: units of any tensors.</summary>
    public (IReadOnlyList<PatchedTensor>, PatchRows?) ReadTensors()
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(Metadata(TensorsKey), new() { AllowDuplicateProperties = false });
            JsonPlace list = new(document.RootElement, (place, _, rule) => new InvalidDataException($"{TensorsKey}{place}: {rule}"));
            if (list.Value.ValueKind != JsonValueKind.Array || list.Value.GetArrayLength() == 0)
                throw list.Wrong("it must be a list of tensors");
            (PatchedTensor Tensor, JsonPlace Place)[] tensors = [.. list.Items().Select(item => (ReadTensor(item), item))];
            if (tensors.GroupBy(t => t.Tensor.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
                throw Invalid($"{TensorsKey} names {Quote(twice.Key)} twice");
            if (tensors.All(t => t.Tensor.ChangedElements == 0)) throw Invalid("the patch changes nothing: it has no units");
            PatchRows? rows = tensors is [var (only, place)] && PatchForm.IsOfRows(only.Mask, only.BaseShape, only.Payload)
                ? ReadPairs(only, place) : null;
            return ([.. tensors.Select(t => t.Tensor)], rows);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or InvalidDataException)
        {
            throw Invalid(e is InvalidDataException ? e.Message.TrimEnd('.') : $"{TensorsKey} is no JSON of unique keys");
        }
    }

    private PatchedTensor ReadTensor(JsonPlace place)
    {
        string name = place.Text("name");
        ElementType type = ReadType("base_dtype", place.Text("base_dtype"));
        long[] shape = [.. place.List("base_shape").Select(d => d.Integer(0, long.MaxValue))];
        if (TensorSize.Measure(shape, type.BitSize(), out long elements, out _) is not null || elements / 64 >= Array.MaxLength)
            throw place.Wrong("base_shape", "it is too large");
        if (!TicketPayloads.TryParse(place.Text("payload"), out TicketPayload payload))
            throw place.Wrong("payload", $"it is {Quote(place.Text("payload"))}, this version knows "
                + string.Join(", ", TicketPayloads.Names));
        TensorMask mask = ReadMask(name, shape, elements, place);
        bool hasValues = Payloads.HasValues(payload) || (payload == TicketPayload.Keep && file.TryGetTensor(Values + name, out _)),
            mayLackTuned = payload is TicketPayload.Keep or TicketPayload.Drop or TicketPayload.Share;
        Tensor? values = hasValues ? FindValues(Values + name, payload, PatchForm.ValueShape(mask, payload),
            payload == TicketPayload.Delta ? ElementType.F32 : null) : null;
        if (values is not null && payload is not (TicketPayload.Delta or TicketPayload.Sign)) ThrowIfCodes(values, type);
        if (PatchForm.WhyNotPossible(payload, type) is { } reason) throw place.Wrong("payload", reason);
        return new(mask, payload, type, shape, ReadFingerprint(place, "base_fingerprint"),
            mayLackTuned && !place.Has("tuned_fingerprint") ? null : ReadFingerprint(place, "tuned_fingerprint"))
        {
            Values = values,
            Share = payload == TicketPayload.Share ? ReadShare(place.Get(ShareKey, JsonValueKind.Object)) : null,
            SharedValues = payload == TicketPayload.Share ? FindShared() : null,
            BaseScaleFingerprint = place.Has(BaseScaleKey) ? ReadFingerprint(place, BaseScaleKey) : null,
            BaseValues = FindValues(BaseValues + name, payload, PatchForm.BaseShape(mask, payload, hasValues), type),
        };
    }

    private static ShareMap ReadShare(JsonPlace place)
    {
        long Coefficient(string key) => place.Integer(key, 0, ShareMap.Prime - 1);
        ShareMap map = new(Coefficient("a"), Coefficient("b"), Coefficient("c"), place.Integer("offset", 0, ShareMap.MaxElements),
            (float)place.Real("scale"), place.Find("sign_seed") is { } seed ? seed.Value.TryGetUInt64(out ulong value) ? value
                : throw seed.Wrong($"it must be a whole number from 0 to {ulong.MaxValue}") : null);
        return map.IsValid ? map : throw place.Wrong("scale", "it must be a finite number of F32");
    }

    private Tensor FindShared()
    {
        Tensor array = Find(SharedName);
        return array.ElementType == ElementType.F32 && array.Shape is [> 0] && array.ElementCount * sizeof(float) <= Array.MaxLength
            ? array
            : throw Invalid($"it is {Describe(array)}, it should be F32 [m] with m from 1 to {Array.MaxLength / sizeof(float)}",
                SharedName);
    }

    private TensorMask ReadMask(string name, long[] shape, long elements, JsonPlace place)
    {
        (long rows, long columns) = Tensor.RowShapeOf(shape, elements);
        JsonPlace[] unit = [.. place.List("unit")];
        if (unit.Length != 2) throw place.Wrong("unit", "it must be two numbers, rows and columns of a unit");
        UnitGrid grid = new(rows, columns, unit[0].Integer(1, Math.Max(1, rows)), unit[1].Integer(1, Math.Max(1, columns)));
        Tensor units = Find(Units + name);
        if (units.ElementType != ElementType.U8 || units.Shape.Count != 1 || units.ElementCount > Array.MaxLength)
            throw Invalid($"it is {Describe(units)}, it should be U8 [n]", units.Name);
        IndexCoding coding = place.Text("coding") switch
        {
            "bits" => IndexCoding.Bits,
            "steps" => IndexCoding.Steps,
            _ => throw place.Wrong("coding", "it must be bits or steps"),
        };
        byte[] buffer = units.IsMapped ? [] : new byte[units.ElementCount];
        ReadOnlySpan<byte> Read() => units.GetBytes(0, (int)units.ElementCount, buffer);
        try
        {
            return new(name, grid, leavesUnits && units.IsMapped ? IndexSet.Decode(grid.Count, coding, Read)
                : IndexSet.Decode(grid.Count, coding, Read()));
        }
        catch (InvalidDataException e)
        {
            throw Invalid(e.Message.TrimEnd('.'), units.Name);
        }
    }

    private void ThrowIfCodes(Tensor values, ElementType baseType)
    {
        if (StoredCodes.AreInTheWay(values.ElementType, baseType))
            throw Invalid($"it is {Describe(values)}, and values of a base of {baseType.ToName()} are of its own type", values.Name);
    }

    private Tensor FindValues(string name, TicketPayload payload, long[] shape, ElementType? type)
    {
        Tensor tensor = Find(name);
        ElementType? asked = payload == TicketPayload.Sign ? ElementType.U8 : type;
        if (tensor.Shape.SequenceEqual(shape) && (asked is null ? tensor.ElementType.IsReadable() : tensor.ElementType == asked))
            return tensor;
        throw Invalid($"it is {Describe(tensor)}, it should be {asked?.ToName() ?? ElementTypes.ReadableNames} "
            + $"[{string.Join(',', shape)}]", name);
    }

    private PatchRows ReadPairs(PatchedTensor tensor, JsonPlace place)
    {
        long count = tensor.BaseShape[0];
        if (place.Has(TunedShapeKey))
        {
            JsonPlace[] shape = [.. place.List(TunedShapeKey)];
            if (shape.Length != 2 || shape[1].Integer(0, long.MaxValue) != tensor.BaseShape[1])
                throw place.Wrong(TunedShapeKey, "it must be two numbers, rows and the width in base_shape");
            count = shape[0].Integer(0, int.MaxValue);
        }
        return ReadPairs(tensor, count, place.Has(PairsKey) ? place.Text(PairsKey) : null);
    }

    private PatchRows ReadPairs(PatchedTensor tensor, long tunedCount, string? pairs)
    {
        if (pairs is not (null or ById or ByText))
            throw Invalid($"{PairsKey} is {Quote(pairs)}, allowed are {Quote(ById)} and {Quote(ByText)}");
        int[]? tunedIndices = null;
        if (pairs == ByText)
        {
            Tensor indices = Find(TunedIndicesName);
            if (indices.ElementType != ElementType.I32 || indices.Shape is not [var k] || k != tensor.Mask.Units.Count)
                throw Invalid($"it is {Describe(indices)}, it should be I32 [{tensor.Mask.Units.Count}] as {IndicesName}",
                    TunedIndicesName);
            tunedIndices = ReadIndices(indices, tunedCount, ascend: false);
        }
        PatchRows rows = new(tensor, tunedCount, tunedIndices);
        if (!(rows.TunedIndices.Max() < tunedCount))
            throw Invalid($"{TunedShapeKey} has {tunedCount} rows, and row {rows.TunedIndices.Max()} is taken from it", TunedIndicesName);
        return rows;
    }

    private int[] ReadIndices(Tensor tensor, long rowCount, bool ascend)
    {
        int[] indices = new int[tensor.Shape[0]];
        byte[] buffer = new byte[sizeof(int)];
        for (int i = 0; i < indices.Length; i++)
        {
            long place = (long)i * sizeof(int);
            indices[i] = BinaryPrimitives.ReadInt32LittleEndian(tensor.GetBytes(place, sizeof(int), buffer));
            if (indices[i] < 0 || indices[i] >= rowCount)
                throw Invalid($"index {indices[i]} at place {i} is no row of a tensor whose rows go from 0 to {rowCount - 1}",
                    tensor.Name, tensor.FileOffset + place);
            if (ascend && i > 0 && indices[i] <= indices[i - 1])
                throw Invalid($"index {indices[i]} at place {i} follows {indices[i - 1]}; indices must ascend and none may repeat",
                    tensor.Name, tensor.FileOffset + place);
        }
        return indices;
    }

    private long ReadRowCount(string key, Tensor rowsTensor)
    {
        string shape = Metadata(key);
        string ending = string.Create(CultureInfo.InvariantCulture, $",{rowsTensor.Shape[1]}]");
        return shape.StartsWith('[') && shape.EndsWith(ending, StringComparison.Ordinal)
            && PlainNumber.TryDigits(shape.AsSpan(1..^ending.Length), out long rows)
            ? rows
            : throw Invalid($"{key} is {Quote(shape)}, it should be \"[rows{ending}\" as {RowsName} is {Describe(rowsTensor)}");
    }

    private Tensor FindRows(string name, long count)
    {
        Tensor tensor = Find(name);
        return tensor.ElementType.IsReadable() && tensor.Shape is [var rows, > 0 and <= PatchForm.MaxRowLength] && rows == count
            ? tensor
            : throw Invalid($"it is {Describe(tensor)}, it should be {ElementTypes.ReadableNames} [{count},d] with d from 1 to "
                + $"{PatchForm.MaxRowLength}", name);
    }

    private Tensor Find(string name) => file.TryGetTensor(name, out Tensor? tensor)
        ? tensor
        : throw Invalid("the file has no such tensor, which its metadata asks for", name);

    /// <summary>An entry of the metadata.</summary>
    public string Metadata(string key) => file.Metadata.TryGetValue(key, out string? value)
        ? value
        : throw Invalid($"the metadata has no {Quote(key)}");

    private ElementType ReadType(string key, string name) => ElementTypes.TryParse(name, out ElementType type) && type.IsReadable()
        ? type
        : throw Invalid($"{key} is {Quote(name)}, allowed are {ElementTypes.ReadableNames}");

    private string ReadFingerprint(JsonPlace place, string key) => ReadFingerprint(key, place.Text(key));

    private string ReadFingerprint(string key, string text) => Fingerprint.IsWellFormed(text)
        ? text
        : throw Invalid($"{key} is {Quote(text)}, it should be sha256: or sha256-tree: and 64 lower-case hexadecimal digits");

    private CheckpointFormatException Invalid(string problem, string? tensor = null, long? place = null) =>
        new(CheckpointDefect.InvalidRowPatch, file.Path, problem, "Write the patch again with this version", tensor, place);

    private static string Describe(Tensor tensor) => $"{tensor.DtypeName} [{string.Join(',', tensor.Shape)}]";

    private static string Quote(string text) => CheckpointFormatException.Quote(text);
}
