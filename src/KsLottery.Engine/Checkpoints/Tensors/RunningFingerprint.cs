namespace KsLottery.Engine.Checkpoints;

/// <summary>The fingerprint of a tensor whose bytes come by from the first to the last, so that nobody reads them for it.</summary>
/// <remarks>Where blocks of a mapped tensor are faster hashed together, they are looked at in its memory when the first byte of them comes
/// by.</remarks>
internal sealed class RunningFingerprint : IDisposable
{
    private readonly ContentHash? _stream;
    private readonly FingerprintBlocks? _blocks;
    private readonly BlockHasher? _hasher;
    private long _position, _together;

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
        if (_blocks is not null) AddToBlocks(bytes);
        _position += bytes.Length;
    }

    private void AddToBlocks(ReadOnlySpan<byte> bytes)
    {
        if (_position == _together && _position % FingerprintBlocks.BlockLength == 0)
            _together += _blocks!.TakeTogether(FingerprintBlocks.FirstFrom(_position)) * (long)FingerprintBlocks.BlockLength;
        int known = (int)Math.Clamp(_together - _position, 0, bytes.Length);
        _hasher!.Add(_position + known, bytes[known..]);
        _together = Math.Max(_together, _position + bytes.Length);
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
