using System.Buffers.Binary;
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Models;

/// <summary>The losses of sequences that nothing which learns has a part in: they are the same in every epoch.</summary>
/// <remarks>Sequences are told apart by the SHA-256 of their tokens and targets. So many losses at most are kept, 4 bytes each and some
/// hundred a sequence; what comes later is computed anew each time.</remarks>
/// <param name="capacity">The most losses.</param>
internal sealed class FrozenLosses(long capacity)
{
    private readonly Dictionary<UInt128, float[]> _known = [];
    private long _count;

    /// <summary>The losses of a sequence's targets in their order; null where they are not known.</summary>
    public float[]? Find(TokenBatch batch, int sequence) => _known.GetValueOrDefault(KeyOf(batch, sequence));

    /// <summary>Keeps the losses of a sequence's targets.</summary>
    public void Add(TokenBatch batch, int sequence, float[] losses)
    {
        if (losses.Length > capacity - _count) return;
        _known[KeyOf(batch, sequence)] = losses;
        _count += losses.Length;
    }

    private static UInt128 KeyOf(TokenBatch batch, int sequence)
    {
        int start = batch.Starts[sequence], length = batch.Starts[sequence + 1] - start;
        using ContentHash hash = new();
        hash.AppendData(MemoryMarshal.AsBytes(batch.Tokens.AsSpan(start, length)));
        hash.AppendData(MemoryMarshal.AsBytes(batch.Targets.AsSpan(start, length)));
        return BinaryPrimitives.ReadUInt128LittleEndian(hash.GetHashAndReset());
    }
}
