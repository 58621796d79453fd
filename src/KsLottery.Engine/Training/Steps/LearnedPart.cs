using System.Runtime.InteropServices;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Training;

/// <summary>Which values of a checkpoint learn; it takes the fingerprints of these and of all others.</summary>
/// <remarks>
/// A fingerprint is SHA-256 over each tensor in the order of names: a line with its name, type and shape, then its bytes; of a ticket's
/// matrix the line ends with <c>rows</c> or <c>other rows</c>, and the bytes are those of the ticket's rows or of all others. Of a tensor
/// of which a mask's values learn the line has no type and ends with <c>values</c> or <c>other values</c>; these follow as F32, so that
/// the weights that learned can be held against the base.
/// </remarks>
internal sealed class LearnedPart
{
    private const int ChunkLength = 1 << 20, WindowLength = 1 << 16;

    /// <summary>Reads values of a tensor from a start on.</summary>
    private delegate void ReadValues(Tensor tensor, long start, Span<float> values);

    /// <summary>What learns: elements of a tensor, or all of it where they are null.</summary>
    private readonly Dictionary<string, IndexSet?> _parts = [];
    private readonly bool _isMask;

    /// <param name="weights">The weights, whose scope is decided.</param>
    /// <param name="checkpoint">Their checkpoint, which may name the tied embedding a second time.</param>
    public LearnedPart(LlamaWeights weights, Checkpoint checkpoint)
    {
        _isMask = weights is { Ticket: null, Scope.Units: not null };
        foreach (Weight weight in weights.Changing) _parts[weight.Name] = weight.Runs?.Elements;
        if (weights.Ticket is { } ticket)
            _parts[ticket.Weight.Name] = TensorMask.OfRows(ticket.Weight.Name, weights.Config.Width, ticket.Rows).ToElements().Units;
        else if (SecondName(weights, checkpoint) is { } name && (!_isMask || weights.TokenEmbedding.Learns))
            _parts[name] = weights.TokenEmbedding.Runs?.Elements;
    }

    /// <summary>The name under which a checkpoint holds a tied embedding once more, or null.</summary>
    public static string? SecondName(LlamaWeights weights, Checkpoint checkpoint) =>
        weights.Config.IsTied && checkpoint.TryGetTensor(LlamaWeights.HeadName, out Tensor? head) ? head.Name : null;

    /// <summary>Whether nothing is frozen.</summary>
    public bool IsAll(Checkpoint checkpoint) => checkpoint.Tensors.All(t => _parts.TryGetValue(t.Name, out IndexSet? part) && part is null);

    /// <summary>Whether a whole tensor learns.</summary>
    public bool Contains(string name) => _parts.TryGetValue(name, out IndexSet? part) && part is null;

    /// <summary>The fingerprint of all that learns.</summary>
    public string FingerprintOfLearned(Checkpoint checkpoint, CancellationToken cancellationToken) =>
        Take(checkpoint, isLearned: true, cancellationToken);

    /// <summary>The fingerprint of all that does not learn.</summary>
    public string FingerprintOfFrozen(Checkpoint checkpoint, CancellationToken cancellationToken) =>
        Take(checkpoint, isLearned: false, cancellationToken);

    /// <summary>The same fingerprint with the weights in memory in place of the base's tensors, where a mask's values learn: equal where
    /// nothing else changed.</summary>
    public string FingerprintOfFrozen(Checkpoint checkpoint, LlamaWeights weights, IOperations operations,
        CancellationToken cancellationToken) => Take(checkpoint, isLearned: false, cancellationToken, (tensor, start, values) =>
            operations.Download(values, (weights.Changing.FirstOrDefault(w => w.Name == tensor.Name) ?? weights.TokenEmbedding)
                .Value.Slice(start, values.Length)));

    private string Take(Checkpoint checkpoint, bool isLearned, CancellationToken cancellationToken, ReadValues? read = null)
    {
        using ContentHash hash = new();
        foreach (Tensor tensor in checkpoint.Tensors.OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            bool isNamed = _parts.TryGetValue(tensor.Name, out IndexSet? part);
            if (part is null && isNamed != isLearned) continue;
            string type = part is not null && _isMask ? "" : $" {tensor.DtypeName}", suffix = part is null ? ""
                : $" {(isLearned ? "" : "other ")}{(_isMask ? "values" : "rows")}";
            AppendLine(hash, $"{tensor.Name}{type} [{string.Join(',', tensor.Shape)}]{suffix}");
            if (part is not null && _isMask) AppendValues(hash, tensor, part, isLearned, read, cancellationToken);
            else AppendBytes(hash, tensor, part is null ? [new(0, tensor.ElementCount)] : isLearned ? part.Runs : Between(part),
                cancellationToken);
        }
        return Fingerprint.Finish(hash);
    }

    /// <summary>The gaps between runs.</summary>
    private static IEnumerable<IndexRun> Between(IndexSet part)
    {
        long after = 0;
        foreach (IndexRun run in part.Runs)
        {
            yield return new(after, run.Start - after);
            after = run.End;
        }
        yield return new(after, part.Length - after);
    }

    private static void AppendLine(ContentHash hash, string line) => hash.AppendData(Encoding.UTF8.GetBytes(line + "\n"));

    private static void AppendBytes(ContentHash hash, Tensor tensor, IEnumerable<IndexRun> runs, CancellationToken cancellationToken)
    {
        byte[] buffer = tensor.IsMapped ? [] : new byte[ChunkLength];
        int size = tensor.ElementType.ByteSize();
        foreach (IndexRun run in runs)
            for (long start = run.Start * size, end = run.End * size; start < end; start += ChunkLength)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int length = (int)Math.Min(ChunkLength, end - start);
                hash.AppendData(tensor.GetBytes(start, length, buffer));
                tensor.DontNeed(start, length);
            }
    }

    /// <summary>Appends the values of a part, or all others, by windows: single elements make too many runs.</summary>
    private static void AppendValues(ContentHash hash, Tensor tensor, IndexSet part, bool isLearned, ReadValues? read,
        CancellationToken cancellationToken)
    {
        using StoredMemory? stored = read is null ? new(tensor) : null;
        float[] window = new float[WindowLength], chosen = new float[WindowLength];
        int[] inside = new int[WindowLength], outside = new int[WindowLength];
        IndexSet.Enumerator members = part.GetEnumerator();
        for (long start = 0; start < tensor.ElementCount; start += WindowLength)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int length = (int)Math.Min(WindowLength, tensor.ElementCount - start), count = members.Read(start + length, start, inside);
            ReadOnlySpan<int> places = inside.AsSpan(0, count);
            if (!isLearned) places = outside.AsSpan(0, MaskPlaces.Around(places, length, outside));
            if (places.IsEmpty) continue;
            Span<float> values = window.AsSpan(0, length);
            if (stored is null) read!(tensor, start, values);
            else stored.Widen(start, values);
            Span<byte> bytes = MemoryMarshal.AsBytes(chosen.AsSpan(0, places.Length));
            Elements.Gather(MemoryMarshal.AsBytes(values), places, bytes);
            hash.AppendData(bytes);
        }
    }
}
