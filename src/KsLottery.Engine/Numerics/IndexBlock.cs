using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Numerics;

/// <summary>The steps of the indices in a stretch, coded by a thread of its own before they join a set.</summary>
internal sealed class IndexBlock
{
    // Words whose bits are spread at a time: within them a step takes two bytes at most.
    private const int SpreadWords = 64;

    // Most words have few bits: so many are written before it is asked how many there are.
    private const int SpreadWrites = 4;

    private readonly int[] _places = new int[(64 * SpreadWords) + (2 * SpreadWrites)];
    private readonly List<IndexSteps.Mark> _marks = [];
    private byte[] _steps = [];
    private int _used;

    /// <summary>How many indices there are.</summary>
    public int Count { get; private set; }

    /// <summary>The first index.</summary>
    public long First { get; private set; }

    /// <summary>The last index.</summary>
    public long Last { get; private set; }

    /// <summary>The steps from the second index on.</summary>
    public ReadOnlySpan<byte> Steps => _steps.AsSpan(0, _used);

    /// <summary>Places in these steps.</summary>
    public IReadOnlyList<IndexSteps.Mark> Marks => _marks;

    /// <summary>Reads the indices from the second on.</summary>
    public IndexSteps.Reader ReadOn() => new(_steps, _used, new(First, 0));

    /// <summary>Codes the indices of set bits.</summary>
    /// <param name="start">The index of the first bit.</param>
    /// <param name="words">The bits.</param>
    public void Encode(long start, ReadOnlySpan<ulong> words)
    {
        (Count, _used) = (0, 0);
        _marks.Clear();
        for (int word = 0; word < words.Length; word += SpreadWords)
        {
            int count = Spread(words[word..Math.Min(words.Length, word + SpreadWords)], _places);
            if (count > 0) Add(start + (64L * word), _places.AsSpan(0, count));
        }
    }

    private void Add(long start, ReadOnlySpan<int> places)
    {
        // The widest vector is stored whole, however few of its bytes count.
        int needed = _used + IndexSteps.MaxBytes + (2 * places.Length) + Vector128<byte>.Count;
        if (needed > _steps.Length) Array.Resize(ref _steps, Math.Max(needed, 2 * _steps.Length));
        if (Count == 0) First = start + places[0];
        else _used += IndexSteps.Write((ulong)(start + places[0] - Last), _steps.AsSpan(_used));
        _used += WriteSteps(places, ref _steps[_used]);
        (Last, Count) = (start + places[^1], Count + places.Length);
        if (Count / IndexSteps.MarkEvery > _marks.Count) _marks.Add(new(Last, _used));
    }

    /// <summary>The places of all set bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Spread(ReadOnlySpan<ulong> words, int[] places)
    {
        ref int all = ref MemoryMarshal.GetArrayDataReference(places);
        int count = 0;
        for (int i = 0; i < words.Length; i++)
        {
            ulong word = words[i];
            int bits = BitOperations.PopCount(word), at = 64 * i;
            ref int place = ref Unsafe.Add(ref all, count);
            count += bits;
            word = Write(ref place, at, word);
            if (bits <= SpreadWrites) continue;
            word = Write(ref Unsafe.Add(ref place, SpreadWrites), at, word);
            for (int written = 2 * SpreadWrites; written < bits; written += SpreadWrites)
                word = Write(ref Unsafe.Add(ref place, written), at, word);
        }
        return count;

        // What stands behind the last bit is written over by the next word.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static ulong Write(ref int place, int at, ulong word)
        {
            place = at + BitOperations.TrailingZeroCount(word);
            word &= word - 1;
            Unsafe.Add(ref place, 1) = at + BitOperations.TrailingZeroCount(word);
            word &= word - 1;
            Unsafe.Add(ref place, 2) = at + BitOperations.TrailingZeroCount(word);
            word &= word - 1;
            Unsafe.Add(ref place, 3) = at + BitOperations.TrailingZeroCount(word);
            return word & (word - 1);
        }
    }

    /// <summary>The steps between places that lie close together; returns how many bytes they take.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int WriteSteps(ReadOnlySpan<int> places, ref byte steps)
    {
        ref int place = ref MemoryMarshal.GetReference(places);
        int used = 0, i = 1;
        while (i < places.Length)
        {
            int end = Math.Min(places.Length, i + Vector512<int>.Count);
            if (end - i == Vector512<int>.Count)
            {
                Vector512<int> some = Vector512.LoadUnsafe(ref place, (nuint)i) - Vector512.LoadUnsafe(ref place, (nuint)i - 1);
                if (Vector512.LessThanAll(some, Vector512.Create(0x80)))
                {
                    Vector256<short> halves = Vector256.Narrow(some.GetLower(), some.GetUpper());
                    Vector128.Narrow(halves.GetLower(), halves.GetUpper()).AsByte().StoreUnsafe(ref steps, (nuint)used);
                    (i, used) = (end, used + Vector512<int>.Count);
                    continue;
                }
            }
            for (; i < end; i++)
            {
                // One byte, or two: both are written, and one or two count.
                int step = Unsafe.Add(ref place, i) - Unsafe.Add(ref place, i - 1), more = (0x7f - step) >>> 31;
                Unsafe.Add(ref steps, used) = (byte)((step & 0x7f) | (more << 7));
                Unsafe.Add(ref steps, used + 1) = (byte)(step >> 7);
                used += 1 + more;
            }
        }
        return used;
    }
}
