namespace KsLottery.Engine.Numerics;

/// <summary>The members of a set as bits, a window at a time, from front to back. For one thread.</summary>
internal sealed class IndexWindows(IndexSet set)
{
    /// <summary>The indices of a window.</summary>
    public const int Length = 1 << 15;

    /// <summary>The words of a window.</summary>
    public const int Words = Length / 64;

    private readonly bool _areBits = set.Coding == IndexCoding.Bits;
    private readonly PlaceBits _bits = new(Length);
    private readonly ulong[] _words = new ulong[Words];
    private readonly int[] _places = new int[Length];
    private IndexSet.Enumerator _members = set.GetEnumerator();

    /// <summary>The bits of the window behind the last one; those behind the set's length are 0.</summary>
    public ReadOnlySpan<ulong> Read(long start)
    {
        if (!_areBits) _bits.Write(_places.AsSpan(0, _members.Read(start + Length, start, _places)), _words);
        else if (set.WordsFrom(start, Words) is var words && words.Length == Words) return words;
        else
        {
            Array.Clear(_words);
            words.CopyTo(_words);
        }
        return _words;
    }
}
