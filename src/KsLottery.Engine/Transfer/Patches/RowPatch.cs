using System.Buffers.Binary;
using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>Selected rows of a tuned matrix, with the base rows that they replace: a safetensors file that is open for reading.</summary>
/// <remarks>
/// <para>
/// The tensors: <c>indices</c> I32 [k], ascending; <c>rows</c> [k,d], the tuned rows bit for bit in the tuned type; <c>base_rows</c>
/// [k,d], also in the tuned type if every base value survives the way there and back bit for bit, as it does where the tuned type is
/// the same or wider (BF16 to F32), else in the base type. Either way the base's bytes can be put back exactly. The rows are absolute
/// values, no differences. A patch has at least one row: one without would change nothing.
/// </para>
/// <para>
/// The metadata: <c>format</c>, <c>format_version</c>, <c>tensor</c>, <c>base_dtype</c>, <c>base_shape</c>, <c>base_fingerprint</c>,
/// <c>tuned_fingerprint</c>, <c>tied</c> (<c>true</c>, <c>false</c> or <c>unknown</c>: whether the base's output head is this matrix as
/// well) and <c>signature</c>; where rows hold a NaN or an infinity also <c>non_finite_rows</c>, their indices; where they are codes with a
/// scale beside the base's (F8, I8, U8) also <c>base_scale_fingerprint</c>: codes mean the same values with that scale alone.
/// </para>
/// <para>
/// Where the vocabulary was resized or reordered, there are also the metadata <c>tuned_shape</c> and <c>pairs</c>, which is <c>id</c> or
/// <c>text</c>, and with <c>text</c> the tensor <c>tuned_indices</c> I32 [k], the tuned row of each. <c>indices</c> are always the base's.
/// </para>
/// <para>Format version 2 differs from 1 in that the fingerprints may be <c>sha256-tree:</c>; 1 is written where both are
/// <c>sha256:</c>.</para>
/// <para>Only the indices are held in memory. Reading is safe from several threads; disposing releases the file.</para>
/// </remarks>
public sealed partial class RowPatch : IDisposable
{
    /// <summary>The default file name.</summary>
    public const string FileName = "patch.safetensors";

    private const string Format = NoEmbedding.RowPatchFormat;
    private const string FormatVersion = "1", TreeFormatVersion = "2";
    private const string IndicesName = "indices";
    private const string RowsName = "rows";
    private const string BaseRowsName = "base_rows";
    private const string TunedIndicesName = "tuned_indices";
    private const string TunedShapeName = "tuned_shape", PairsName = "pairs", ById = "id", ByText = "text";
    private const string BaseScaleName = "base_scale_fingerprint";
    private const string AnotherPatch = "Write the patch again with this version";

    private readonly SafetensorsFile _file;

    private RowPatch(SafetensorsFile file)
    {
        _file = file;
        if (Metadata("format") is var format && format != Format)
            throw Invalid($"the format is {Quote(format)}, a row patch has {Quote(Format)}");
        if (Metadata("format_version") is var version && version is not (FormatVersion or TreeFormatVersion))
            throw Invalid($"the format version is {Quote(version)}, this version reads {Quote(FormatVersion)} and "
                + Quote(TreeFormatVersion));
        TensorName = Metadata("tensor");
        Signature = Metadata("signature");
        BaseFingerprint = ReadFingerprint("base_fingerprint");
        TunedFingerprint = ReadFingerprint("tuned_fingerprint");
        IsTied = Metadata("tied") switch
        {
            "true" => true,
            "false" => false,
            "unknown" => null,
            string other => throw Invalid($"tied is {Quote(other)}, allowed are \"true\", \"false\" and \"unknown\""),
        };
        BaseElementType = ElementTypes.TryParse(Metadata("base_dtype"), out ElementType type) && type.IsReadable()
            ? type
            : throw Invalid($"base_dtype is {Quote(Metadata("base_dtype"))}, allowed are {ElementTypes.ReadableNames}");

        Tensor indices = Find(IndicesName);
        if (indices.DtypeName != ElementType.I32.ToName() || indices.Shape is not [> 0 and <= int.MaxValue])
            throw Invalid($"it is {Describe(indices)}, it should be I32 [k] with k from 1 to {int.MaxValue}", IndicesName);
        Rows = FindRows(RowsName, indices.Shape[0]);
        BaseRows = FindRows(BaseRowsName, indices.Shape[0]);
        if (BaseRows.Shape[1] != Rows.Shape[1] || (BaseRows.ElementType != Rows.ElementType && BaseRows.ElementType != BaseElementType))
            throw Invalid($"it is {Describe(BaseRows)}, it should have the shape of {RowsName}, which is {Describe(Rows)}, and its type or "
                + BaseElementType.ToName(), BaseRowsName);
        if (StoredCodes.AreInTheWay(Rows.ElementType, BaseElementType))
            throw Invalid($"it is {Describe(Rows)}, and rows of a base of {BaseElementType.ToName()} are of its own type", RowsName);
        _file.Metadata.TryGetValue(BaseScaleName, out string? scale);
        BaseScaleFingerprint = scale is null ? null : ReadFingerprint(BaseScaleName);
        (BaseRowCount, Width) = (ReadRowCount("base_shape"), (int)Rows.Shape[1]);
        TunedRowCount = _file.Metadata.ContainsKey(TunedShapeName) ? ReadRowCount(TunedShapeName) : BaseRowCount;
        Indices = ReadIndices(indices, BaseRowCount, ascend: true);
        if (_file.Metadata.TryGetValue(PairsName, out string? pairs) && pairs is not (ById or ByText))
            throw Invalid($"{PairsName} is {Quote(pairs)}, allowed are {Quote(ById)} and {Quote(ByText)}");
        IsPairedByText = pairs == ByText;
        TunedIndices = IsPairedByText ? ReadIndices(SameForm(Find(TunedIndicesName), indices), TunedRowCount, ascend: false) : Indices;
        if (!(TunedIndices.Max() < TunedRowCount))
            throw Invalid($"{TunedShapeName} has {TunedRowCount} rows, and row {TunedIndices.Max()} is taken from it", TunedIndicesName);
    }

    /// <summary>The path of the file.</summary>
    public string Path => _file.Path;

    /// <summary>The tensor of the base whose rows the patch replaces.</summary>
    public string TensorName { get; }

    /// <summary>The replaced rows, ascending, from 0.</summary>
    public IReadOnlyList<int> Indices { get; }

    /// <summary>The number of values in a row.</summary>
    public int Width { get; }

    /// <summary>The number of rows that the base tensor has.</summary>
    public long BaseRowCount { get; }

    /// <summary>The number of rows that the tuned tensor has.</summary>
    public long TunedRowCount { get; }

    /// <summary>Whether the text of tokens paired the rows, and not their numbers.</summary>
    public bool IsPairedByText { get; }

    /// <summary>Whether the tuned tensor has another number of rows, or other tokens at the same numbers.</summary>
    public bool IsResized => TunedRowCount != BaseRowCount || IsPairedByText;

    /// <summary>The tuned rows that the rows are taken from, row i for index i; the same numbers unless the vocabulary was
    /// reordered.</summary>
    public IReadOnlyList<int> TunedIndices { get; }

    /// <summary>The base tensor's element type, a readable one.</summary>
    public ElementType BaseElementType { get; }

    /// <summary>The tuned rows, row i for index i, in the tuned type.</summary>
    public Tensor Rows { get; }

    /// <summary>The base rows, row i for index i, in the tuned or the base type; either gives the base's exact bytes.</summary>
    public Tensor BaseRows { get; }

    /// <summary>The <see cref="Fingerprint"/> that the base tensor must have.</summary>
    public string BaseFingerprint { get; }

    /// <summary>The <see cref="Fingerprint"/> of the tuned tensor, all its rows.</summary>
    public string TunedFingerprint { get; }

    /// <summary>The <see cref="Fingerprint"/> of the scale that must lie beside the base tensor; null for none.</summary>
    public string? BaseScaleFingerprint { get; }

    /// <summary>Whether input and output embedding of the base were one matrix; null where it was not known.</summary>
    public bool? IsTied { get; }

    /// <summary>The line that says how the rows were chosen.</summary>
    public string Signature { get; }

    /// <summary>The file of a patch, which may be named by its folder: a result of <see cref="TicketFolder"/> or of a tuning.</summary>
    /// <param name="path">The file, or the folder.</param>
    /// <exception cref="FileNotFoundException">The folder has no <see cref="FileName"/>; says what it holds instead.</exception>
    public static string PathOf(string path) => FileInFolder.Resolve(path, FileName, folder =>
        File.Exists(System.IO.Path.Combine(folder, PeftAdapter.ConfigName))
            ? $"It holds a PEFT adapter, {Remedy.MergeAdapter}"
        : File.Exists(System.IO.Path.Combine(folder, TicketFile.FileName))
            ? $"The {TicketFile.FileName} in it is empty or was moved alone: find the ticket again, with {Remedy.SelectOther}"
            : Remedy.NamePatch.ToString());

    /// <summary>Opens a patch and checks all of it but the values of its rows.</summary>
    /// <param name="path">The file, or the folder that it lies in, see <see cref="PathOf"/>.</param>
    /// <param name="options">How to read it; mapped into memory by default.</param>
    /// <exception cref="CheckpointFormatException">The file is no safetensors file or no row patch; the message says why.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static RowPatch Open(string path, CheckpointOptions? options = null)
    {
        SafetensorsFile file = SafetensorsFile.Open(PathOf(path), options);
        try
        {
            return new RowPatch(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Releases the file at once; spans that its tensors gave point into nothing then.</summary>
    public void Dispose() => _file.Dispose();

    private Tensor SameForm(Tensor tensor, Tensor indices) =>
        tensor.DtypeName == indices.DtypeName && tensor.Shape.SequenceEqual(indices.Shape) ? tensor
            : throw Invalid($"it is {Describe(tensor)}, it should be {Describe(indices)} as {IndicesName}", TunedIndicesName);

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

    private long ReadRowCount(string key)
    {
        string shape = Metadata(key);
        string ending = string.Create(CultureInfo.InvariantCulture, $",{Rows.Shape[1]}]");
        return shape.StartsWith('[') && shape.EndsWith(ending, StringComparison.Ordinal)
            && PlainNumber.TryDigits(shape.AsSpan(1..^ending.Length), out long rows)
            ? rows
            : throw Invalid($"{key} is {Quote(shape)}, it should be \"[rows{ending}\" as {RowsName} is {Describe(Rows)}");
    }

    private Tensor FindRows(string name, long count)
    {
        Tensor tensor = Find(name);
        return tensor.ElementType.IsReadable() && tensor.Shape is [var rows, > 0 and <= MaxRowLength] && rows == count
            ? tensor
            : throw Invalid($"it is {Describe(tensor)}, it should be {ElementTypes.ReadableNames} [{count},d] with d from 1 to "
                + $"{MaxRowLength}", name);
    }

    private Tensor Find(string name) => _file.TryGetTensor(name, out Tensor? tensor)
        ? tensor
        : throw Invalid($"the file has no such tensor; a row patch has {IndicesName}, {RowsName} and {BaseRowsName}", name);

    private string Metadata(string key) => _file.Metadata.TryGetValue(key, out string? value)
        ? value
        : throw Invalid($"the metadata has no {Quote(key)}");

    private string ReadFingerprint(string key) => Fingerprint.IsWellFormed(Metadata(key))
        ? Metadata(key)
        : throw Invalid($"{key} is {Quote(Metadata(key))}, it should be sha256: or sha256-tree: and 64 lower-case hexadecimal digits");

    private CheckpointFormatException Invalid(string problem, string? tensor = null, long? place = null) =>
        new(CheckpointDefect.InvalidRowPatch, _file.Path, problem, AnotherPatch, tensor, place);

    private static string Describe(Tensor tensor) => $"{tensor.DtypeName} [{string.Join(',', tensor.Shape)}]";

    private static string Quote(string text) => CheckpointFormatException.Quote(text);
}
