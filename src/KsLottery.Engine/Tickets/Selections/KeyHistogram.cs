using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Tickets;

/// <summary>Counts the keys of a range in equal bins, and those above it; several threads count apart and add up.</summary>
internal sealed class KeyHistogram
{
    // 2 MB a thread: as much as the second-level cache of today's processors.
    private const int MaxBits = 19;

    // A bin is 32 bits wide: it is emptied into the sum before it could overflow.
    private const long MaxCounted = 1L << 31;

    private readonly KeyRange _range;
    private readonly int _shift;
    private readonly long[] _bins;

    /// <param name="range">The range.</param>
    public KeyHistogram(KeyRange range)
    {
        _range = range;
        _shift = Math.Max(0, BitOperations.Log2((ulong)Math.Max(1, range.Width - 1)) + 1 - MaxBits);
        _bins = new long[((range.Width - 1) >> _shift) + 1];
    }

    /// <summary>The keys above the range.</summary>
    public long Above { get; private set; }

    /// <summary>The bin that holds the key of a rank from the top, and how many keys are above it; null where it is below all.</summary>
    public (KeyRange Range, long Above)? Find(long rank)
    {
        long above = Above;
        for (int bin = _bins.Length - 1; bin >= 0; bin--)
        {
            if (above + _bins[bin] >= rank)
            {
                long low = _range.Low + ((long)bin << _shift);
                return (new(low, Math.Min(_range.High, low + (1L << _shift))), above);
            }
            above += _bins[bin];
        }
        return null;
    }

    /// <summary>A thread's counts.</summary>
    public IKeyVisitor NewVisitor() => new Counter(this);

    private sealed class Counter(KeyHistogram sum) : IKeyVisitor
    {
        private readonly uint[] _bins = new uint[sum._bins.Length];
        private long _above, _counted;

        public void Begin(int number, ElementChunk chunk)
        {
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Visit(int offset, int count, Span<uint> keys)
        {
            uint low = (uint)sum._range.Low, last = (uint)(sum._range.High - 1);
            int shift = sum._shift;
            Vector512<uint> lows = Vector512.Create(low), lasts = Vector512.Create(last);
            ref uint key = ref MemoryMarshal.GetReference(keys), bins = ref MemoryMarshal.GetArrayDataReference(_bins);
            for (int i = 0; i < count; i += Vector512<uint>.Count)
            {
                Vector512<uint> value = Vector512.LoadUnsafe(ref key, (nuint)i);
                ulong candidates = Vector512.GreaterThanOrEqual(value, lows).ExtractMostSignificantBits();
                if (candidates == 0) continue;
                ulong above = Vector512.GreaterThan(value, lasts).ExtractMostSignificantBits();
                _above += BitOperations.PopCount(above);
                for (ulong inside = candidates & ~above; inside != 0; inside &= inside - 1)
                    Unsafe.Add(ref bins, (Unsafe.Add(ref key, i + BitOperations.TrailingZeroCount(inside)) - low) >> shift)++;
            }
        }

        public bool TryVisit(int offset, in ElementStretch elements, ElementKeys keys)
        {
            uint low = (uint)sum._range.Low;
            int words = elements.Count / 64;
            Span<ulong> above = stackalloc ulong[ElementKeys.Block / 64], inside = stackalloc ulong[ElementKeys.Block / 64];
            above = above[..words];
            inside = inside[..words];
            if (!keys.TryMark(elements, low, (uint)(sum._range.High - 1), above, inside)) return false;
            for (int word = 0; word < above.Length; word++)
            {
                _above += BitOperations.PopCount(above[word]);
                for (ulong bits = inside[word]; bits != 0; bits &= bits - 1)
                    _bins[(keys.KeyAt(elements, (64 * word) + BitOperations.TrailingZeroCount(bits)) - low) >> sum._shift]++;
            }
            return true;
        }

        public void End()
        {
            _counted += ElementPass.ChunkLength;
            if (_counted >= MaxCounted) Finish();
        }

        public void Finish()
        {
            lock (sum._bins)
            {
                sum.Above += _above;
                for (int i = 0; i < _bins.Length; i++) sum._bins[i] += _bins[i];
            }
            (_above, _counted) = (0, 0);
            Array.Clear(_bins);
        }
    }
}
