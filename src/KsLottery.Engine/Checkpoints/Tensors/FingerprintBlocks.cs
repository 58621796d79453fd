using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Checkpoints;

/// <summary>The SHA-256 of each block of a tensor, of which its <see cref="FingerprintKind.Tree"/> fingerprint is made.</summary>
/// <remarks>
/// Blocks are <see cref="BlockLength"/> bytes long, counted from the tensor's first byte; the last may be shorter. They are independent of
/// each other, so that threads and processes take them side by side. Safe from several threads as long as each block is one's.
/// </remarks>
internal sealed class FingerprintBlocks
{
    /// <summary>The bytes of a block: a scan tests and hashes one of each matrix while both are in the second-level cache.</summary>
    public const int BlockLength = 1 << 20;

    /// <summary>The bytes of a block's hash.</summary>
    public const int HashLength = SHA256.HashSizeInBytes;

    private readonly ByteSource? _read;
    private readonly Action<long, long>? _release;
    private readonly byte[] _hashes;
    private readonly bool[] _isTaken;

    /// <summary>Begins without any block's hash.</summary>
    /// <param name="type">The element type.</param>
    /// <param name="shape">The dimensions.</param>
    /// <param name="byteLength">The tensor's length.</param>
    /// <param name="read">Gives a range of its bytes; safe from several threads. Null where all hashes are known.</param>
    /// <param name="release">Hears which range, by offset and length, is not needed any more.</param>
    public FingerprintBlocks(ElementType type, IReadOnlyList<long> shape, long byteLength, ByteSource? read = null,
        Action<long, long>? release = null)
    {
        (ByteLength, _read, _release) = (byteLength, read, release);
        Title = string.Create(CultureInfo.InvariantCulture, $"{type.ToName()} [{string.Join(',', shape)}] {BlockLength}\n");
        _isTaken = new bool[BlockOf(byteLength + BlockLength - 1)];
        _hashes = new byte[checked(_isTaken.Length * HashLength)];
    }

    /// <summary>Gives a range of a tensor's bytes, see <see cref="Tensor.GetBytes"/>.</summary>
    public delegate ReadOnlySpan<byte> ByteSource(long offset, int length, Span<byte> buffer);

    /// <summary>The line before the hashes: type, shape, and the length of a block.</summary>
    public string Title { get; }

    /// <summary>The tensor's length in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>The number of blocks.</summary>
    public int Count => _isTaken.Length;

    /// <summary>The blocks of a tensor.</summary>
    public static FingerprintBlocks Of(Tensor tensor) =>
        new(tensor.ElementType, tensor.Shape, tensor.ByteLength, tensor.GetBytes, tensor.DontNeed);

    /// <summary>The first block that begins at a byte or behind it.</summary>
    public static int FirstFrom(long offset) => BlockOf(offset + BlockLength - 1);

    /// <summary>A block's hash, where it is there.</summary>
    public ReadOnlySpan<byte> this[int block] => _hashes.AsSpan(block * HashLength, HashLength);

    /// <summary>Keeps a block's hash.</summary>
    public void Put(int block, ReadOnlySpan<byte> hash)
    {
        hash.CopyTo(_hashes.AsSpan(block * HashLength, HashLength));
        _isTaken[block] = true;
    }

    /// <summary>The hashes of all blocks that begin between two offsets.</summary>
    public byte[] Of(long start, long end) => _hashes[(FirstFrom(start) * HashLength)..(FirstFrom(end) * HashLength)];

    /// <summary>Keeps the hashes of all blocks from the one on that begins at an offset or behind it.</summary>
    public void Put(long start, ReadOnlySpan<byte> hashes)
    {
        for (int block = FirstFrom(start); hashes.Length > 0; hashes = hashes[HashLength..]) Put(block++, hashes[..HashLength]);
    }

    /// <summary>Takes those blocks of some bytes that are not there yet: all that begin between two offsets.</summary>
    /// <param name="start">The first byte.</param>
    /// <param name="end">The byte behind the last.</param>
    /// <param name="threads">The number of threads; 0 takes one for each processor.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    /// <exception cref="CheckpointFormatException">The file became shorter.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public void TakeMissing(long start, long end, int threads, CancellationToken cancellationToken)
    {
        int first = FirstFrom(start);
        Take([.. Enumerable.Range(first, FirstFrom(end) - first).Where(block => !_isTaken[block])], threads, cancellationToken);
    }

    /// <summary>Takes some blocks, each named once.</summary>
    /// <inheritdoc cref="TakeMissing" path="/param | /exception"/>
    public void Take(IReadOnlyList<int> blocks, int threads, CancellationToken cancellationToken)
    {
        ParallelOptions options = new()
        {
            MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount,
            CancellationToken = cancellationToken,
        };
        cancellationToken.ThrowIfCancellationRequested();
        SideBySide.Run(() => Parallel.For(0, blocks.Count, options, () => new BlockHasher(this), (i, _, hasher) =>
        {
            hasher.Take(blocks[i]);
            long start = (long)blocks[i] * BlockLength;
            _release?.Invoke(start, EndOf(blocks[i]) - start);
            return hasher;
        }, hasher => hasher.Dispose()));
    }

    /// <summary>The fingerprint, once every block is there.</summary>
    /// <exception cref="InvalidOperationException">A block is missing.</exception>
    public string Root()
    {
        if (Array.IndexOf(_isTaken, false) is >= 0 and int missing)
            throw new InvalidOperationException($"block {missing} of {Count} was not hashed. Take all before the root.");
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes(Title));
        hash.AppendData(_hashes);
        return Fingerprint.TreePrefix + Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Where a block ends.</summary>
    public long EndOf(int block) => Math.Min(((long)block + 1) * BlockLength, ByteLength);

    /// <summary>Gives a range of the tensor's bytes.</summary>
    public ReadOnlySpan<byte> Read(long offset, int length, Span<byte> buffer) => _read is not null ? _read(offset, length, buffer)
        : throw new InvalidOperationException("the hashes of blocks are known here, and not their bytes.");

    private static int BlockOf(long offset) => checked((int)(offset / BlockLength));
}
