using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Training;

/// <summary>Which values of a checkpoint learn; it takes the fingerprints of these and of all others.</summary>
/// <remarks>
/// A fingerprint is SHA-256 over each tensor in the order of names: a line with its name, type and shape, then its bytes; of a ticket's
/// matrix the line ends with <c>rows</c> or <c>other rows</c>, and the bytes are those of the ticket's rows or of all others.
/// </remarks>
internal sealed class LearnedPart
{
    private const int ChunkLength = 1 << 20;

    private readonly HashSet<string> _names;
    private readonly IReadOnlyList<int> _rows;

    /// <param name="weights">The weights, whose scope is decided.</param>
    /// <param name="checkpoint">Their checkpoint, which may name the tied embedding a second time.</param>
    public LearnedPart(LlamaWeights weights, Checkpoint checkpoint)
    {
        _names = [.. weights.Changing.Select(w => w.Name)];
        _rows = weights.Scope!.Rows;
        if (_rows.Count == 0 && SecondName(weights, checkpoint) is { } name) _names.Add(name);
    }

    /// <summary>The name under which a checkpoint holds a tied embedding once more, or null.</summary>
    public static string? SecondName(LlamaWeights weights, Checkpoint checkpoint) =>
        weights.Config.IsTied && checkpoint.TryGetTensor(LlamaWeights.HeadName, out Tensor? head) ? head.Name : null;

    /// <summary>Whether nothing is frozen.</summary>
    public bool IsAll(Checkpoint checkpoint) => _rows.Count == 0 && checkpoint.Tensors.All(t => _names.Contains(t.Name));

    /// <summary>Whether a whole tensor learns.</summary>
    public bool Contains(string name) => _rows.Count == 0 && _names.Contains(name);

    /// <summary>The fingerprint of all that learns.</summary>
    public string FingerprintOfLearned(Checkpoint checkpoint, CancellationToken cancellationToken) =>
        Take(checkpoint, isLearned: true, cancellationToken);

    /// <summary>The fingerprint of all that does not learn.</summary>
    public string FingerprintOfFrozen(Checkpoint checkpoint, CancellationToken cancellationToken) =>
        Take(checkpoint, isLearned: false, cancellationToken);

    private string Take(Checkpoint checkpoint, bool isLearned, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Tensor tensor in checkpoint.Tensors.OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            bool isMixed = _rows.Count > 0 && _names.Contains(tensor.Name);
            if (!isMixed && _names.Contains(tensor.Name) != isLearned) continue;
            string rows = !isMixed ? "" : isLearned ? " rows" : " other rows";
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $"{tensor.Name} {tensor.DtypeName} [{string.Join(',', tensor.Shape)}]{rows}\n")));
            foreach ((long start, long end) in isMixed ? Ranges(tensor, isLearned) : [(0, tensor.ByteLength)])
                Append(hash, tensor, start, end, cancellationToken);
        }
        return Fingerprint.Finish(hash);
    }

    /// <summary>The bytes of the ticket's rows, or those between them.</summary>
    private IEnumerable<(long Start, long End)> Ranges(Tensor tensor, bool isLearned)
    {
        long length = tensor.Shape[1] * tensor.ElementType.ByteSize(), after = 0;
        foreach (int row in _rows)
        {
            yield return isLearned ? (row * length, (row + 1) * length) : (after, row * length);
            after = (row + 1) * length;
        }
        if (!isLearned) yield return (after, tensor.ByteLength);
    }

    private static void Append(IncrementalHash hash, Tensor tensor, long start, long end, CancellationToken cancellationToken)
    {
        byte[] buffer = tensor.IsMapped ? [] : new byte[Math.Min(ChunkLength, end - start)];
        for (; start < end; start += ChunkLength)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int length = (int)Math.Min(ChunkLength, end - start);
            hash.AppendData(tensor.GetBytes(start, length, buffer));
            tensor.DontNeed(start, length);
        }
    }
}
