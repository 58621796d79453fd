using System.Numerics;
using System.Runtime.InteropServices;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Ids of texts, found by a polynomial hash modulo 2⁶⁴, which a piece's every beginning and end has from one pass over
/// it.</summary>
/// <remarks>Found texts are compared, so that a clash of hashes costs time alone.</remarks>
internal sealed class PieceIndex
{
    private const ulong Base = 0x9E3779B97F4A7C15;

    // Eight bytes a slot: those of 128,000 pieces lie in a core's own cache.
    private readonly (uint Tag, int Piece)[] _slots;
    private readonly List<(int Start, int Length, int Id)> _pieces = [default];
    private readonly List<char> _characters = [];
    private readonly List<ulong> _powers = [1];
    private readonly int _shift;

    /// <param name="capacity">The largest number of texts.</param>
    public PieceIndex(int capacity)
    {
        _slots = new (uint, int)[BitOperations.RoundUpToPowerOf2((uint)capacity + 1) * 2];
        _shift = 64 - BitOperations.Log2((uint)_slots.Length);
    }

    /// <summary>Adds a text; the first of equal ones keeps its id.</summary>
    public void TryAdd(string text, int id)
    {
        if (text.Length == 0) return;
        ulong hash = HashOf(text);
        ref (uint Tag, int Piece) slot = ref SlotOf(hash, text);
        if (slot.Piece > 0) return;
        slot = ((uint)hash, _pieces.Count);
        _pieces.Add((_characters.Count, text.Length, id));
        _characters.AddRange(text.AsSpan());
    }

    /// <summary>The id of a text, negative where it has none.</summary>
    /// <param name="text">The text, at least one character.</param>
    /// <param name="hash">Its hash, of <see cref="HashOf"/> or <see cref="HashOfEnd"/>.</param>
    public int IdOf(ReadOnlySpan<char> text, ulong hash)
    {
        int piece = SlotOf(hash, text).Piece;
        return piece > 0 ? _pieces[piece].Id : -1;
    }

    /// <summary>The hash of a text.</summary>
    public static ulong HashOf(ReadOnlySpan<char> text)
    {
        ulong hash = 0;
        foreach (char next in text) hash = Append(hash, next);
        return hash;
    }

    /// <summary>The hash of a text that has one character more.</summary>
    public static ulong Append(ulong hash, char next) => unchecked((hash * Base) + next + 1);

    /// <summary>The hash of what is left of a text behind its beginning.</summary>
    /// <param name="whole">The text's hash.</param>
    /// <param name="beginning">The hash of its beginning.</param>
    /// <param name="length">Characters that are left.</param>
    public ulong HashOfEnd(ulong whole, ulong beginning, int length)
    {
        while (_powers.Count <= length) _powers.Add(unchecked(_powers[^1] * Base));
        return unchecked(whole - (beginning * _powers[length]));
    }

    private ref (uint Tag, int Piece) SlotOf(ulong hash, ReadOnlySpan<char> text)
    {
        for (int i = (int)(unchecked(hash * Base) >> _shift); ; i = (i + 1) & (_slots.Length - 1))
        {
            ref (uint Tag, int Piece) slot = ref _slots[i];
            if (slot.Piece == 0 || (slot.Tag == (uint)hash && TextOf(slot.Piece).SequenceEqual(text))) return ref slot;
        }
    }

    private Span<char> TextOf(int piece)
    {
        (int start, int length, int _) = _pieces[piece];
        return CollectionsMarshal.AsSpan(_characters).Slice(start, length);
    }
}
