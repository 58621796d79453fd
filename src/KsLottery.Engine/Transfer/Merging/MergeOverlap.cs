using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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
    // What stands behind the last of a window is written over: of most words at most so many bits are shared.
    private const int SharedWrites = 2;

    private readonly long[] _elements = new long[patchCount];
    private readonly long[,] _shared = new long[patchCount, patchCount], _conflicting = new long[patchCount, patchCount];
    private readonly ulong[] _opposed = new ulong[PatchChanges.MaxCount / 64];
    private readonly SharedElement[] _both = new SharedElement[PatchChanges.MaxCount + SharedWrites];
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
            elements += changes[i].Changes.Length;
            _elements[numbers[i]] += changes[i].Changes.Length;
            for (int j = 0; j < i; j++)
            {
                shared = FindShared(changes[j].Has, changes[i].Has, _both);
                conflicting = FindOpposed(changes[j].Changes, changes[i].Changes, _both.AsSpan(0, shared), _opposed);
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

    /// <summary>Finds the elements of a window that two patches change; returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FindShared(ulong[] ofA, ulong[] ofB, SharedElement[] found)
    {
        ref SharedElement all = ref MemoryMarshal.GetArrayDataReference(found);
        int count = 0, rankA = 0, rankB = 0;
        for (int word = 0; word < ofA.Length; word++)
        {
            ulong a = ofA[word], b = ofB[word], both = a & b;
            ref SharedElement next = ref Unsafe.Add(ref all, count);
            count += BitOperations.PopCount(both);
            next = SharedElement.At(word, both, (a, rankA), (b, rankB));
            both &= both - 1;
            Unsafe.Add(ref next, 1) = SharedElement.At(word, both, (a, rankA), (b, rankB));
            both &= both - 1;
            for (int written = SharedWrites; both != 0; both &= both - 1)
                Unsafe.Add(ref next, written++) = SharedElement.At(word, both, (a, rankA), (b, rankB));
            rankA += BitOperations.PopCount(a);
            rankB += BitOperations.PopCount(b);
        }
        return count;
    }

    /// <summary>Counts those that one patch increases and the other decreases, and sets their bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FindOpposed(ReadOnlySpan<float> changesOfA, ReadOnlySpan<float> changesOfB, ReadOnlySpan<SharedElement> shared,
        ulong[] opposed)
    {
        int count = 0;
        foreach (SharedElement one in shared)
        {
            ulong isOpposed = MergeArithmetic.AreOpposed(changesOfA[one.RankA], changesOfB[one.RankB]) ? 1ul : 0;
            opposed[one.Place >> 6] |= isOpposed << one.Place;
            count += (int)isOpposed;
        }
        return count;
    }

    /// <summary>An element that two patches change, and how many each changes before it.</summary>
    private readonly record struct SharedElement(int Place, int RankA, int RankB)
    {
        /// <summary>The lowest of some bits of a word; anything where there is none.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static SharedElement At(int word, ulong both, (ulong Bits, int Rank) a, (ulong Bits, int Rank) b)
        {
            ulong below = (both & (0 - both)) - 1;
            return new((64 * word) + BitOperations.TrailingZeroCount(both), a.Rank + BitOperations.PopCount(a.Bits & below),
                b.Rank + BitOperations.PopCount(b.Bits & below));
        }
    }
}
