using System.Numerics;
using System.Runtime.CompilerServices;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Ids of texts, found by a polynomial hash modulo 2⁶⁴, which a piece's every beginning and end has from one pass over
/// it.</summary>
/// <remarks>Found texts are compared, so that a clash of hashes costs time alone.</remarks>
internal sealed class PieceIndex
{
    private const ulong Base = 0x9E3779B97F4A7C15;

    // Eight bytes a slot: those of 128,000 pieces lie in a core's own cache.
    private readonly (uint Tag, int Piece)[] _slots; // Place in the list + 1; 0 marks a free slot.
    private readonly (string Text, int Id)[] _pieces;
    private readonly int _shift;
    private ulong[] _powers = [1];

    /// <param name="capacity">The largest number of texts.</param>
    public PieceIndex(int capacity)
    {
        _pieces = new (string, int)[capacity];
        _slots = new (uint, int)[BitOperations.RoundUpToPowerOf2((uint)capacity + 1) * 2];
        _shift = 64 - BitOperations.Log2((uint)_slots.Length);
    }

    /// <summary>The number of texts.</summary>
    public int Count { get; private set; }

    /// <summary>The texts and their ids, in the order in which they were added.</summary>
    public ReadOnlySpan<(string Text, int Id)> Pieces => _pieces.AsSpan(0, Count);

    /// <summary>Adds a text; the first of equal ones keeps its id.</summary>
    /// <returns>False where the text was there.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // For the first file of a process, which is over before code is tiered up.
    public bool TryAdd(string text, int id)
    {
        ulong hash = HashOf(text);
        ref (uint Tag, int Piece) slot = ref SlotOf(hash, text);
        if (slot.Piece > 0) return false;
        _pieces[Count++] = (text, id);
        slot = ((uint)hash, Count);
        return true;
    }

    /// <summary>The id of a text, negative where it has none.</summary>
    public int IdOf(ReadOnlySpan<char> text) => IdOf(text, HashOf(text));

    /// <summary>The id of a text, negative where it has none.</summary>
    /// <param name="text">The text.</param>
    /// <param name="hash">Its hash, of <see cref="HashOf"/> or <see cref="HashOfEnd"/>.</param>
    public int IdOf(ReadOnlySpan<char> text, ulong hash)
    {
        int piece = SlotOf(hash, text).Piece;
        return piece > 0 ? _pieces[piece - 1].Id : -1;
    }

    /// <summary>Finds the id of a text.</summary>
    public bool TryGetValue(ReadOnlySpan<char> text, out int id)
    {
        id = IdOf(text);
        return id >= 0;
    }

    /// <summary>The hash of a text.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
        if (length >= _powers.Length) AddPowers(length);
        return unchecked(whole - (beginning * _powers[length]));
    }

    private void AddPowers(int length)
    {
        int known = _powers.Length;
        Array.Resize(ref _powers, Math.Max(length + 1, 2 * known));
        for (int i = known; i < _powers.Length; i++) _powers[i] = unchecked(_powers[i - 1] * Base);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ref (uint Tag, int Piece) SlotOf(ulong hash, ReadOnlySpan<char> text)
    {
        (uint Tag, int Piece)[] slots = _slots;
        for (int i = (int)(unchecked(hash * Base) >> _shift); ; i = (i + 1) & (slots.Length - 1))
        {
            ref (uint Tag, int Piece) slot = ref slots[i];
            if (slot.Piece == 0 || (slot.Tag == (uint)hash && text.SequenceEqual(_pieces[slot.Piece - 1].Text))) return ref slot;
        }
    }
}
