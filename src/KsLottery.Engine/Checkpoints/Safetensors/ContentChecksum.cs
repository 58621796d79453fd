using System.Globalization;
using System.Text;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Checkpoints;

/// <summary>The checksum of a safetensors file of ours: SHA-256 over all that it says, however the file is laid out.</summary>
/// <remarks>
/// First the metadata but for <c>checksum</c> itself, by ascending key, then the tensors by ascending name, both as UTF-16: for each of
/// the former <c>key=value</c>, of the latter <c>name TYPE [shape]</c>, in UTF-8, with a zero byte behind them, and behind the latter the
/// tensor's bytes.
/// </remarks>
internal static class ContentChecksum
{
    public const string Key = "checksum";

    private const int BufferLength = 1 << 16;

    /// <summary>Computes the checksum; tensors are asked for their bytes once.</summary>
    public static string Of(IReadOnlyDictionary<string, string> metadata, IEnumerable<TensorSource> tensors,
        CancellationToken cancellationToken)
    {
        using ContentHash hash = new();
        using (HashingStream hashing = new(hash))
        using (BufferedStream stream = new(hashing, BufferLength))
        {
            foreach ((string key, string value) in metadata.OrderBy(m => m.Key, StringComparer.Ordinal))
                if (key != Key) stream.Write(Encoding.UTF8.GetBytes($"{key}={value}\0"));
            foreach (TensorSource tensor in tensors.OrderBy(t => t.Name, StringComparer.Ordinal))
            {
                cancellationToken.ThrowIfCancellationRequested();
                stream.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
                    $"{tensor.Name} {tensor.ElementType.ToName()} [{string.Join(',', tensor.Shape)}]\0")));
                tensor.WriteTo(stream);
            }
        }
        return $"sha256:{Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }

    /// <summary>Compares the checksum of a file with its content.</summary>
    /// <param name="file">The file.</param>
    /// <param name="what">What it is, for the next step: patch, part.</param>
    /// <param name="ignores">Whether one that is wrong is only remarked.</param>
    /// <param name="cancellationToken">Stops between tensors.</param>
    /// <returns>What there is to say of it, a sentence; null where it is there and right.</returns>
    /// <exception cref="CheckpointFormatException">It is wrong.</exception>
    public static string? Check(SafetensorsFile file, string what, bool ignores, CancellationToken cancellationToken = default)
    {
        if (!file.Metadata.TryGetValue(Key, out string? stored))
            return $"{file.Path} has no checksum: damage in its values would not show.";
        string actual = Of(file.Metadata, file.Tensors.Select(TensorSource.FromTensor), cancellationToken);
        if (actual == stored) return null;
        string problem = $"the checksum is {CheckpointFormatException.Quote(stored)}, that of the content is {actual}: the file was "
            + "changed or damaged since it was written";
        return ignores ? $"{file.Path}: {problem}. It was ignored, as asked."
            : throw new CheckpointFormatException(CheckpointDefect.WrongChecksum, file.Path, problem,
                $"Copy or write the {what} again; {Remedy.IgnoreChecksum} to read it all the same");
    }
}
