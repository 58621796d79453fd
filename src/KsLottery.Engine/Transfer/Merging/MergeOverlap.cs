using System.Numerics;
using System.Runtime.CompilerServices;

namespace KsLottery.Engine.Transfer;

/// <summary>How the changes of patches that are merged lie over each other.</summary>
public sealed record MergeOverlap
{
    /// <summary>How many elements each patch changes, after trimming.</summary>
    public required IReadOnlyList<long> Elements { get; init; }

    /// <summary>Elements that any patch changes.</summary>
    public required long Union { get; init; }

    /// <summary>Elements that two patches or more change.</summary>
    public required long Shared { get; init; }

    /// <summary>Elements that one patch increases and another decreases.</summary>
    public required long Conflicting { get; init; }

    /// <summary>Every two of the patches.</summary>
    public required IReadOnlyList<PatchPairOverlap> Pairs { get; init; }
}

/// <summary>How the changes of two patches lie over each other.</summary>
/// <param name="First">The number of one, from 0.</param>
/// <param name="Second">The number of the other.</param>
/// <param name="Shared">Elements that both change.</param>
/// <param name="Conflicting">Of these, those that one increases and the other decreases.</param>
/// <param name="Jaccard">|A ∩ B| / |A ∪ B|; NaN where both are empty.</param>
public sealed record PatchPairOverlap(int First, int Second, long Shared, long Conflicting, double Jaccard);

/// <summary>Counts <see cref="MergeOverlap"/> window by window.</summary>
internal sealed class OverlapCounter(int patchCount)
{
    private readonly long[] _elements = new long[patchCount];
    private readonly long[,] _shared = new long[patchCount, patchCount], _conflicting = new long[patchCount, patchCount];
    private long _union, _several, _conflicts;

    /// <summary>Counts a window.</summary>
    /// <param name="changes">The patches that reach the tensor.</param>
    /// <param name="numbers">Their numbers among all.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(PatchChanges[] changes, int[] numbers)
    {
        Span<int> ranks = stackalloc int[changes.Length];
        ranks.Clear();
        for (int word = 0; word < PatchChanges.MaxCount / 64; word++)
        {
            ulong union = 0, several = 0, conflicts = 0;
            for (int i = 0; i < changes.Length; i++)
            {
                ulong has = changes[i].Has[word];
                _elements[numbers[i]] += BitOperations.PopCount(has);
                several |= union & has;
                union |= has;
                for (int j = 0; j < i; j++)
                    conflicts |= AddPair((changes[j], numbers[j], ranks[j]), (changes[i], numbers[i], ranks[i]), word);
            }
            for (int i = 0; i < changes.Length; i++) ranks[i] += BitOperations.PopCount(changes[i].Has[word]);
            _union += BitOperations.PopCount(union);
            _several += BitOperations.PopCount(several);
            _conflicts += BitOperations.PopCount(conflicts);
        }
    }

    /// <summary>Adds what another thread counted.</summary>
    public void Add(OverlapCounter other)
    {
        (_union, _several, _conflicts) = (_union + other._union, _several + other._several, _conflicts + other._conflicts);
        for (int i = 0; i < patchCount; i++)
        {
            _elements[i] += other._elements[i];
            for (int j = 0; j < patchCount; j++)
                (_shared[i, j], _conflicting[i, j]) = (_shared[i, j] + other._shared[i, j], _conflicting[i, j] + other._conflicting[i, j]);
        }
    }

    public MergeOverlap ToOverlap() => new()
    {
        Elements = _elements,
        Union = _union,
        Shared = _several,
        Conflicting = _conflicts,
        Pairs = [.. from i in Enumerable.Range(0, patchCount) from j in Enumerable.Range(i + 1, patchCount - i - 1)
            select new PatchPairOverlap(i, j, _shared[i, j], _conflicting[i, j],
                (double)_shared[i, j] / (_elements[i] + _elements[j] - _shared[i, j]))],
    };

    /// <summary>Counts a word of the bits of two patches, of whose changes so many lie before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ulong AddPair((PatchChanges Changes, int Number, int Rank) a, (PatchChanges Changes, int Number, int Rank) b, int word)
    {
        ulong hasA = a.Changes.Has[word], hasB = b.Changes.Has[word], both = hasA & hasB, conflicts = 0;
        ReadOnlySpan<float> changesOfA = a.Changes.Changes, changesOfB = b.Changes.Changes;
        for (ulong bits = both; bits != 0; bits &= bits - 1)
        {
            ulong bit = bits & (0 - bits), below = bit - 1;
            if (MergeArithmetic.AreOpposed(changesOfA[a.Rank + BitOperations.PopCount(hasA & below)],
                changesOfB[b.Rank + BitOperations.PopCount(hasB & below)])) conflicts |= bit;
        }
        _shared[a.Number, b.Number] += BitOperations.PopCount(both);
        _conflicting[a.Number, b.Number] += BitOperations.PopCount(conflicts);
        return conflicts;
    }
}
