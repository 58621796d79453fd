using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>The best elements of every row, each row by itself.</summary>
internal static class ElementRows
{
    /// <summary>The elements of each tensor; of equal keys the first, and never one without a key.</summary>
    public static IReadOnlyList<IndexSet> Top(ElementPass elements, UnitShare share)
    {
        List<ElementChunk> chunks = [];
        for (int t = 0; t < elements.Sources.Count; t++)
        {
            long width = WidthOf(elements.Sources[t]), count = elements.Sources[t].Grid.ElementCount,
                length = Math.Max(1, ElementPass.ChunkLength / width) * width;
            for (long start = 0; start < count; start += length) chunks.Add(new(t, start, checked((int)Math.Min(length, count - start))));
        }
        IndexSetBuilder[] builders = [.. elements.Sources.Select(s => new IndexSetBuilder(s.Grid.ElementCount))];
        ChunkOrder<ulong[]> order = new((number, marks) =>
            builders[chunks[number].Tensor].AddBits(chunks[number].Start, marks.AsSpan(0, (chunks[number].Length + 63) / 64)));
        int most = chunks.Count == 0 ? 0 : chunks.Max(c => c.Length);
        elements.Run(chunks, () => new Visitor(order, most, chunk => (int)WidthOf(elements.Sources[chunk.Tensor]), share));
        return [.. builders.Select(b => b.ToSet())];
    }

    private static long WidthOf(ScoreSource source) => source.Base.Shape.Count > 0 ? source.Base.Shape[^1] : 1;

    private sealed class Visitor(ChunkOrder<ulong[]> order, int most, Func<ElementChunk, int> widthOf, UnitShare share) : IKeyVisitor
    {
        private readonly uint[] _keys = new uint[most], _sorted = new uint[most];
        private ulong[] _marks = new ulong[(most + 63) / 64];
        private int _number, _length, _width;

        public void Begin(int number, ElementChunk chunk) => (_number, _length, _width) = (number, chunk.Length, widthOf(chunk));

        public void Visit(int offset, int count, Span<uint> keys) => keys[..count].CopyTo(_keys.AsSpan(offset));

        public void End()
        {
            Array.Clear(_marks);
            int kept = (int)share.CountOf(_width);
            for (int start = 0; kept > 0 && start < _length; start += _width) Choose(start, kept);
            _marks = order.Hand(_number, _marks) ?? new ulong[_marks.Length];
        }

        public void Finish()
        {
        }

        public void Abandon() => order.Abandon();

        private void Choose(int start, int kept)
        {
            ReadOnlySpan<uint> keys = _keys.AsSpan(start, _width);
            Span<uint> sorted = _sorted.AsSpan(0, _width);
            keys.CopyTo(sorted);
            sorted.Sort();
            uint last = Math.Max(1, sorted[_width - kept]);
            int ties = kept;
            for (int i = _width - 1; i >= 0 && sorted[i] > last; i--) ties--;
            for (int i = 0; i < keys.Length; i++)
                if (keys[i] > last || (keys[i] == last && ties-- > 0)) _marks[(start + i) >> 6] |= 1UL << ((start + i) & 63);
        }
    }
}
