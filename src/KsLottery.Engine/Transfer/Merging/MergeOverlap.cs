using System.Collections.Concurrent;
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
    private readonly ulong[] _opposed = new ulong[PatchChanges.MaxCount / 64];
    private long _union, _several, _conflicts;

    /// <summary>Counts a window.</summary>
    /// <param name="changes">The patches that reach the tensor.</param>
    /// <param name="numbers">Their numbers among all.</param>
    public void Add(PatchChanges[] changes, int[] numbers)
    {
        int elements = 0, shared = 0, conflicting = 0;
        Array.Clear(_opposed);
        for (int i = 0; i < changes.Length; i++)
        {
            elements += changes[i].Count;
            _elements[numbers[i]] += changes[i].Count;
            for (int j = 0; j < i; j++)
            {
                (shared, conflicting) = changes[j].Signs.Compare(changes[i].Signs, _opposed);
                _shared[numbers[j], numbers[i]] += shared;
                _conflicting[numbers[j], numbers[i]] += conflicting;
            }
        }
        if (changes.Length > 2) CountWords(changes);
        else (_union, _several, _conflicts) = (_union + elements - shared, _several + shared, _conflicts + conflicting);
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CountWords(PatchChanges[] changes)
    {
        ulong[][] bits = [.. changes.Select(c => c.Has)];
        for (int word = 0; word < _opposed.Length; word++)
        {
            ulong union = 0, several = 0;
            foreach (ulong[] one in bits)
            {
                several |= union & one[word];
                union |= one[word];
            }
            _union += BitOperations.PopCount(union);
            _several += BitOperations.PopCount(several);
            _conflicts += BitOperations.PopCount(_opposed[word]);
        }
    }
}

/// <summary>Counts of several threads, each of which takes a counter, and gives it back.</summary>
internal sealed class OverlapTally(int patchCount)
{
    private readonly ConcurrentBag<OverlapCounter> _idle = [];

    public OverlapCounter Take() => _idle.TryTake(out OverlapCounter? counter) ? counter : new(patchCount);

    public void Return(OverlapCounter counter) => _idle.Add(counter);

    /// <summary>What all counted that were given back.</summary>
    public MergeOverlap ToOverlap()
    {
        OverlapCounter sum = new(patchCount);
        foreach (OverlapCounter one in _idle) sum.Add(one);
        return sum.ToOverlap();
    }
}
