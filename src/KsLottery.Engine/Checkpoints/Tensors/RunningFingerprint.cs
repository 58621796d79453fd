using System.Security.Cryptography;

namespace KsLottery.Engine.Checkpoints;

/// <summary>The fingerprint of a tensor whose bytes come by from the first to the last, so that nobody reads them for it.</summary>
internal sealed class RunningFingerprint : IDisposable
{
    private readonly IncrementalHash? _stream;
    private readonly FingerprintBlocks? _blocks;
    private readonly BlockHasher? _hasher;
    private long _position;

    /// <param name="tensor">The tensor, for its form.</param>
    /// <param name="kind">Which kind.</param>
    public RunningFingerprint(Tensor tensor, FingerprintKind kind)
    {
        Kind = kind;
        if (kind == FingerprintKind.Stream) _stream = Fingerprint.Begin(tensor.ElementType, tensor.Shape);
        else _hasher = new(_blocks = FingerprintBlocks.Of(tensor));
    }

    /// <summary>Which kind.</summary>
    public FingerprintKind Kind { get; }

    /// <summary>Takes the next bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        _stream?.AppendData(bytes);
        _hasher?.Add(_position, bytes);
        _position += bytes.Length;
    }

    /// <summary>The fingerprint of all that came by, which must be all of the tensor.</summary>
    public string Take() => _stream is not null ? Fingerprint.Finish(_stream) : _blocks!.Root();

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream?.Dispose();
        _hasher?.Dispose();
    }
}
