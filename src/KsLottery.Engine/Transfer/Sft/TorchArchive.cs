using System.IO.Compression;
using System.IO.Hashing;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>A file of <c>torch.save</c>, PyTorch 1.6 and later: a zip archive of a pickle and of the storages that it speaks of.</summary>
/// <remarks>Entries are stored as they are and not compressed, so that none is larger than the file; others are refused.</remarks>
internal sealed class TorchArchive : IDisposable
{
    private const string PickleName = "data.pkl";

    private readonly string _path;
    private readonly ZipArchive _zip;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = [];
    private readonly string _root;

    /// <summary>Opens a file, and reads its list of entries.</summary>
    /// <exception cref="CheckpointFormatException">It is no such archive.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public TorchArchive(string path)
    {
        _path = path;
        FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            _zip = Guarded(() => new ZipArchive(stream, ZipArchiveMode.Read));
            foreach (ZipArchiveEntry entry in Guarded(() => _zip.Entries))
                if (!_entries.TryAdd(entry.FullName, entry))
                    throw Wrong($"the entry {CheckpointFormatException.Quote(entry.FullName)} stands twice in it");
            string[] pickles = [.. _entries.Keys.Where(name => name.EndsWith('/' + PickleName, StringComparison.Ordinal))];
            _root = pickles is [var only] ? only[..^PickleName.Length]
                : throw Wrong($"it has {pickles.Length} entries {PickleName} in a folder, a file of torch.save has one");
            if (_entries.ContainsKey(_root + "byteorder") && !Read("byteorder").AsSpan().TrimEnd((byte)'\n').SequenceEqual("little"u8))
                throw Wrong("its numbers are not little-endian");
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Reads the pickle.</summary>
    /// <inheritdoc cref="PickleReader.Read"/>
    public object? ReadPickle() => new PickleReader(_path, Read(PickleName)).Read();

    /// <summary>The elements of a tensor, widened to F32.</summary>
    /// <param name="tensor">The tensor, whose elements must lie one behind the other.</param>
    /// <param name="place">What it is, for messages.</param>
    /// <exception cref="CheckpointFormatException">It leaves its storage, or that is damaged.</exception>
    public float[] ReadValues(PickledTensor tensor, string place)
    {
        if (!tensor.IsContiguous) throw Wrong($"{place}: its strides are [{string.Join(',', tensor.Strides)}], elements that lie apart");
        if (TensorSize.Measure(tensor.Shape, tensor.Storage.Type.BitSize(), out long count, out long length) is not null
            || count > Array.MaxLength)
            throw Wrong($"{place}: the shape [{string.Join(',', tensor.Shape)}] is too large");
        int size = tensor.Storage.Type.ByteSize();
        byte[] bytes = Read($"data/{tensor.Storage.Key}");
        if (bytes.Length / size < tensor.Storage.Count || tensor.Offset > tensor.Storage.Count - count)
            throw Wrong($"{place}: elements {tensor.Offset} to below {tensor.Offset + (double)count} are asked for of a storage of "
                + $"{tensor.Storage.Count}, whose entry has {bytes.Length} bytes");
        float[] values = new float[count];
        ElementCodec.Of(tensor.Storage.Type).Widen(bytes.AsSpan((int)(tensor.Offset * size), (int)length), values);
        return values;
    }

    public void Dispose() => _zip.Dispose();

    /// <summary>The refusal of the file.</summary>
    public CheckpointFormatException Wrong(string problem, Exception? cause = null) => new(CheckpointDefect.InvalidPickle, _path, problem,
        "Save it again with composable-sft and PyTorch 1.6 or later", innerException: cause);

    private byte[] Read(string name)
    {
        if (!_entries.TryGetValue(_root + name, out ZipArchiveEntry? entry))
            throw Wrong($"it has no entry {CheckpointFormatException.Quote(_root + name)}");
        string place = $"the entry {CheckpointFormatException.Quote(_root + name)}";
        if (entry.Length != entry.CompressedLength || entry.IsEncrypted)
            throw Wrong($"{place} is compressed or encrypted, torch.save stores it");
        if (entry.Length > Array.MaxLength) throw Wrong($"{place} has {entry.Length} bytes, {Array.MaxLength} are read at most");
        // What the list claims may be more than the file has.
        if (entry.Length > new FileInfo(_path).Length) throw Wrong($"{place} claims {entry.Length} bytes, more than the whole file");
        byte[] bytes = new byte[entry.Length];
        Guarded(() =>
        {
            using Stream stream = entry.Open();
            stream.ReadExactly(bytes);
            return bytes;
        });
        return Crc32.HashToUInt32(bytes) == entry.Crc32 ? bytes : throw Wrong($"{place} is damaged: its checksum is another");
    }

    private T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception fault) when (fault is InvalidDataException or EndOfStreamException or ArgumentException)
        {
            throw Wrong($"it is no whole zip archive, which torch.save writes since PyTorch 1.6 ({fault.Message.TrimEnd('.')})", fault);
        }
    }
}
