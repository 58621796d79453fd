namespace KsLottery.Engine.Checkpoints;

/// <summary>Hashes the blocks that begin in ranges of a tensor's bytes, as the bytes come by; one thread's.</summary>
internal sealed class BlockHasher(FingerprintBlocks blocks) : IDisposable
{
    private const int ReadLength = 1 << 18;

    private readonly ContentHash _hash = new();
    private byte[]? _buffer;
    private int _open = -1;
    private long _next;

    /// <summary>Takes bytes, which follow those before or, behind <see cref="Complete"/>, lie anywhere.</summary>
    /// <remarks>Bytes of a block that began before the first of them are another's.</remarks>
    /// <param name="start">Where they lie in the tensor.</param>
    /// <param name="bytes">The bytes.</param>
    public void Add(long start, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_open < 0)
            {
                int block = FingerprintBlocks.FirstFrom(start);
                long skipped = ((long)block * FingerprintBlocks.BlockLength) - start;
                if (skipped >= bytes.Length) return;
                (_open, _next) = (block, start + skipped);
                bytes = bytes[(int)skipped..];
            }
            int length = (int)Math.Min(bytes.Length, blocks.EndOf(_open) - _next);
            _hash.AppendData(bytes[..length]);
            bytes = bytes[length..];
            start = _next += length;
            if (_next == blocks.EndOf(_open)) Close();
        }
    }

    /// <summary>Reads what the last block still lacks.</summary>
    public void Complete()
    {
        while (_open >= 0)
        {
            int length = (int)Math.Min(ReadLength, blocks.EndOf(_open) - _next);
            Add(_next, blocks.Read(_next, length, _buffer ??= new byte[ReadLength]));
        }
    }

    /// <summary>Reads a whole block.</summary>
    public void Take(int block)
    {
        (_open, _next) = (block, (long)block * FingerprintBlocks.BlockLength);
        Complete();
    }

    /// <summary>Reads bytes in place of those that could have been added.</summary>
    public void AddFrom(long start, long end)
    {
        for (int length; start < end; start += length)
        {
            length = (int)Math.Min(ReadLength, end - start);
            Add(start, blocks.Read(start, length, _buffer ??= new byte[ReadLength]));
        }
    }

    /// <summary>Whether another tensor holds the same bytes from one offset to another.</summary>
    public bool IsSame(FingerprintBlocks other, long start, long end)
    {
        byte[] buffer = new byte[(int)(end - start)];
        return blocks.Read(start, buffer.Length, buffer).SequenceEqual(other.Read(start, buffer.Length, new byte[buffer.Length]));
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    private void Close()
    {
        Span<byte> hash = stackalloc byte[FingerprintBlocks.HashLength];
        _hash.GetHashAndReset(hash);
        blocks.Put(_open, hash);
        _open = -1;
    }
}
