using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>Lists the elements above a key, and of those at it the first ones; threads work side by side, chunks join in order.</summary>
internal sealed class ElementListing
{
    private readonly IReadOnlyList<ElementChunk> _chunks;
    private readonly IndexSetBuilder[] _builders;
    private readonly uint _key;
    private readonly ChunkOrder<Marks> _order;
    private long _ties;

    /// <param name="sources">The tensors.</param>
    /// <param name="chunks">Their elements.</param>
    /// <param name="key">The key.</param>
    /// <param name="ties">How many elements of this very key are listed.</param>
    /// <param name="density">Which part of all elements is listed.</param>
    public ElementListing(IReadOnlyList<ScoreSource> sources, IReadOnlyList<ElementChunk> chunks, uint key, long ties, double density)
    {
        (_chunks, _key, _ties) = (chunks, key, ties);
        _builders = [.. sources.Select(s => new IndexSetBuilder(s.Grid.ElementCount, density))];
        _order = new(Join);
    }

    /// <summary>A thread's work.</summary>
    public IKeyVisitor NewVisitor() => new Visitor(this);

    /// <summary>The elements of each tensor, once all chunks have passed.</summary>
    public IReadOnlyList<IndexSet> ToSets() => [.. _builders.Select(b => b.ToSet())];

    private void Join(int number, Marks marks)
    {
        if (!marks.TryDecide(ref _ties))
        {
            for (int i = 0; i < marks.WordCount && _ties > 0; i++) marks.Above[i] |= TakeTies(marks.Ties[i]);
            marks.Encode(_chunks[number].Start);
        }
        IndexSetBuilder builder = _builders[_chunks[number].Tensor];
        if (builder.IsBits) builder.AddBits(_chunks[number].Start, marks.Above.AsSpan(0, marks.WordCount));
        else builder.Add(marks.Block);
    }

    /// <summary>As many of the lowest bits as there are still elements wanted.</summary>
    private ulong TakeTies(ulong bits)
    {
        int count = BitOperations.PopCount(bits);
        for (; count > _ties; count--) bits &= ~(1UL << BitOperations.Log2(bits));
        _ties -= count;
        return bits;
    }

    /// <summary>The elements of a chunk, a bit each, and coded for the set.</summary>
    private sealed class Marks
    {
        private const int MaxWords = ElementPass.ChunkLength / 64;

        private long _tieCount;
        private bool _hasTaken;

        public ulong[] Above { get; } = new ulong[MaxWords];

        public ulong[] Ties { get; } = new ulong[MaxWords];

        public IndexBlock Block { get; } = new();

        public bool HasTies { get; set; }

        public int WordCount { get; set; }

        public void Encode(long start) => Block.Encode(start, Above.AsSpan(0, WordCount));

        /// <summary>Takes all ties, or none, by what is left of them before other chunks have had theirs.</summary>
        public void Guess(long ties)
        {
            _tieCount = 0;
            for (int i = 0; HasTies && i < WordCount; i++) _tieCount += BitOperations.PopCount(Ties[i]);
            _hasTaken = ties > 16 * _tieCount;
            for (int i = 0; _tieCount > 0 && _hasTaken && i < WordCount; i++) Above[i] |= Ties[i];
        }

        /// <summary>Whether the guess was right; if not, no tie is taken.</summary>
        public bool TryDecide(ref long ties)
        {
            if (_tieCount == 0 || (_hasTaken ? ties >= _tieCount : ties == 0))
            {
                if (_hasTaken) ties -= _tieCount;
                return true;
            }
            for (int i = 0; _hasTaken && i < WordCount; i++) Above[i] &= ~Ties[i];
            return false;
        }
    }

    private sealed class Visitor(ElementListing list) : IKeyVisitor
    {
        private Marks _marks = new();
        private int _number;
        private bool _wantsTies;

        public void Begin(int number, ElementChunk chunk)
        {
            (_number, _marks.WordCount) = (number, (chunk.Length + 63) / 64);
            // Where the chunks before have taken all, none is left for this one. Reading an older number only costs time.
            _wantsTies = Volatile.Read(ref list._ties) > 0;
            _marks.HasTies = false;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Visit(int offset, int count, Span<uint> keys)
        {
            Vector512<uint> limit = Vector512.Create(list._key);
            ref uint key = ref MemoryMarshal.GetReference(keys);
            ulong anyTie = 0;
            int word = offset / 64;
            for (int i = 0; i < count; i += 64, word++)
            {
                Vector512<uint> a = Vector512.LoadUnsafe(ref key, (nuint)i), b = Vector512.LoadUnsafe(ref key, (nuint)i + 16),
                    c = Vector512.LoadUnsafe(ref key, (nuint)i + 32), d = Vector512.LoadUnsafe(ref key, (nuint)i + 48);
                _marks.Above[word] = Bits(Vector512.GreaterThan(a, limit), Vector512.GreaterThan(b, limit),
                    Vector512.GreaterThan(c, limit), Vector512.GreaterThan(d, limit));
                if (!_wantsTies) continue;
                anyTie |= _marks.Ties[word] = Bits(Vector512.Equals(a, limit), Vector512.Equals(b, limit),
                    Vector512.Equals(c, limit), Vector512.Equals(d, limit));
            }
            _marks.HasTies |= anyTie != 0;
        }

        public bool TryVisit(int offset, in ElementStretch elements, ElementKeys keys)
        {
            Span<ulong> ties = _wantsTies ? _marks.Ties.AsSpan(offset / 64, elements.Count / 64) : [];
            if (!keys.TryMark(elements, list._key, list._key, _marks.Above.AsSpan(offset / 64, elements.Count / 64), ties)) return false;
            _marks.HasTies |= ties.ContainsAnyExcept(0UL);
            return true;
        }

        public void End()
        {
            ElementChunk chunk = list._chunks[_number];
            _marks.Guess(Volatile.Read(ref list._ties));
            if (!list._builders[chunk.Tensor].IsBits) _marks.Encode(chunk.Start);
            _marks = list._order.Hand(_number, _marks) ?? new();
        }

        public void Finish()
        {
        }

        public void Abandon() => list._order.Abandon();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static ulong Bits(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, Vector512<uint> d) =>
            a.ExtractMostSignificantBits() | b.ExtractMostSignificantBits() << 16 | c.ExtractMostSignificantBits() << 32
            | d.ExtractMostSignificantBits() << 48;
    }
}
