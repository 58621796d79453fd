using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>The checksum of a patch: SHA-256 over all that it says, however its file is laid out.</summary>
/// <remarks>
/// First the metadata but for <c>checksum</c> itself, by ascending key, then the tensors by ascending name, both as UTF-16: for each of
/// the former <c>key=value</c>, of the latter <c>name TYPE [shape]</c>, in UTF-8, with a zero byte behind them, and behind the latter the
/// tensor's bytes.
/// </remarks>
internal static class PatchChecksum
{
    public const string Key = "checksum";

    private const int BufferLength = 1 << 16;

    /// <summary>Computes the checksum; tensors are asked for their bytes once.</summary>
    public static string Of(IReadOnlyDictionary<string, string> metadata, IEnumerable<TensorSource> tensors,
        CancellationToken cancellationToken)
    {
        using SHA256 hash = SHA256.Create();
        using (CryptoStream hashing = new(Stream.Null, hash, CryptoStreamMode.Write))
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
        return $"sha256:{Convert.ToHexStringLower(hash.Hash!)}";
    }
}
