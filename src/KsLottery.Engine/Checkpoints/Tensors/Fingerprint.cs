using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Checkpoints;

/// <summary>SHA-256 fingerprints by which a tensor or a file is known again.</summary>
public static class Fingerprint
{
    private const string Prefix = "sha256:";
    private const int ChunkLength = 1 << 20;

    /// <summary>Computes the fingerprint of a tensor, which does not depend on its file, name or place.</summary>
    /// <returns>
    /// <c>sha256:</c> and 64 hexadecimal digits, over a line of text, such as <c>BF16 [32000,4096]</c> with a newline, and the bytes.
    /// </returns>
    /// <exception cref="CheckpointFormatException">The file became shorter.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static string OfTensor(Tensor tensor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        using IncrementalHash hash = Begin(tensor.ElementType, tensor.Shape);
        tensor.VisitBytes(hash, static (chunk, hash) => hash.AppendData(chunk), cancellationToken);
        return Finish(hash);
    }

    /// <summary>Computes the fingerprint of a file's content, as <c>sha256sum</c> does.</summary>
    /// <returns><c>sha256:</c> and 64 hexadecimal digits.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static string OfFile(string path, CancellationToken cancellationToken = default)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        byte[] buffer = new byte[ChunkLength];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
        }
        return Finish(hash);
    }

    /// <summary>Begins the fingerprint of a tensor, whose bytes the caller appends.</summary>
    internal static IncrementalHash Begin(ElementType type, IReadOnlyList<long> shape)
    {
        IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII
            .GetBytes(string.Create(CultureInfo.InvariantCulture, $"{type.ToName()} [{string.Join(',', shape)}]\n")));
        return hash;
    }

    /// <summary>The fingerprint of what was appended.</summary>
    internal static string Finish(IncrementalHash hash) => Prefix + Convert.ToHexStringLower(hash.GetHashAndReset());
}
