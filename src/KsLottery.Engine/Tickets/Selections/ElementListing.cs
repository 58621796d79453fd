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
    public ElementListing(IReadOnlyList<ScoreSource> sources, IReadOnlyList<ElementChunk> chunks, uint key, long ties)
    {
        (_chunks, _key, _ties) = (chunks, key, ties);
        _builders = [.. sources.Select(s => new IndexSetBuilder(s.Grid.ElementCount))];
        _order = new(Join);
    }

    /// <summary>A thread's work.</summary>
    public IKeyVisitor NewVisitor() => new Visitor(this);

    /// <summary>The elements of each tensor, once all chunks have passed.</summary>
    public IReadOnlyList<IndexSet> ToSets() => [.. _builders.Select(b => b.ToSet())];

    private void Join(int number, Marks marks)
    {
        ElementChunk chunk = _chunks[number];
        int words = (chunk.Length + 63) / 64;
        for (int i = 0; marks.HasTies && i < words && _ties > 0; i++) marks.Above[i] |= TakeTies(marks.Ties[i]);
        _builders[chunk.Tensor].AddBits(chunk.Start, marks.Above.AsSpan(0, words));
    }

    /// <summary>As many of the lowest bits as there are still elements wanted.</summary>
    private ulong TakeTies(ulong bits)
    {
        int count = BitOperations.PopCount(bits);
        for (; count > _ties; count--) bits &= ~(1UL << BitOperations.Log2(bits));
        _ties -= count;
        return bits;
    }

    /// <summary>The elements of a chunk, a bit each.</summary>
    private sealed class Marks
    {
        public ulong[] Above { get; } = new ulong[ElementPass.ChunkLength / 64];

        public ulong[] Ties { get; } = new ulong[ElementPass.ChunkLength / 64];

        public bool HasTies { get; set; }
    }

    private sealed class Visitor(ElementListing list) : IKeyVisitor
    {
        private Marks _marks = new();
        private int _number;
        private bool _wantsTies;

        public void Begin(int number, ElementChunk chunk)
        {
            _number = number;
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

        public void End() => _marks = list._order.Hand(_number, _marks) ?? new();

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
