namespace KsLottery.Engine.Tickets;

/// <summary>Guesses between which keys the last winner's lies, from a fixed sample of the elements.</summary>
internal static class KeySample
{
    // A million elements in stretches too short for a row to weigh much: a thousandth of a billion.
    private const int Stretches = 4096, StretchLength = 256;

    // So many standard deviations of a sampled rank either way: neighbours are less independent than the formula has it.
    private const double Spread = 8;

    /// <summary>The keys between which the key of a rank from the top is believed to be.</summary>
    public static KeyRange Bracket(ElementPass elements, IReadOnlyList<ElementChunk> chunks, long rank)
    {
        List<ElementChunk> stretches = [];
        long step = Math.Max(1, elements.ElementCount / Stretches), next = step / 2, passed = 0;
        foreach (ElementChunk chunk in chunks)
        {
            for (; next < passed + chunk.Length; next += step)
            {
                int start = (int)(next - passed);
                stretches.Add(new(chunk.Tensor, chunk.Start + start, Math.Min(StretchLength, chunk.Length - start)));
            }
            passed += chunk.Length;
        }
        Collector collector = new();
        elements.Run(stretches, collector.NewVisitor, StretchLength);
        double expected = (double)rank / elements.ElementCount * collector.Count, spread = (Spread * Math.Sqrt(expected)) + Spread;
        long high = collector.KeyAt((long)(expected - spread)) + 1, low = collector.KeyAt((long)(expected + spread));
        return new(Math.Max(low, KeyRange.All.Low), Math.Max(high, Math.Max(low, KeyRange.All.Low) + 1));
    }

    /// <summary>Keeps all keys.</summary>
    private sealed class Collector
    {
        private readonly List<uint> _keys = [];
        private bool _isSorted;

        /// <summary>How many elements were seen, with a score or not.</summary>
        public long Count => _keys.Count;

        /// <summary>The key of a rank from the top; the largest of all above the first, 0 behind the last.</summary>
        public uint KeyAt(long rank)
        {
            if (!_isSorted) _keys.Sort();
            _isSorted = true;
            return rank < 0 ? uint.MaxValue : rank >= _keys.Count ? 0 : _keys[^(int)(rank + 1)];
        }

        public IKeyVisitor NewVisitor() => new Visitor(_keys);
    }

    private sealed class Visitor(List<uint> all) : IKeyVisitor
    {
        private readonly List<uint> _keys = [];

        public void Begin(int number, ElementChunk chunk)
        {
        }

        public void Visit(int offset, int count, Span<uint> keys) => _keys.AddRange(keys[..count]);

        public void End()
        {
        }

        public void Finish()
        {
            lock (all) all.AddRange(_keys);
        }
    }
}
