using System.Globalization;
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Transfer;

/// <summary>What reverting a resized checkpoint needs beside its patch: a safetensors file in the checkpoint's folder, under a name that
/// no loader looks for.</summary>
/// <remarks>
/// The tensors: <c>pairs</c> I32 [N], for every base row its row now or -1; <c>dropped/NAME</c> [k,d], the base rows of a matrix that have
/// none; <c>header/SHARD</c> U8, the header of a rewritten file with its length; <c>file/NAME</c> U8, a small file of the base that was
/// replaced. The metadata: <c>format</c>, <c>format_version</c>, <c>base_fingerprint</c> and <c>tuned_fingerprint</c> as the patch has
/// them, <c>length/SHARD</c>, <c>fingerprint/NAME</c> of each matrix, and <c>taken</c>, the names of the tuned checkpoint's files, a slash
/// between them.
/// </remarks>
internal sealed class ResizeRecord : IDisposable
{
    public const string FileName = "resize.kslottery";

    private const string Format = "kslottery.resize", FormatVersion = "1", PairsName = "pairs", TakenName = "taken";
    private const string Dropped = "dropped/", Header = "header/", Small = "file/", Length = "length/", Print = "fingerprint/";

    private readonly SafetensorsFile _file;

    private ResizeRecord(SafetensorsFile file, PatchRows patch)
    {
        _file = file;
        if (Metadata("format") != Format || Metadata("format_version") != FormatVersion) throw Invalid($"it is no {Format} of version "
            + $"{FormatVersion}");
        Shards = [.. Names(Header)];
        Files = [.. Names(Small)];
        Taken = [.. Metadata(TakenName).Split('/', StringSplitOptions.RemoveEmptyEntries)];
        if (Shards.Concat(Files).Concat(Taken).FirstOrDefault(name => name != Path.GetFileName(name)
            || name is "" or "." or "..") is { } outside)
            throw Invalid($"{CheckpointFormatException.Quote(outside)} is no name of a file");
        Matrices = [.. file.Metadata.Keys.Where(key => key.StartsWith(Print, StringComparison.Ordinal)).Select(key => key[Print.Length..])];
        Tensor pairs = Find(PairsName);
        if (pairs.DtypeName != ElementType.I32.ToName() || pairs.Shape is not [var rows] || rows != patch.BaseRowCount)
            throw Invalid($"{PairsName} must be I32 [{patch.BaseRowCount}]");
        Pairs = [.. MemoryMarshal.Cast<byte, int>(Bytes(pairs))];
    }

    /// <summary>For every base row its row now, or -1.</summary>
    public IReadOnlyList<int> Pairs { get; }

    /// <summary>The files that were rewritten.</summary>
    public IReadOnlyList<string> Shards { get; }

    /// <summary>The base's files that were replaced or left out.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>The files that came from the tuned checkpoint.</summary>
    public IReadOnlyList<string> Taken { get; }

    /// <summary>The matrices that were resized.</summary>
    public IReadOnlyList<string> Matrices { get; }

    /// <summary>Writes the record into a folder.</summary>
    public static void Write(string folder, PatchRows patch, RowPairing pairing, IReadOnlyList<Tensor> matrices,
        IReadOnlyList<string> files, IReadOnlyList<string> taken, CancellationToken cancellationToken)
    {
        Dictionary<string, string> metadata = new()
        {
            ["format"] = Format,
            ["format_version"] = FormatVersion,
            ["base_fingerprint"] = patch.BaseFingerprint,
            ["tuned_fingerprint"] = patch.TunedFingerprint,
            [TakenName] = string.Join('/', taken),
        };
        int[] pairs = [.. Enumerable.Range(0, pairing.BaseRows).Select(pairing.TunedOf)];
        List<TensorSource> sources = [TensorSource.FromBytes(PairsName, ElementType.I32, [pairs.Length],
            MemoryMarshal.AsBytes<int>(pairs).ToArray())];
        foreach (Tensor matrix in matrices)
        {
            metadata[Print + matrix.Name] = Fingerprint.OfTensor(matrix, cancellationToken);
            SelectedRows rows = new(matrix, IndexSet.Of(pairing.BaseRows, pairing.Dropped), cancellationToken);
            sources.Add(new(Dropped + matrix.Name, matrix.ElementType, [pairing.Dropped.Count, matrix.Shape[1]],
                stream => rows.WriteTo(stream, matrix.ElementType)));
        }
        foreach (SafetensorsFile shard in matrices.Select(m => m.File).Distinct())
        {
            string name = Path.GetFileName(shard.Path);
            byte[] header = [.. BitConverter.GetBytes((ulong)shard.HeaderBytes.Length), .. shard.HeaderBytes];
            metadata[Length + name] = shard.Length.ToString(CultureInfo.InvariantCulture);
            sources.Add(TensorSource.FromBytes(Header + name, ElementType.U8, [header.Length], header));
        }
        foreach (string path in files)
        {
            byte[] bytes = File.ReadAllBytes(path);
            sources.Add(TensorSource.FromBytes(Small + Path.GetFileName(path), ElementType.U8, [bytes.Length], bytes));
        }
        SafetensorsWriter.Write(Path.Combine(folder, FileName), sources, metadata, cancellationToken);
    }

    /// <summary>Opens the record that a patch left beside a checkpoint.</summary>
    /// <returns>The record, or null where there is none, or another patch's.</returns>
    /// <exception cref="CheckpointFormatException">The record is damaged.</exception>
    /// <exception cref="InvalidDataException">The record contradicts the patch or itself.</exception>
    public static ResizeRecord? Find(Checkpoint checkpoint, PatchRows patch)
    {
        string path = Path.Combine(CarriedFiles.FolderOf(checkpoint), FileName);
        if (!File.Exists(path)) return null;
        SafetensorsFile file = SafetensorsFile.Open(path);
        try
        {
            if (file.Metadata.GetValueOrDefault("base_fingerprint") == patch.BaseFingerprint
                && file.Metadata.GetValueOrDefault("tuned_fingerprint") == patch.TunedFingerprint) return new(file, patch);
        }
        catch
        {
            file.Dispose();
            throw;
        }
        file.Dispose();
        return null;
    }

    /// <summary>The base rows of a matrix that have no row now, in their order.</summary>
    public Tensor DroppedOf(string matrix) => Find(Dropped + matrix);

    /// <summary>The fingerprint that a matrix must have again.</summary>
    public string FingerprintOf(string matrix) => Metadata(Print + matrix);

    /// <summary>The first bytes of a rewritten file as it was: its header with the length before it.</summary>
    public byte[] HeaderOf(string shard) => Bytes(Find(Header + shard));

    /// <summary>The length of a rewritten file as it was.</summary>
    public long LengthOf(string shard) =>
        long.TryParse(Metadata(Length + shard), NumberStyles.None, CultureInfo.InvariantCulture, out long length) ? length
            : throw Invalid($"{Length}{shard} is no number");

    /// <summary>A small file as it was.</summary>
    public byte[] FileOf(string name) => Bytes(Find(Small + name));

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private IEnumerable<string> Names(string prefix) =>
        _file.Tensors.Where(t => t.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(t => t.Name[prefix.Length..]);

    private Tensor Find(string name) => _file.TryGetTensor(name, out Tensor? tensor) ? tensor
        : throw Invalid($"it has no tensor {CheckpointFormatException.Quote(name)}");

    private string Metadata(string key) => _file.Metadata.TryGetValue(key, out string? value) ? value
        : throw Invalid($"its metadata has no {CheckpointFormatException.Quote(key)}");

    private static byte[] Bytes(Tensor tensor)
    {
        using MemoryStream stream = new();
        tensor.CopyTo(stream);
        return stream.ToArray();
    }

    private InvalidDataException Invalid(string problem) =>
        new($"{_file.Path}: {problem}. The file was changed or cut short; apply the patch to the base again.");
}
