using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace KsLottery.Engine.Numerics;

/// <summary>A stretch of consecutive whole numbers.</summary>
/// <param name="Start">The first.</param>
/// <param name="Length">How many.</param>
public readonly record struct IndexRun(long Start, long Length)
{
    /// <summary>The number behind the last.</summary>
    public long End => Start + Length;
}

/// <summary>An immutable set of whole numbers in [0, Length), in ascending order.</summary>
/// <remarks>
/// It is kept, and written to files, in the smaller of two codings, see <see cref="IndexCoding"/>: 1 % of a billion indices takes about
/// 11 MB, half of them 125 MB. Two sets with the same members are equal however they came about.
/// </remarks>
public sealed class IndexSet : IEnumerable<long>, IEquatable<IndexSet>
{
    // Of fewer than one in so many, members are compared one by one.
    private const int FewBelow = 200;

    private readonly ulong[]? _bits;
    private readonly IndexSteps _steps;

    internal IndexSet(long length, ulong[] bits)
    {
        (Length, _bits) = (length, bits);
        foreach (ulong word in bits) Count += BitOperations.PopCount(word);
    }

    internal IndexSet(long length, IndexSteps steps) => (Length, _steps, Count) = (length, steps, steps.Count);

    /// <summary>What the numbers are below of.</summary>
    public long Length { get; }

    /// <summary>How many there are.</summary>
    public long Count { get; }

    /// <summary>How the set is kept.</summary>
    public IndexCoding Coding => _bits is null ? IndexCoding.Steps : IndexCoding.Bits;

    /// <summary>What <see cref="Encode"/> takes, about as much as the set in memory.</summary>
    internal long CodedBytes => _bits is null ? _steps.Bytes.Length : (Length + 7) / 8;

    /// <summary>Count / Length, 0 to 1; NaN of no length.</summary>
    public double Density => (double)Count / Length;

    /// <summary>The set without members.</summary>
    public static IndexSet Empty(long length) => new IndexSetBuilder(length).ToSet();

    /// <summary>All numbers below a length.</summary>
    public static IndexSet All(long length) => OfRuns(length, length > 0 ? [new(0, length)] : []);

    /// <summary>The set of some numbers.</summary>
    /// <exception cref="ArgumentException">They do not ascend, or one is not in [0, length).</exception>
    public static IndexSet Of(long length, IEnumerable<long> ascending)
    {
        ArgumentNullException.ThrowIfNull(ascending);
        IndexSetBuilder builder = new(length);
        foreach (long index in ascending) builder.Add(index);
        return builder.ToSet();
    }

    /// <summary>The set of some numbers.</summary>
    /// <exception cref="ArgumentException">They do not ascend, or one is not in [0, length).</exception>
    public static IndexSet Of(long length, IEnumerable<int> ascending) => Of(length, ascending.Select(i => (long)i));

    /// <summary>The set of all numbers in some runs.</summary>
    /// <exception cref="ArgumentException">The runs overlap, do not ascend, or leave [0, length).</exception>
    public static IndexSet OfRuns(long length, IEnumerable<IndexRun> ascending)
    {
        ArgumentNullException.ThrowIfNull(ascending);
        IndexSetBuilder builder = new(length);
        foreach (IndexRun run in ascending) builder.AddRun(run);
        return builder.ToSet();
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The bytes are no such coding of numbers below the length.</exception>
    public static IndexSet Decode(long length, IndexCoding coding, ReadOnlySpan<byte> bytes) => coding switch
    {
        IndexCoding.Bits => DecodeBits(length, bytes),
        IndexCoding.Steps => IndexSteps.Decode(length, bytes),
        _ => throw new InvalidDataException($"{coding} is no coding of indices; Bits and Steps are."),
    };

    /// <summary>The same, which may leave the bytes where they lie.</summary>
    /// <inheritdoc cref="Decode(long, IndexCoding, ReadOnlySpan{byte})" path="/exception"/>
    internal static IndexSet Decode(long length, IndexCoding coding, IndexSteps.ByteSource source) =>
        coding == IndexCoding.Steps ? IndexSteps.Decode(length, source) : Decode(length, coding, source());

    /// <summary>The bytes of the set in its <see cref="Coding"/>.</summary>
    public byte[] Encode() => Encoded.ToArray();

    /// <summary>The same bytes where they lie.</summary>
    internal ReadOnlySpan<byte> Encoded => _bits is null ? _steps.Bytes
        : MemoryMarshal.AsBytes(_bits.AsSpan())[..(int)((Length + 7) / 8)];

    /// <summary>Whether a number is in the set.</summary>
    public bool Contains(long index)
    {
        if (index < 0 || index >= Length) return false;
        return _bits is not null ? (_bits[index >> 6] >> (int)(index & 63) & 1) != 0 : _steps.Contains(index);
    }

    /// <summary>The longest stretches without a gap, ascending.</summary>
    public IEnumerable<IndexRun> Runs
    {
        get
        {
            long start = -1, end = -1;
            foreach (long index in this)
            {
                if (index == end)
                {
                    end++;
                    continue;
                }
                if (start >= 0) yield return new(start, end - start);
                (start, end) = (index, index + 1);
            }
            if (start >= 0) yield return new(start, end - start);
        }
    }

    /// <summary>What is in either set.</summary>
    /// <exception cref="ArgumentException">The sets are of different lengths; so for the others.</exception>
    public IndexSet Union(IndexSet other) => Combine(other, Parts.Own | Parts.Other | Parts.Both);

    /// <summary>What is in both sets.</summary>
    public IndexSet Intersect(IndexSet other) => Combine(other, Parts.Both);

    /// <summary>What is in this set alone.</summary>
    public IndexSet Except(IndexSet other) => Combine(other, Parts.Own);

    /// <summary>What is in one set alone.</summary>
    public IndexSet SymmetricExcept(IndexSet other) => Combine(other, Parts.Own | Parts.Other);

    /// <summary>What is below the length and not in this set.</summary>
    public IndexSet Complement() => All(Length).Except(this);

    /// <summary>|A ∩ B| / |A ∪ B|; NaN where both are empty.</summary>
    public double Jaccard(IndexSet other)
    {
        long both = Intersect(other).Count;
        return (double)both / (Count + other.Count - both);
    }

    /// <summary>|A ∩ B| / √(|A|·|B|), the cosine of the two masks; NaN where one is empty.</summary>
    public double Cosine(IndexSet other) => Intersect(other).Count / Math.Sqrt((double)Count * other.Count);

    /// <summary>The members from a number on.</summary>
    public IEnumerable<long> From(long start)
    {
        for (Enumerator members = new(this, start); members.MoveNext();) yield return members.Current;
    }

    /// <summary>Enumerates the members in ascending order.</summary>
    public Enumerator GetEnumerator() => new(this, 0);

    IEnumerator<long> IEnumerable<long>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(IndexSet? other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (other is null || Length != other.Length || Count != other.Count) return false;
        // One set of members has one coding: the builder decides by their number and distance alone.
        return _bits is not null ? other._bits is not null && _bits.AsSpan().SequenceEqual(other._bits)
            : other._bits is null && _steps.Bytes.SequenceEqual(other._steps.Bytes);
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as IndexSet);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Length, Count);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Count:N0} of {Length:N0}");

    private static IndexSet DecodeBits(long length, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != (length + 7) / 8)
            throw new InvalidDataException($"{bytes.Length} bytes of bits stand for {length} indices; {(length + 7) / 8} would.");
        if (length % 8 != 0 && bytes[^1] >> (int)(length % 8) != 0)
            throw new InvalidDataException($"a bit behind the last of {length} indices is set.");
        ulong[] bits = new ulong[(length + 63) / 64];
        bytes.CopyTo(MemoryMarshal.AsBytes(bits.AsSpan()));
        return IndexSetBuilder.Compact(length, bits);
    }

    private IndexSet Combine(IndexSet other, Parts parts)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Length != Length)
            throw new ArgumentException($"one set is of {Length} indices, the other of {other.Length}. Take two of one length.",
                nameof(other));
        if (Count + other.Count < Length / FewBelow) return Merge(other, parts);
        return _bits is not null && other._bits is not null ? CombineBits(other._bits, parts) : CombineWindows(other, parts);
    }

    private IndexSet CombineBits(ulong[] other, Parts parts)
    {
        ulong[] bits = new ulong[other.Length];
        Combine(_bits, other, parts, bits);
        return IndexSetBuilder.Compact(Length, bits);
    }

    private IndexSet CombineWindows(IndexSet other, Parts parts)
    {
        IndexSetBuilder builder = new(Length);
        IndexWindows own = new(this), others = new(other);
        ulong[] bits = new ulong[IndexWindows.Words];
        for (long start = 0; start < Length; start += IndexWindows.Length)
        {
            Combine(own.Read(start), others.Read(start), parts, bits);
            builder.AddBits(start, bits);
        }
        return builder.ToSet();
    }

    private static void Combine(ReadOnlySpan<ulong> own, ReadOnlySpan<ulong> others, Parts parts, Span<ulong> bits)
    {
        switch (parts)
        {
            case Parts.Both: TensorPrimitives.BitwiseAnd(own, others, bits); break;
            case Parts.Own | Parts.Other | Parts.Both: TensorPrimitives.BitwiseOr(own, others, bits); break;
            case Parts.Own | Parts.Other: TensorPrimitives.Xor(own, others, bits); break;
            default:
                TensorPrimitives.BitwiseAnd(own, others, bits);
                TensorPrimitives.Xor(own, bits, bits);
                break;
        }
    }

    private IndexSet Merge(IndexSet other, Parts parts)
    {
        IndexSetBuilder builder = new(Length);
        Enumerator a = GetEnumerator(), b = other.GetEnumerator();
        bool hasA = a.MoveNext(), hasB = b.MoveNext();
        while (hasA || hasB)
        {
            long index = hasA && (!hasB || a.Current <= b.Current) ? a.Current : b.Current;
            bool inA = hasA && a.Current == index, inB = hasB && b.Current == index;
            if (parts.HasFlag(inA && inB ? Parts.Both : inA ? Parts.Own : Parts.Other)) builder.Add(index);
            if (inA) hasA = a.MoveNext();
            if (inB) hasB = b.MoveNext();
        }
        return builder.ToSet();
    }

    /// <summary>The words of a stretch, where the set is kept as bits.</summary>
    internal ReadOnlySpan<ulong> WordsFrom(long start, int count) =>
        _bits.AsSpan((int)(start >> 6), (int)Math.Min(count, _bits!.Length - (start >> 6)));

    [Flags]
    private enum Parts
    {
        Own = 1,
        Other = 2,
        Both = 4,
    }

    /// <summary>Goes through the members.</summary>
    public struct Enumerator : IEnumerator<long>
    {
        private readonly ulong[]? _bits;
        private readonly long _start;
        private IndexSteps.Reader _steps;
        private ulong _word;
        private long _place;

        internal Enumerator(IndexSet set, long start)
        {
            (_bits, _start) = (set._bits, Math.Clamp(start, 0, set.Length));
            Current = -1;
            if (_bits is null) _steps = set._steps.ReadFrom(_start);
            else if ((_place = _start >> 6) < _bits.Length) _word = _bits[_place] & (ulong.MaxValue << (int)(_start & 63));
        }

        /// <inheritdoc/>
        public long Current { get; private set; }

        readonly object IEnumerator.Current => Current;

        /// <inheritdoc/>
        public bool MoveNext()
        {
            if (_bits is null)
            {
                do
                {
                    if (!_steps.MoveNext()) return false;
                }
                while (_steps.Current < _start);
                Current = _steps.Current;
                return true;
            }
            while (_word == 0)
            {
                if (++_place >= _bits.Length) return false;
                _word = _bits[_place];
            }
            Current = (_place << 6) + BitOperations.TrailingZeroCount(_word);
            _word &= _word - 1;
            return true;
        }

        /// <summary>Reads the members from the next on that are below an end; for one that began at 0.</summary>
        /// <param name="end">The end.</param>
        /// <param name="origin">What they are counted from.</param>
        /// <param name="places">Room for as many as there may be.</param>
        /// <returns>How many there are.</returns>
        internal int Read(long end, long origin, Span<int> places)
        {
            if (_bits is null) return _steps.Read(end, origin, places);
            int count = 0;
            while (true)
            {
                for (; _word != 0; _word &= _word - 1)
                {
                    long member = (_place << 6) + BitOperations.TrailingZeroCount(_word);
                    if (member >= end) return count;
                    places[count++] = (int)(member - origin);
                }
                if (_place + 1 >= _bits.Length || (_place + 1) << 6 >= end) return count;
                _word = _bits[++_place];
            }
        }

        /// <inheritdoc/>
        public readonly void Reset() => throw new NotSupportedException("take another enumerator.");

        /// <inheritdoc/>
        public readonly void Dispose()
        {
        }
    }
}
