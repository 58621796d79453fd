namespace KsLottery.Engine.Checkpoints;

/// <summary>Lets one tensor write into a file, and no byte more than its shape asks for.</summary>
internal sealed class TensorStream(Stream target, string name, long length, CancellationToken cancellationToken) : Stream
{
    private long _written;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => _written; set => throw new NotSupportedException(); }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (buffer.Length > length - _written)
            throw new InvalidOperationException($"tensor {CheckpointFormatException.Quote(name)}: its source writes "
                + $"{_written} + {buffer.Length} bytes, its type and shape take {length}. Give the shape that fits the data.");
        target.Write(buffer);
        _written += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void WriteByte(byte value) => Write([value]);

    /// <exception cref="InvalidOperationException">Bytes are missing.</exception>
    public void ThrowIfIncomplete()
    {
        if (_written < length)
            throw new InvalidOperationException($"tensor {CheckpointFormatException.Quote(name)}: its source wrote {_written} bytes, "
                + $"its type and shape take {length}. Give the shape that fits the data.");
    }

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
