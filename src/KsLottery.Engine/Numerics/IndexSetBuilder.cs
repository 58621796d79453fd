using System.Numerics;

namespace KsLottery.Engine.Numerics;

/// <summary>Takes indices in ascending order and gives their set; memory stays at that of the smaller coding.</summary>
internal sealed class IndexSetBuilder
{
    private readonly long _length, _most;
    private readonly List<IndexSteps.Mark> _marks = [];
    private byte[] _steps = [];
    private ulong[]? _bits;
    private int _used;
    private long _last = -1, _count;

    /// <param name="length">What the indices are below of.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative, or beyond what an array of bits holds.</exception>
    public IndexSetBuilder(long length)
    {
        if (length < 0 || length / 64 >= Array.MaxLength)
            throw new ArgumentOutOfRangeException(nameof(length), length, $"a set is of 0 to {64L * Array.MaxLength} indices.");
        (_length, _most) = (length, (length + 7) / 8);
    }

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
        for (int i = 0; i < words.Length; i++)
        {
            if (words[i] == 0) continue;
            long at = start + (64L * i), first = at + BitOperations.TrailingZeroCount(words[i]), last = at + BitOperations.Log2(words[i]);
            if (_bits is null)
            {
                AddSteps(at, words[i]);
                continue;
            }
            if (first <= _last || last >= _length) throw Misplaced(first <= _last ? first : last);
            int shift = (int)(at & 63);
            _bits[at >> 6] |= words[i] << shift;
            if (shift > 0 && words[i] >> (64 - shift) is not 0 and var rest) _bits[(at >> 6) + 1] |= rest;
            _last = last;
        }
    }

    /// <summary>The steps of a word: all but the first are below 64, a byte each.</summary>
    private void AddSteps(long at, ulong word)
    {
        Add(at + BitOperations.TrailingZeroCount(word));
        word &= word - 1;
        int count = BitOperations.PopCount(word);
        if (_bits is not null || _used + count > _steps.Length || at + BitOperations.Log2(word | 1) >= _length)
        {
            for (; word != 0; word &= word - 1) Add(at + BitOperations.TrailingZeroCount(word));
            return;
        }
        Span<byte> steps = _steps.AsSpan(_used, count);
        int last = (int)(_last - at);
        for (int i = 0; i < steps.Length; i++, word &= word - 1)
        {
            int bit = BitOperations.TrailingZeroCount(word);
            steps[i] = (byte)(bit - last);
            last = bit;
            if ((_count + i + 1) % IndexSteps.MarkEvery == 0) _marks.Add(new(at + bit, _used + i + 1));
        }
        (_used, _last, _count) = (_used + count, at + last, _count + count);
    }

    /// <summary>The set; nothing may be added after it.</summary>
    public IndexSet ToSet() => _bits is not null ? new(_length, _bits) : new(_length, ToSteps());

    /// <summary>The set of some bits, in the smaller coding.</summary>
    public static IndexSet Compact(long length, ulong[] bits)
    {
        IndexSetBuilder builder = new(length);
        for (int i = 0; i < bits.Length; i++)
            for (ulong word = bits[i]; word != 0; word &= word - 1)
                if (!builder.TryAddStep(((long)i << 6) + BitOperations.TrailingZeroCount(word))) return new(length, bits);
        return new(length, builder.ToSteps());
    }

    private IndexSteps ToSteps() => new(_steps, _used, [.. _marks], _count);

    private bool TryAddStep(long index)
    {
        ulong step = (ulong)(index - Math.Max(0, _last));
        int bytes = Math.Max(1, (70 - BitOperations.LeadingZeroCount(step)) / 7);
        if (_used + bytes > _most) return false;
        if (_used + bytes > _steps.Length)
            Array.Resize(ref _steps, (int)Math.Min(_most, Math.Max(64, (2L * _steps.Length) + bytes)));
        for (; step >= 0x80; step >>= 7) _steps[_used++] = (byte)(step | 0x80);
        _steps[_used++] = (byte)step;
        _last = index;
        if (++_count % IndexSteps.MarkEvery == 0) _marks.Add(new(index, _used));
        return true;
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
