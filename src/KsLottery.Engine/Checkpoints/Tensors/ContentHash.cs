using System.Security.Cryptography;

// Nothing else asks the platform for a hash.
#pragma warning disable RS0030

namespace KsLottery.Engine.Checkpoints;

/// <summary>SHA-256 of bytes that come in parts; the one place that knows whose code hashes.</summary>
/// <remarks>The platform's is several times as fast, but must be loaded once, which takes OpenSSL 3 ms: a third of a small scan's
/// processor time. So the first <see cref="Allowance.Length"/> bytes of a process are hashed by <see cref="Sha256Words"/>, and whatever
/// goes beyond by the platform's. Which one it was cannot be told from the hash.</remarks>
internal sealed class ContentHash : IDisposable
{
    private const int FirstLength = 4 << 10;

    private readonly Allowance _allowance;
    private byte[] _kept = [];
    private int _length;
    private IncrementalHash? _platform;

    public ContentHash()
        : this(Allowance.OfProcess)
    {
    }

    internal ContentHash(Allowance allowance) => _allowance = allowance;

    /// <summary>Whether the platform's hashes what was appended.</summary>
    internal bool IsPlatforms => _platform is not null;

    /// <summary>The hash of bytes that are all there.</summary>
    public static byte[] Of(ReadOnlySpan<byte> bytes) => Of(bytes, Allowance.OfProcess);

    internal static byte[] Of(ReadOnlySpan<byte> bytes, Allowance allowance)
    {
        if (!allowance.Take(bytes.Length)) return SHA256.HashData(bytes);
        byte[] hash = new byte[SHA256.HashSizeInBytes];
        Sha256Words.Hash(bytes, hash);
        return hash;
    }

    /// <summary>Takes the next bytes.</summary>
    public void AppendData(ReadOnlySpan<byte> bytes)
    {
        if (_platform is null && bytes.Length <= _allowance.Left - _length) Keep(bytes);
        else Platforms().AppendData(bytes);
    }

    /// <summary>The hash of what was appended; begins anew.</summary>
    public byte[] GetHashAndReset()
    {
        byte[] hash = new byte[SHA256.HashSizeInBytes];
        GetHashAndReset(hash);
        return hash;
    }

    /// <summary>Gives the hash of what was appended, and begins anew.</summary>
    /// <param name="hash">Takes 32 bytes.</param>
    public void GetHashAndReset(Span<byte> hash)
    {
        if (_platform is null && _allowance.Take(_length)) Sha256Words.Hash(_kept.AsSpan(0, _length), hash);
        else Platforms().GetHashAndReset(hash);
        _length = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _platform?.Dispose();

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        int length = _length + bytes.Length;
        if (length > _kept.Length) Array.Resize(ref _kept, Math.Max(length, Math.Max(FirstLength, 2 * _kept.Length)));
        bytes.CopyTo(_kept.AsSpan(_length));
        _length = length;
    }

    /// <summary>The platform's, with what was kept until it was needed.</summary>
    private IncrementalHash Platforms()
    {
        if (_platform is not null) return _platform;
        _allowance.End();
        _platform = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        _platform.AppendData(_kept, 0, _length);
        (_kept, _length) = ([], 0);
        return _platform;
    }

    /// <summary>How many bytes are still to be hashed without the platform's code; safe from several threads.</summary>
    internal sealed class Allowance(long length)
    {
        /// <summary>The bytes that the process begins with.</summary>
        /// <remarks>For 512 KiB <see cref="Sha256Words"/> takes about as long as loading OpenSSL does: a process that comes to load it
        /// all the same has lost a quarter of that; see bench/results/Intel-Xeon/start-up.md.</remarks>
        public const int Length = 128 << 10;

        private long _left = length;

        public static Allowance OfProcess { get; } = new(Length);

        public long Left => Volatile.Read(ref _left);

        /// <summary>Takes so many bytes where they are left.</summary>
        public bool Take(int count)
        {
            long left = Left;
            for (long seen; left >= count; left = seen)
                if ((seen = Interlocked.CompareExchange(ref _left, left - count, left)) == left) return true;
            End();
            return false;
        }

        /// <summary>Leaves nothing: the platform's code is loaded now.</summary>
        public void End() => Volatile.Write(ref _left, -1);
    }
}
