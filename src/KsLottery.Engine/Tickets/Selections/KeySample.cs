using System.Runtime.InteropServices;

namespace KsLottery.Engine.Tickets;

/// <summary>Guesses between which keys the last winner's lies, from a fixed sample of the elements.</summary>
internal static class KeySample
{
    // Two million elements in stretches too short for a row to weigh much: a bracket of 1 % of a billion then has a bin for each key.
    private const int Stretches = 8192, StretchLength = 256;

    // So many standard deviations of a sampled rank either way: neighbours are less independent than the formula has it.
    private const double Spread = 6;

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
        private const int HalfBits = 16;

        private readonly List<uint> _keys = [];

        /// <summary>How many elements were seen, with a score or not.</summary>
        public int Count => _keys.Count;

        /// <summary>The key of a rank from the top; the largest of all above the first, 0 behind the last.</summary>
        /// <remarks>By counting the upper halves of all keys, then the lower ones of those that share the upper: a sort takes ten times as
        /// long.</remarks>
        public uint KeyAt(long rank)
        {
            if (rank < 0) return uint.MaxValue;
            if (rank >= Count) return 0;
            ReadOnlySpan<uint> keys = CollectionsMarshal.AsSpan(_keys);
            int[] bins = new int[1 << HalfBits];
            foreach (uint key in keys) bins[key >> HalfBits]++;
            uint upper = Find(bins, ref rank);
            Array.Clear(bins);
            foreach (uint key in keys)
                if (key >> HalfBits == upper) bins[(ushort)key]++;
            return upper << HalfBits | Find(bins, ref rank);
        }

        public Visitor NewVisitor() => new(_keys);

        /// <summary>The bin of a rank from the top, which becomes the rank in the bin.</summary>
        private static uint Find(int[] bins, ref long rank)
        {
            uint bin = (uint)bins.Length - 1;
            for (; rank >= bins[bin]; bin--) rank -= bins[bin];
            return bin;
        }
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
