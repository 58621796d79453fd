using System.Diagnostics.CodeAnalysis;

namespace KsLottery.Engine.Checkpoints;

/// <summary>A safetensors file that is open for reading.</summary>
/// <remarks>
/// Only the header is read at once; the rest comes as it is asked for, so a file of any size opens in the time that its header takes.
/// Reading is safe from several threads. Disposing releases the file at once; spans that were handed out before point into nothing then.
/// </remarks>
internal sealed class SafetensorsFile : IDisposable
{
    private readonly Dictionary<string, Tensor> _byName;
    private readonly byte[] _header;
    private readonly int _headerLength;

    private SafetensorsFile(FileBytes bytes)
    {
        Bytes = bytes;
        byte[] prefix = new byte[SafetensorsHeader.PrefixLength];
        int prefixLength = (int)Math.Min(bytes.Length, prefix.Length);
        _headerLength = SafetensorsHeader.ReadLength(bytes.GetBytes(0, prefixLength, prefix), bytes.Length, bytes.Path);
        _header = bytes.IsMapped ? [] : new byte[_headerLength];
        ReadOnlySpan<byte> json = bytes.GetBytes(SafetensorsHeader.PrefixLength, _headerLength, _header);
        SafetensorsHeader header = SafetensorsHeader.Parse(json, bytes.Length, bytes.Path);
        DataOffset = SafetensorsHeader.PrefixLength + _headerLength;
        Metadata = header.Metadata;
        Tensors = Array.ConvertAll(header.Tensors, entry => new Tensor(this, entry));
        _byName = Tensors.ToDictionary(t => t.Name);
    }

    /// <summary>The path as it was given.</summary>
    public string Path => Bytes.Path;

    /// <summary>The file's length in bytes.</summary>
    public long Length => Bytes.Length;

    /// <summary>The byte of the file at which the tensors' data begins.</summary>
    public long DataOffset { get; }

    /// <summary>The tensors in the order of their bytes.</summary>
    public IReadOnlyList<Tensor> Tensors { get; }

    /// <summary>The strings of <c>__metadata__</c>; empty where there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The JSON header as it stands in the file, with its padding.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public ReadOnlySpan<byte> HeaderBytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(Bytes.IsDisposed, this);
            return Bytes.IsMapped ? Bytes.GetBytes(SafetensorsHeader.PrefixLength, _headerLength, []) : _header;
        }
    }

    internal FileBytes Bytes { get; }

    /// <summary>Opens a file and checks its header as strictly as the reference implementation does.</summary>
    /// <param name="path">The <c>.safetensors</c> file.</param>
    /// <param name="options">How to read it; mapped into memory by default.</param>
    /// <exception cref="CheckpointFormatException">
    /// The header breaks a rule of the format, the file is cut short, or it has another format, which the message names; or the path is a
    /// link that leads nowhere.
    /// </exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static SafetensorsFile Open(string path, CheckpointOptions? options = null)
    {
        DanglingLink.ThrowIfDangling(path);
        FileBytes bytes = FileBytes.Open(path, options);
        try
        {
            return new SafetensorsFile(bytes);
        }
        catch (CheckpointFormatException e) when (e.Kind <= CheckpointDefect.InvalidHeaderDeserialization
            && ForeignFile.OfFile(path) is { } other)
        {
            bytes.Dispose();
            throw new CheckpointFormatException(other.IsDamaged ? e.Kind
                : CheckpointDefect.ForeignFile, path, $"this is {other.What}; a safetensors file was expected", other.NextStep,
                innerException: e);
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>Finds a tensor by its exact name.</summary>
    public bool TryGetTensor(string name, [NotNullWhen(true)] out Tensor? tensor) => _byName.TryGetValue(name, out tensor);

    /// <summary>Finds a tensor by its exact name.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message lists near names.</exception>
    public Tensor GetTensor(string name) => TryGetTensor(name, out Tensor? tensor)
        ? tensor
        : throw new KeyNotFoundException(
            $"{Path}: no tensor {CheckpointFormatException.Quote(name)} in this file. "
                + $"{NearNames.Describe(name, Tensors.Select(t => t.Name))}");

    /// <summary>Releases the file at once.</summary>
    public void Dispose() => Bytes.Dispose();
}
