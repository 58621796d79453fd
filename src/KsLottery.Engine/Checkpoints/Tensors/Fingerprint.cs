using System.Globalization;
using System.Text;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Checkpoints;

/// <summary>How a tensor's fingerprint is made of its bytes.</summary>
public enum FingerprintKind
{
    /// <summary><c>sha256:</c>, one stream over all bytes.</summary>
    Stream,

    /// <summary><c>sha256-tree:</c>, over the SHA-256 of each block of 1 MiB, which threads and processes take side by side.</summary>
    Tree,
}

/// <summary>SHA-256 fingerprints by which a tensor or a file is known again.</summary>
/// <remarks>The kind of a stored one says how it is compared, see <see cref="KindOf"/>; docs/fingerprints.md has both with an
/// example.</remarks>
public static class Fingerprint
{
    internal const string TreePrefix = "sha256-tree:";

    private const string Prefix = "sha256:";
    private const int Digits = 64;
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
        using ContentHash hash = Begin(tensor.ElementType, tensor.Shape);
        tensor.VisitBytes(hash, static (chunk, hash) => hash.AppendData(chunk), cancellationToken);
        return Finish(hash);
    }

    /// <summary>Computes the fingerprint of a tensor of either kind.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="kind">Which kind.</param>
    /// <param name="cancellationToken">Stops within the tensor.</param>
    /// <returns>
    /// As <see cref="OfTensor(Tensor, CancellationToken)"/>, or <c>sha256-tree:</c> and 64 hexadecimal digits: SHA-256 over a line of text,
    /// such as <c>BF16 [32000,4096] 1048576</c> with a newline, and the SHA-256 of each block of 1,048,576 bytes, the last of what is left.
    /// </returns>
    /// <exception cref="CheckpointFormatException">The file became shorter.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static string OfTensor(Tensor tensor, FingerprintKind kind, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (kind == FingerprintKind.Stream) return OfTensor(tensor, cancellationToken);
        FingerprintBlocks blocks = FingerprintBlocks.Of(tensor);
        blocks.TakeMissing(0, tensor.ByteLength, threads: 0, cancellationToken);
        return blocks.Root();
    }

    /// <summary>The kind of a tensor's fingerprint, by what it begins with: what is compared with it must be of the same.</summary>
    public static FingerprintKind KindOf(string fingerprint)
    {
        ArgumentNullException.ThrowIfNull(fingerprint);
        return fingerprint.StartsWith(TreePrefix, StringComparison.Ordinal) ? FingerprintKind.Tree : FingerprintKind.Stream;
    }

    /// <summary>Whether a text is a fingerprint of either kind: what it begins with, and 64 lower-case hexadecimal digits.</summary>
    internal static bool IsWellFormed(string text)
    {
        string prefix = KindOf(text) == FingerprintKind.Tree ? TreePrefix : Prefix;
        return text.StartsWith(prefix, StringComparison.Ordinal) && text.Length == prefix.Length + Digits
            && text.Skip(prefix.Length).All(char.IsAsciiHexDigitLower);
    }

    /// <summary>Computes the fingerprint of a file's content, as <c>sha256sum</c> does.</summary>
    /// <returns><c>sha256:</c> and 64 hexadecimal digits.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static string OfFile(string path, CancellationToken cancellationToken = default)
    {
        using ContentHash hash = new();
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        byte[] buffer = new byte[ChunkLength];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(buffer.AsSpan(0, read));
        }
        return Finish(hash);
    }

    /// <summary>The fingerprint of some lines of text, each with its newline, in UTF-8.</summary>
    internal static string OfLines(IEnumerable<string> lines)
    {
        using ContentHash hash = new();
        foreach (string line in lines) hash.AppendData(Encoding.UTF8.GetBytes(line + "\n"));
        return Finish(hash);
    }

    /// <summary>Begins the fingerprint of a tensor, whose bytes the caller appends.</summary>
    internal static ContentHash Begin(ElementType type, IReadOnlyList<long> shape)
    {
        ContentHash hash = new();
        hash.AppendData(Encoding.ASCII
            .GetBytes(string.Create(CultureInfo.InvariantCulture, $"{type.ToName()} [{string.Join(',', shape)}]\n")));
        return hash;
    }

    /// <summary>The fingerprint of what was appended.</summary>
    internal static string Finish(ContentHash hash) => Prefix + Convert.ToHexStringLower(hash.GetHashAndReset());
}
