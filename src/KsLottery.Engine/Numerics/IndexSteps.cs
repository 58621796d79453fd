using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Numerics;

/// <summary>Ascending indices as steps, see <see cref="IndexCoding.Steps"/>, with marks from which a search begins.</summary>
internal readonly struct IndexSteps
{
    /// <summary>Indices between two marks, or somewhat more: a search reads half as many steps on average.</summary>
    public const int MarkEvery = 1024;

    /// <summary>Bytes of the longest step.</summary>
    public const int MaxBytes = 9;

    private const int Together = 32;

    private readonly byte[] _bytes;
    private readonly ByteSource? _source;
    private readonly Mark[] _marks;

    public IndexSteps(byte[] bytes, int used, Mark[] marks, long count) => (_bytes, Used, _marks, Count) = (bytes, used, marks, count);

    private IndexSteps(ByteSource source, int used, Mark[] marks, long count) : this([], used, marks, count) => _source = source;

    /// <summary>Gives the bytes where they lie, always the same.</summary>
    public delegate ReadOnlySpan<byte> ByteSource();

    public long Count { get; }

    public ReadOnlySpan<byte> Bytes => _source is null ? _bytes.AsSpan(0, Used) : _source();

    private int Used { get; }

    /// <summary>How many bytes a step takes.</summary>
    public static int SizeOf(ulong step) => Math.Max(1, (70 - BitOperations.LeadingZeroCount(step)) / 7);

    /// <summary>Writes a step; returns how many bytes it takes.</summary>
    public static int Write(ulong step, Span<byte> bytes)
    {
        int used = 0;
        for (; step >= 0x80; step >>= 7) bytes[used++] = (byte)(step | 0x80);
        bytes[used] = (byte)step;
        return used + 1;
    }

    /// <summary>The set that some steps stand for.</summary>
    /// <param name="length">What the indices are below of.</param>
    /// <param name="bytes">The steps, which are copied.</param>
    /// <exception cref="InvalidDataException">The bytes are no steps, or lead to the length or beyond.</exception>
    public static IndexSet Decode(long length, ReadOnlySpan<byte> bytes) => Decode(length, bytes, null);

    /// <summary>The same without a copy.</summary>
    /// <param name="length">What the indices are below of.</param>
    /// <param name="source">Gives the steps for as long as the set is used.</param>
    /// <exception cref="InvalidDataException">The bytes are no steps, or lead to the length or beyond.</exception>
    public static IndexSet Decode(long length, ByteSource source) => Decode(length, source(), source);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static IndexSet Decode(long length, ReadOnlySpan<byte> bytes, ByteSource? source)
    {
        List<Mark> marks = [];
        long index = 0, count = 0;
        for (int place = 0; place < bytes.Length;)
        {
            if (bytes.Length - place >= Together && count % MarkEvery < MarkEvery - Together && place > 0
                && SumOfShort(bytes[place..]) is > 0 and var sum && sum < length - index)
            {
                (place, index, count) = (place + Together, index + sum, count + Together);
                continue;
            }
            int start = place;
            ulong step = bytes[place++];
            if (step >= 0x80) step = ReadLong(bytes, start, ref place, length);
            if (step == 0 && start > 0) throw Defect(start, "is 0: an index stands twice", length);
            if (step >= (ulong)(length - index)) throw Defect(start, $"is {step} and leads from {index} too far", length);
            index += (long)step;
            if (++count % MarkEvery == 0) marks.Add(new(index, place));
        }
        IndexSet set = new(length, source is null ? new IndexSteps(bytes.ToArray(), bytes.Length, [.. marks], count)
            : new(source, bytes.Length, [.. marks], count));
        // A file may have steps where bits are smaller.
        return bytes.Length <= (length + 7) / 8 ? set : IndexSet.Of(length, set);
    }

    /// <summary>How far as many steps of one byte lead as go into a vector; 0 where one is longer, or none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SumOfShort(ReadOnlySpan<byte> bytes)
    {
        Vector256<byte> some = Vector256.Create(bytes);
        // As signed numbers longer ones are negative.
        if (!Vector256.GreaterThanAll(some.AsSByte(), Vector256<sbyte>.Zero)) return 0;
        (Vector256<ushort> lower, Vector256<ushort> upper) = Vector256.Widen(some);
        return Vector256.Sum(lower + upper);
    }

    private static ulong ReadLong(ReadOnlySpan<byte> bytes, int start, ref int place, long length)
    {
        int shift = 0;
        ulong step = 0;
        byte next;
        place = start;
        do
        {
            if (place == bytes.Length || shift > 56) throw Defect(start, "has no end", length);
            next = bytes[place++];
            step |= (ulong)(next & 0x7f) << shift;
            shift += 7;
        }
        while (next >= 0x80);
        return next > 0 ? step : throw Defect(start, "takes more bytes than it needs", length);
    }

    public bool Contains(long index)
    {
        for (Reader reader = ReadFrom(index); reader.MoveNext();)
            if (reader.Current >= index) return reader.Current == index;
        return false;
    }

    /// <summary>Reads on from a mark that lies before an index.</summary>
    public Reader ReadFrom(long index)
    {
        int low = 0, high = _marks.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_marks[middle].Index < index) low = middle + 1;
            else high = middle;
        }
        return new(_bytes, Used, low == 0 ? default : _marks[low - 1], _source);
    }

    private static InvalidDataException Defect(int place, string what, long length) =>
        new($"byte {place}: the step {what}. Steps are LEB128 numbers that ascend to less than {length}; take the file as it was written.");

    /// <summary>After an index, the byte behind its step.</summary>
    public readonly record struct Mark(long Index, int Offset);

    /// <summary>Reads steps that were checked.</summary>
    public struct Reader(byte[] bytes, int used, Mark start, ByteSource? source = null)
    {
        private const int AtATime = 16;

        private int _place = start.Offset;

        public long Current { get; private set; } = start.Index;

        private readonly ReadOnlySpan<byte> Bytes => source is null ? bytes : source();

        /// <summary>Reads the indices from the next on that are below an end.</summary>
        /// <param name="end">The end.</param>
        /// <param name="origin">What they are counted from.</param>
        /// <param name="places">Room for as many as there may be.</param>
        /// <returns>How many there are.</returns>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public int Read(long end, long origin, Span<int> places)
        {
            ReadOnlySpan<byte> all = Bytes;
            int count = 0, place = _place;
            long current = Current;
            while (place < used)
            {
                if (place + AtATime <= used && count + AtATime <= places.Length
                    && ReadShort(in all[place], (int)(current - origin), end - current, ref places[count]) is > 0
                    and var steps)
                {
                    (place, count, current) = (place + AtATime, count + AtATime, current + steps);
                    continue;
                }
                int next = place;
                long step = all[next++];
                if (step >= 0x80) step = ReadOn(all, step, ref next);
                if (current + step >= end) break;
                (place, current) = (next, current + step);
                places[count++] = (int)(current - origin);
            }
            (_place, Current) = (place, current);
            return count;
        }

        public bool MoveNext()
        {
            if (_place >= used) return false;
            ReadOnlySpan<byte> all = Bytes;
            long step = all[_place++];
            if (step >= 0x80) step = ReadOn(all, step, ref _place);
            Current += step;
            return true;
        }

        /// <summary>Reads as many steps of one byte as go into a vector; returns how far they lead, 0 where one is longer or leads to the
        /// end.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static int ReadShort(ref readonly byte steps, int from, long left, ref int places)
        {
            Vector128<byte> some = Vector128.LoadUnsafe(in steps);
            if (some.ExtractMostSignificantBits() != 0) return 0;
            Vector128<ushort> lower = Sum(Vector128.WidenLower(some)), upper = Sum(Vector128.WidenUpper(some));
            int middle = lower.GetElement((AtATime / 2) - 1), last = middle + upper.GetElement((AtATime / 2) - 1);
            if (last >= left) return 0;
            (Vector256.WidenLower(lower.ToVector256Unsafe()).AsInt32() + Vector256.Create(from)).StoreUnsafe(ref places);
            (Vector256.WidenLower(upper.ToVector256Unsafe()).AsInt32() + Vector256.Create(from + middle))
                .StoreUnsafe(ref places, AtATime / 2);
            return last;
        }

        /// <summary>The sums of all elements up to each.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<ushort> Sum(Vector128<ushort> steps)
        {
            // An index of no lane gives 0.
            const ushort None = ushort.MaxValue;
            steps += Vector128.Shuffle(steps, Vector128.Create(None, 0, 1, 2, 3, 4, 5, 6));
            steps += Vector128.Shuffle(steps, Vector128.Create(None, None, 0, 1, 2, 3, 4, 5));
            return steps + Vector128.Shuffle(steps, Vector128.Create(None, None, None, None, 0, 1, 2, 3));
        }

        private static long ReadOn(ReadOnlySpan<byte> all, long step, ref int place)
        {
            step &= 0x7f;
            for (int shift = 7; ; shift += 7)
            {
                long next = all[place++];
                step |= (next & 0x7f) << shift;
                if (next < 0x80) return step;
            }
        }
    }
}
