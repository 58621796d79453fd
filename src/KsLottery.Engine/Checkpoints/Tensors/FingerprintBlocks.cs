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
    private bool _isMapped;

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

    /// <summary>Whether <see cref="Read"/> gives bytes where they lie, however many.</summary>
    public bool IsMapped => _isMapped;

    /// <summary>The number of blocks.</summary>
    public int Count => _isTaken.Length;

    /// <summary>The blocks of a tensor.</summary>
    public static FingerprintBlocks Of(Tensor tensor) =>
        new(tensor.ElementType, tensor.Shape, tensor.ByteLength, tensor.GetBytes, tensor.DontNeed) { _isMapped = tensor.IsMapped };

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
        // Fewer would leave threads without work.
        bool areMany = blocks.Count >= options.MaxDegreeOfParallelism * Sha256Lanes.MaxCount;
        (int First, int Count)[] groups = [.. areMany ? Groups(blocks) : blocks.Select(b => (b, 1))];
        SideBySide.Run(() => Parallel.For(0, groups.Length, options, () => new BlockHasher(this), (i, _, hasher) =>
        {
            (int first, int count) = groups[i];
            for (int taken = areMany ? TakeTogether(first, count) : 0; taken < count; taken++) hasher.Take(first + taken);
            long start = (long)first * BlockLength;
            _release?.Invoke(start, EndOf(first + count - 1) - start);
            return hasher;
        }, hasher => hasher.Dispose()));
    }

    /// <summary>Takes blocks from one on together, where that is faster than one after another.</summary>
    /// <param name="first">The first.</param>
    /// <param name="count">How many are wanted.</param>
    /// <returns>How many were taken; 0 where they are to be taken one by one.</returns>
    public int TakeTogether(int first, int count = Sha256Lanes.MaxCount)
    {
        long whole = (ByteLength / BlockLength) - first;
        count = (int)Math.Min(Math.Min(count, Sha256Lanes.MaxCount), whole);
        if (!_isMapped || !Sha256Lanes.IsSupported || count < Sha256Lanes.MinCount) return 0;
        Span<byte> hashes = stackalloc byte[Sha256Lanes.MaxCount * HashLength];
        Sha256Lanes.Hash(Read((long)first * BlockLength, count * BlockLength, []), count, hashes);
        for (int i = 0; i < count; i++) Put(first + i, hashes.Slice(i * HashLength, HashLength));
        return count;
    }

    /// <summary>Blocks that follow each other, no more than are taken together.</summary>
    private static IEnumerable<(int First, int Count)> Groups(IReadOnlyList<int> blocks)
    {
        int start = 0;
        for (int i = 1; i <= blocks.Count; i++)
        {
            if (i < blocks.Count && blocks[i] == blocks[i - 1] + 1 && i - start < Sha256Lanes.MaxCount) continue;
            yield return (blocks[start], i - start);
            start = i;
        }
    }

    /// <summary>The fingerprint, once every block is there.</summary>
    /// <exception cref="InvalidOperationException">A block is missing.</exception>
    public string Root()
    {
        if (Array.IndexOf(_isTaken, false) is >= 0 and int missing)
            throw new InvalidOperationException($"block {missing} of {Count} was not hashed. Take all before the root.");
        using ContentHash hash = new();
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
