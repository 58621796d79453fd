using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Devices;

/// <summary>Keeps compiled kernels on disk, one file each. Whatever is wrong with a file or the folder, the kernel is compiled again and
/// nothing fails.</summary>
/// <remarks>
/// A file is <c>KEY.bin</c>: the mark, the key, the SHA-256 of what follows, and the driver's binary. It is written under a temporary name
/// and renamed, so that several processes may share the folder. Where all of them take more than the bound, the oldest are deleted.
/// </remarks>
/// <param name="folder">The cache's folder, see <see cref="CacheFolder"/>; null keeps nothing.</param>
/// <param name="maximumBytes">The bound of all files together.</param>
internal sealed class ProgramCache(string? folder, long maximumBytes = 256L << 20)
{
    private const int KeyBytes = SHA256.HashSizeInBytes;

    private readonly string? _programs = folder is null ? null : Path.Combine(folder, "programs");

    private static ReadOnlySpan<byte> Mark => "KSLPROG1"u8;

    private static int HeadBytes => Mark.Length + KeyBytes + SHA256.HashSizeInBytes;

    /// <summary>The files that are kept.</summary>
    public IReadOnlyList<FileInfo> Files
    {
        get
        {
            try
            {
                return _programs is not null && Directory.Exists(_programs) ? new DirectoryInfo(_programs).GetFiles("*.bin") : [];
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return [];
            }
        }
    }

    /// <summary>The key of everything that a binary depends on: the text, the options, the device, the versions of its driver and
    /// platform.</summary>
    public static string KeyOf(params ReadOnlySpan<string> parts)
    {
        using ContentHash hash = new();
        hash.AppendData(Mark);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (string part in parts)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Finds a binary.</summary>
    /// <returns>It; null where there is none that is whole.</returns>
    public byte[]? Find(string key)
    {
        if (_programs is null) return null;
        byte[] file;
        try
        {
            string path = PathOf(key);
            if (!File.Exists(path)) return null;
            file = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        ReadOnlySpan<byte> rest = file;
        if (file.Length <= HeadBytes || !rest.StartsWith(Mark)) return null;
        rest = rest[Mark.Length..];
        if (!rest[..KeyBytes].SequenceEqual(Convert.FromHexString(key))) return null;
        rest = rest[KeyBytes..];
        ReadOnlySpan<byte> binary = rest[SHA256.HashSizeInBytes..];
        return ContentHash.Of(binary).AsSpan().SequenceEqual(rest[..SHA256.HashSizeInBytes]) ? binary.ToArray() : null;
    }

    /// <summary>Keeps a binary, in place of one of the same key.</summary>
    /// <returns>Null where it is kept, or why it is not, without a final full stop.</returns>
    public string? Keep(string key, byte[] binary)
    {
        if (_programs is null) return $"{CacheFolder.Variable} is off";
        if (binary.Length == 0) return "the driver gives no binary";
        try
        {
            CacheFolder.Create(_programs);
            AtomicFile.Write(PathOf(key), stream =>
            {
                stream.Write(Mark);
                stream.Write(Convert.FromHexString(key));
                stream.Write(ContentHash.Of(binary));
                stream.Write(binary);
            });
            Trim();
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }

    private string PathOf(string key) => Path.Combine(_programs!, $"{key}.bin");

    private void Trim()
    {
        long total = 0;
        foreach (FileInfo file in Files.OrderByDescending(f => f.LastWriteTimeUtc))
        {
            total += file.Length;
            if (total > maximumBytes) file.Delete();
        }
    }
}
