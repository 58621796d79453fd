using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KsLottery.Engine.Kernels;

/// <summary>The third step: values of the buckets listed are gathered, sorted and walked in order.</summary>
internal sealed partial class KsRowBuckets<TLanes, TFloat, TBin, TCount>
{
    /// <summary>Walks the candidates one by one, highest bound first, while one may still reach the best so far and what is wanted at
    /// least; where these are many, the others together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WalkByBound<T>(T buckets, int least, ref KsBest best) where T : IBuckets, allows ref struct
    {
        Span<Candidate> candidates = _candidates.AsSpan(0, _candidateCount);
        int searches = 0;
        for (; candidates.Length > 0; candidates = candidates[1..])
        {
            int next = 0;
            for (int i = 1; i < candidates.Length; i++)
                if (candidates[i].Bound > candidates[next].Bound) next = i;
            if (candidates[next].Bound < Math.Max(best.Count, least)) return;
            if (++searches > MaxSearches)
            {
                WalkTogether(buckets, candidates, least, ref best);
                return;
            }
            (candidates[0], candidates[next]) = (candidates[next], candidates[0]);
            WalkAlone(buckets, candidates[0], ref best);
        }
    }

    /// <summary>Walks the candidates in value order up to the first in which the difference reaches sign·h; null when none does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsBest? First<T>(T buckets, int sign, int h) where T : IBuckets, allows ref struct
    {
        ReadOnlySpan<Candidate> candidates = _candidates.AsSpan(0, _candidateCount);
        for (int last = -1; ;)
        {
            int next = -1;
            for (int i = 0; i < candidates.Length; i++)
                if (candidates[i].Bucket > last && candidates[i].Reaches(sign, h)
                    && (next < 0 || candidates[i].Bucket < candidates[next].Bucket)) next = i;
            if (next < 0 || ++_walks > MaxWalks) return null;
            KsBest found = new(h);
            WalkAlone(buckets, candidates[next], ref found);
            if (found.Reached(sign)) return found;
            last = candidates[next].Bucket;
        }
    }

    /// <summary>Gathers the values of one bucket by searching both position arrays, and walks them; there are no more walks where the row
    /// has taken too much.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WalkAlone<T>(T buckets, in Candidate candidate, ref KsBest best) where T : IBuckets, allows ref struct
    {
        if (!SpendOnSearch(candidate.Before + candidate.After))
        {
            _walks = MaxWalks + 1;
            return;
        }
        TBin wanted = TLanes.BroadcastBin((ushort)candidate.Position);
        ref ushort before = ref _positionsBefore.Origin, after = ref _positionsAfter.Origin;
        int a = 0, b = 0;
        for (int at = 0; a < candidate.Before; at += TLanes.Bytes / 2)
            for (uint hits = TLanes.WhereEqual(TLanes.LoadBin(ref before, at), wanted); hits != 0; hits &= hits - 1)
                _gatheredBefore[a++] = buckets.KeyBefore(at + BitOperations.TrailingZeroCount(hits));
        for (int at = 0; b < candidate.After; at += TLanes.Bytes / 2)
            for (uint hits = TLanes.WhereEqual(TLanes.LoadBin(ref after, at), wanted); hits != 0; hits &= hits - 1)
                _gatheredAfter[b++] = buckets.KeyAfter(at + BitOperations.TrailingZeroCount(hits));
        Walk(_gatheredBefore.AsSpan(0, a), _gatheredAfter.AsSpan(0, b), candidate.Start, ref best);
    }

    /// <summary>Gathers the values of all candidate buckets that may reach what is wanted at least in one pass, and walks each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WalkTogether<T>(T buckets, Span<Candidate> candidates, int least, ref KsBest best) where T : IBuckets, allows ref struct
    {
        int held = 0, reaching = 0;
        for (int i = 0; i < candidates.Length; i++)
        {
            if (candidates[i].Bound < least) continue;
            held += candidates[i].Before + candidates[i].After;
            (candidates[reaching], candidates[i]) = (candidates[i], candidates[reaching]);  // the others serve for the location
            reaching++;
        }
        if (!SpendOnSearch(held))
        {
            _walks = MaxWalks + 1;
            return;
        }
        _marks ??= new byte[MaxBuckets];
        _slots ??= new ushort[MaxBuckets];
        candidates = candidates[..reaching];
        for (int slot = 0, a = 0, b = 0; slot < candidates.Length; slot++)
        {
            _marks[candidates[slot].Position] = 1;
            _slots[candidates[slot].Position] = (ushort)slot;
            _startsBefore[slot] = a;
            _startsAfter[slot] = b;
            a += candidates[slot].Before;
            b += candidates[slot].After;
        }
        ref ushort slots = ref MemoryMarshal.GetArrayDataReference(_slots), before = ref _positionsBefore.Origin,
            after = ref _positionsAfter.Origin;
        ref int startsBefore = ref MemoryMarshal.GetArrayDataReference(_startsBefore),
            startsAfter = ref MemoryMarshal.GetArrayDataReference(_startsAfter);
        for (int place = 0; place < _length; place += Block)
        {
            for (uint marked = Marked(ref Unsafe.Add(ref before, place)); marked != 0; marked &= marked - 1)
            {
                int at = place + BitOperations.TrailingZeroCount(marked);
                _gatheredBefore[Unsafe.Add(ref startsBefore, (nint)Unsafe.Add(ref slots, (nint)Unsafe.Add(ref before, at)))++] =
                    buckets.KeyBefore(at);
            }
            for (uint marked = Marked(ref Unsafe.Add(ref after, place)); marked != 0; marked &= marked - 1)
            {
                int at = place + BitOperations.TrailingZeroCount(marked);
                _gatheredAfter[Unsafe.Add(ref startsAfter, (nint)Unsafe.Add(ref slots, (nint)Unsafe.Add(ref after, at)))++] =
                    buckets.KeyAfter(at);
            }
        }
        for (int slot = 0; slot < candidates.Length; slot++)
        {
            ref readonly Candidate candidate = ref candidates[slot];
            _marks[candidate.Position] = 0;
            if (candidate.Bound < Math.Max(best.Count, least)) continue;
            Walk(_gatheredBefore.AsSpan(_startsBefore[slot] - candidate.Before, candidate.Before),
                _gatheredAfter.AsSpan(_startsAfter[slot] - candidate.After, candidate.After), candidate.Start, ref best);
        }
    }

    /// <summary>A bit for each position of a block that is marked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Marked(ref ushort positions)
    {
        ref byte marks = ref MemoryMarshal.GetArrayDataReference(_marks!);
        uint marked = 0;
        for (nint i = 0; i < Block; i += 4)
        {
            uint four = Unsafe.Add(ref marks, (nint)Unsafe.Add(ref positions, i)) | (uint)Unsafe.Add(ref marks,
                (nint)Unsafe.Add(ref positions, i + 1)) << 1
                | (uint)Unsafe.Add(ref marks, (nint)Unsafe.Add(ref positions, i + 2)) << 2 | (uint)Unsafe.Add(ref marks,
                    (nint)Unsafe.Add(ref positions, i + 3)) << 3;
            marked |= four << (int)i;
        }
        return marked;
    }

    /// <summary>Sorts the values of one bucket and offers each difference at which all equals have been counted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Walk(Span<uint> before, Span<uint> after, int start, ref KsBest best)
    {
        Sort(before);
        Sort(after);
        int i = 0, j = 0;
        while (i < before.Length || j < after.Length)
        {
            uint key = Math.Min(i < before.Length ? before[i] : uint.MaxValue, j < after.Length ? after[j] : uint.MaxValue);
            while (i < before.Length && before[i] == key) i++;
            while (j < after.Length && after[j] == key) j++;
            int difference = start + i - j;
            if (Math.Abs(difference) >= best.Count) best.Offer(difference, key);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sort(Span<uint> keys)
    {
        if (keys.Length > 24)
        {
            keys.Sort();
            return;
        }
        for (int i = 1; i < keys.Length; i++)
        {
            uint key = keys[i];
            int j = i;
            for (; j > 0 && keys[j - 1] > key; j--) keys[j] = keys[j - 1];
            keys[j] = key;
        }
    }
}
