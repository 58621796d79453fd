using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>The best N of every M consecutive elements of a row.</summary>
internal static class ElementGroups
{
    /// <summary>The elements of each tensor; of equal keys the first, and never one without a key.</summary>
    public static IReadOnlyList<IndexSet> Top(ElementPass elements, int count, int groupSize)
    {
        List<ElementChunk> chunks = Cut(elements, groupSize);
        IndexSetBuilder[] builders = [.. elements.Sources.Select(s => new IndexSetBuilder(s.Grid.ElementCount))];
        ChunkOrder<ulong[]> order = new((number, marks) =>
            builders[chunks[number].Tensor].AddBits(chunks[number].Start, marks.AsSpan(0, (chunks[number].Length + 63) / 64)));
        elements.Run(chunks, () => new Visitor(order, count, groupSize), Block(groupSize));
        return [.. builders.Select(b => b.ToSet())];
    }

    private static int Block(int groupSize) => ElementKeys.Block / groupSize * groupSize;

    /// <summary>Parts of runs along the last dimension: no group lies in two, and each is a run's end or whole blocks.</summary>
    private static List<ElementChunk> Cut(ElementPass elements, int groupSize)
    {
        List<ElementChunk> chunks = [];
        int most = ElementPass.ChunkLength / Block(groupSize) * Block(groupSize);
        for (int t = 0; t < elements.Sources.Count; t++)
        {
            UnitGrid grid = elements.Sources[t].Grid;
            IReadOnlyList<long> shape = elements.Sources[t].Base.Shape;
            long width = shape.Count > 2 ? shape[^1] : grid.Columns;
            // Runs that end where a group does are one long run.
            long columns = width % groupSize == 0 ? grid.ElementCount : width;
            for (long row = 0; row < grid.ElementCount; row += columns)
                for (long start = 0; start < columns; start += most)
                    chunks.Add(new(t, row + start, (int)Math.Min(most, columns - start)));
        }
        return chunks;
    }

    private sealed class Visitor(ChunkOrder<ulong[]> order, int count, int groupSize) : IKeyVisitor
    {
        private readonly ulong[] _sorted = new ulong[groupSize];
        private ulong[] _marks = new ulong[ElementPass.ChunkLength / 64];
        private int _number;

        public void Begin(int number, ElementChunk chunk)
        {
            _number = number;
            Array.Clear(_marks, 0, (chunk.Length + 63) / 64);
        }

        public void Visit(int offset, int length, Span<uint> keys)
        {
            for (int start = 0; start < length; start += groupSize)
                Choose(keys.Slice(start, Math.Min(groupSize, length - start)), offset + start);
        }

        public void End() => _marks = order.Hand(_number, _marks) ?? new ulong[_marks.Length];

        public void Finish()
        {
        }

        public void Abandon() => order.Abandon();

        /// <summary>A few are compared each with each, many are sorted.</summary>
        private void Choose(ReadOnlySpan<uint> keys, int offset)
        {
            const int Few = 16;
            if (keys.Length > Few)
            {
                ChooseSorted(keys, offset);
                return;
            }
            for (int i = 0; i < keys.Length; i++)
            {
                int better = 0;
                for (int j = 0; j < i; j++) better += keys[j] >= keys[i] ? 1 : 0;
                for (int j = i + 1; j < keys.Length; j++) better += keys[j] > keys[i] ? 1 : 0;
                if (better < count && keys[i] != 0) Mark(offset + i);
            }
        }

        private void ChooseSorted(ReadOnlySpan<uint> keys, int offset)
        {
            Span<ulong> sorted = _sorted.AsSpan(0, keys.Length);
            for (int i = 0; i < keys.Length; i++) sorted[i] = (ulong)~keys[i] << 32 | (uint)i;
            sorted.Sort();
            foreach (ulong one in sorted[..Math.Min(count, sorted.Length)])
                if ((uint)(one >> 32) != uint.MaxValue) Mark(offset + (int)(uint)one);
        }

        private void Mark(int element) => _marks[element >> 6] |= 1UL << (element & 63);
    }
}
