using System.Numerics;

namespace KsLottery.Engine.Numerics;

/// <summary>Takes indices in ascending order and gives their set; memory stays at that of the smaller coding.</summary>
internal sealed class IndexSetBuilder
{
    private const int WordsAtATime = 1024;

    private readonly long _length, _most, _capacity;
    private readonly List<IndexSteps.Mark> _marks = [];
    private byte[] _steps = [];
    private ulong[]? _bits;
    private int _used;
    private IndexBlock? _block;
    private long _last = -1, _count, _countAtMark;

    /// <param name="length">What the indices are below of.</param>
    /// <param name="density">Which part of them to expect, 0 to 1: buffers that grow leave others behind.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative, or beyond what an array of bits holds.</exception>
    public IndexSetBuilder(long length, double density = 0)
    {
        if (length < 0 || length / 64 >= Array.MaxLength)
            throw new ArgumentOutOfRangeException(nameof(length), length, $"a set is of 0 to {64L * Array.MaxLength} indices.");
        (_length, _most) = (length, (length + 7) / 8);
        // A step of 128 or more takes a second byte; some in reserve.
        _capacity = (long)(1.05 * density * (1 + Math.Pow(1 - density, 127)) * length) + 64;
    }

    /// <summary>Whether bits are the smaller coding of what was added; once they are, they stay it.</summary>
    public bool IsBits => Volatile.Read(ref _bits) is not null;

    /// <summary>Adds an index larger than all before.</summary>
    /// <exception cref="ArgumentException">It is not, or is not below the length.</exception>
    public void Add(long index)
    {
        if (index <= _last || index >= _length) throw Misplaced(index);
        if (_bits is null && TryAddStep(index)) return;
        if (_bits is null) SwitchToBits();
        _bits![index >> 6] |= 1UL << (int)(index & 63);
        _last = index;
    }

    /// <summary>Adds a stretch of indices larger than all before.</summary>
    /// <exception cref="ArgumentException">They are not, or are not below the length.</exception>
    public void AddRun(IndexRun run)
    {
        if (run.Length < 0 || run.Length > _length - Math.Max(0, run.Start)) throw Misplaced(run.Start);
        long index = run.Start;
        if (_bits is null && run.Length > _most - _used) SwitchToBits();
        for (; index < run.End && (_bits is null || (index & 63) != 0 || run.End - index < 64); index++) Add(index);
        if (index >= run.End) return;
        if (index <= _last) throw Misplaced(index);
        for (; run.End - index >= 64; index += 64) _bits![index >> 6] = ulong.MaxValue;
        _last = index - 1;
        for (; index < run.End; index++) Add(index);
    }

    /// <summary>Adds the indices of set bits, all larger than those before.</summary>
    /// <param name="start">The index of the first bit.</param>
    /// <param name="words">The bits, of which none behind the length is set.</param>
    /// <exception cref="ArgumentException">An index is not below the length, or not larger than one before.</exception>
    public void AddBits(long start, ReadOnlySpan<ulong> words)
    {
        if (_bits is null)
        {
            (_block ??= new()).Encode(start, words);
            Add(_block);
            return;
        }
        int first = words.IndexOfAnyExcept(0UL), last = words.LastIndexOfAnyExcept(0UL);
        if (first < 0) return;
        long least = start + (64L * first) + BitOperations.TrailingZeroCount(words[first]),
            most = start + (64L * last) + BitOperations.Log2(words[last]);
        if (least <= _last || most >= _length) throw Misplaced(least <= _last ? least : most);
        int shift = (int)(start & 63);
        Span<ulong> target = _bits.AsSpan((int)(start >> 6) + first);
        words = words[first..(last + 1)];
        target[0] |= words[0] << shift;
        if (shift == 0) words[1..].CopyTo(target[1..]);
        for (int i = 0; shift > 0 && i < words.Length; i++)
        {
            if (i > 0) target[i] |= words[i] << shift;
            if (words[i] >> (64 - shift) is not 0 and var rest) target[i + 1] |= rest;
        }
        _last = most;
    }

    /// <summary>Adds indices that were coded apart, all larger than those before.</summary>
    /// <exception cref="ArgumentException">An index is not below the length, or not larger than one before.</exception>
    public void Add(IndexBlock block)
    {
        if (block.Count == 0) return;
        Add(block.First);
        if (_bits is not null || block.Last >= _length || !TryMakeRoom(block.Steps.Length))
        {
            for (IndexSteps.Reader reader = block.ReadOn(); reader.MoveNext();) Add(reader.Current);
            return;
        }
        block.Steps.CopyTo(_steps.AsSpan(_used));
        foreach ((long index, int offset) in block.Marks) _marks.Add(new(index, _used + offset));
        if (block.Marks.Count > 0) _countAtMark = _count + block.Count - 1;
        (_used, _last, _count) = (_used + block.Steps.Length, block.Last, _count + block.Count - 1);
        if (_count - _countAtMark >= IndexSteps.MarkEvery) Mark();
    }

    /// <summary>The set; nothing may be added after it.</summary>
    public IndexSet ToSet() => _bits is not null ? new(_length, _bits) : new(_length, ToSteps());

    /// <summary>The set of some bits, in the smaller coding.</summary>
    public static IndexSet Compact(long length, ulong[] bits)
    {
        long count = 0;
        foreach (ulong word in bits) count += BitOperations.PopCount(word);
        IndexSetBuilder builder = new(length, (double)count / length);
        // A step takes a byte or more.
        if (count > builder._most) return new(length, bits);
        for (int word = 0; word < bits.Length && !builder.IsBits; word += WordsAtATime)
            builder.AddBits(64L * word, bits.AsSpan(word, Math.Min(WordsAtATime, bits.Length - word)));
        return builder.IsBits ? new(length, bits) : builder.ToSet();
    }

    private IndexSteps ToSteps() => new(_steps, _used, [.. _marks], _count);

    private bool TryAddStep(long index)
    {
        ulong step = (ulong)(index - Math.Max(0, _last));
        if (!TryMakeRoom(IndexSteps.SizeOf(step))) return false;
        _used += IndexSteps.Write(step, _steps.AsSpan(_used));
        _last = index;
        if (++_count - _countAtMark >= IndexSteps.MarkEvery) Mark();
        return true;
    }

    /// <summary>Room for some more bytes; none where bits would take less.</summary>
    private bool TryMakeRoom(int bytes)
    {
        if (_used + bytes > _most) return false;
        if (_used + bytes <= _steps.Length) return true;
        byte[] steps = GC.AllocateUninitializedArray<byte>((int)Math.Min(_most, Math.Max(_capacity, (3L * _steps.Length / 2) + bytes)));
        _steps.AsSpan(0, _used).CopyTo(steps);
        _steps = steps;
        return true;
    }

    private void Mark()
    {
        _marks.Add(new(_last, _used));
        _countAtMark = _count;
    }

    private void SwitchToBits()
    {
        _bits = new ulong[(_length + 63) / 64];
        for (IndexSteps.Reader reader = new(_steps, _used, default); reader.MoveNext();)
            _bits[reader.Current >> 6] |= 1UL << (int)(reader.Current & 63);
        (_steps, _used) = ([], 0);
    }

    private ArgumentException Misplaced(long index) =>
        new($"index {index} stands behind {_last} in a set of {_length}; indices ascend from 0 to {_length - 1}. Sort them.",
            nameof(index));
}
