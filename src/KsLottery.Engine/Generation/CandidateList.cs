using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Generation;

/// <summary>The best few of all tokens that may continue some beams, best first, found without sorting the vocabulary.</summary>
/// <param name="capacity">How many to keep.</param>
internal sealed class CandidateList(int capacity)
{
    private const int Block = 16;

    private readonly Candidate[] _items = new Candidate[capacity];
    private int _count;

    /// <summary>The candidates in the order of <see cref="Candidate.CompareTo"/>; those of probability 0 are none.</summary>
    public ReadOnlySpan<Candidate> Items => _items.AsSpan(0, _count);

    public void Clear() => _count = 0;

    /// <summary>Offers every token as the next of a beam, with the score of its logit plus an offset. Beams come in rising order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Offer(int beam, double offset, ReadOnlySpan<float> logits)
    {
        ref float x = ref MemoryMarshal.GetReference(logits);
        float limit = Limit(offset);
        int i = 0;
        for (; i <= logits.Length - Block; i += Block)
        {
            if (!Vector512.GreaterThanAny(Vector512.LoadUnsafe(ref x, (nuint)i), Vector512.Create(limit))) continue;
            for (int j = i; j < i + Block; j++)
                if (logits[j] > limit) Insert(new(offset + logits[j], beam, j));
            limit = Limit(offset);
        }
        for (; i < logits.Length; i++)
            if (logits[i] > limit) Insert(new(offset + logits[i], beam, i));
    }

    /// <summary>A logit that is too small, as all below it are; the next one up may be so too.</summary>
    private float Limit(double offset) =>
        _count < capacity ? float.NegativeInfinity : MathF.BitDecrement((float)(_items[^1].Score - offset));

    private void Insert(Candidate candidate)
    {
        // Among equals the earlier offer stays ahead: it has the lower beam or token.
        int at = _count;
        while (at > 0 && _items[at - 1].Score < candidate.Score) at--;
        if (at == capacity) return;
        if (_count < capacity) _count++;
        _items.AsSpan(at, _count - at - 1).CopyTo(_items.AsSpan(at + 1));
        _items[at] = candidate;
    }
}

/// <summary>A token that may come next, and how good that would be.</summary>
/// <param name="Score">The weight of the token, or the log probability of the sequence that it makes.</param>
/// <param name="Beam">The beam that it continues.</param>
/// <param name="Token">The token.</param>
internal readonly record struct Candidate(double Score, int Beam, int Token) : IComparable<Candidate>
{
    /// <summary>Best first; of equals that of the lower beam, then the lower token.</summary>
    public int CompareTo(Candidate other) =>
        other.Score.CompareTo(Score) is var score and not 0 ? score
        : Beam.CompareTo(other.Beam) is var beam and not 0 ? beam
        : Token.CompareTo(other.Token);
}

/// <summary>A sequence's last token and the sequence before it, which others may share; null is the empty sequence.</summary>
internal sealed record TokenPath(TokenPath? Before, int Token)
{
    private readonly int _length = (Before?._length ?? 0) + 1;

    /// <summary>The tokens, first to last.</summary>
    public static int[] ToArray(TokenPath? path)
    {
        int[] tokens = new int[path?._length ?? 0];
        for (int i = tokens.Length - 1; i >= 0; i--, path = path.Before) tokens[i] = path!.Token;
        return tokens;
    }
}
