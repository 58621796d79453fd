using System.Runtime.CompilerServices;
using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>A vocabulary of scored pieces, made ready for joining: its characters as symbols, its merges as a table.</summary>
/// <remarks>
/// The symbol of a character is the id of its piece; a character that only occurs within pieces has a number from the count of ids on,
/// one that no piece knows is negative.
/// </remarks>
internal sealed class ScoredPieces
{
    private readonly PieceIndex _ids;
    private readonly CodePointTable _symbols = new();
    private readonly List<Rune> _innerCharacters = [];
    private readonly int _count;

    /// <summary>About how many ways a piece can be joined in; a table that is made too small grows.</summary>
    private const int MergesOfPiece = 2;

    /// <summary>Takes the pieces that text can be joined to; the first of equal pieces counts.</summary>
    /// <param name="count">The number of all ids.</param>
    /// <param name="pieces">Text, score (higher goes first) and id.</param>
    public ScoredPieces(int count, ReadOnlySpan<(string Text, float Score, int Id)> pieces)
    {
        _count = count;
        _ids = new PieceIndex(pieces.Length);
        Merges = new MergeTable(capacity: MergesOfPiece * pieces.Length);
        foreach ((string text, _, int id) in pieces) _ids.TryAdd(text, id);
        foreach ((string text, _, _) in pieces) AddCharacters(text);
        int[] ranks = Ranks(pieces);
        for (int i = 0; i < pieces.Length; i++) AddMerges(pieces[i].Text, ranks[i], pieces[i].Id);
    }

    /// <summary>The pairs that join.</summary>
    public MergeTable Merges { get; }

    /// <summary>The symbol of a character.</summary>
    public int SymbolOf(Rune character) => _symbols.TryGetValue(character.Value, out int symbol) ? symbol : ~character.Value;

    /// <summary>Whether a symbol is a token.</summary>
    /// <param name="symbol">A symbol.</param>
    /// <param name="character">Of any other symbol, the character that it stands for.</param>
    public bool IsToken(int symbol, out Rune character)
    {
        bool isToken = symbol >= 0 && symbol < _count;
        character = isToken ? default : symbol < 0 ? new Rune(~symbol) : _innerCharacters[symbol - _count];
        return isToken;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // For the first file of a process, which is over before code is tiered up.
    private void AddCharacters(string text)
    {
        foreach (Rune character in text.EnumerateRunes())
        {
            if (_symbols.TryGetValue(character.Value, out _)) continue;
            string single = character.ToString();
            if (_ids.TryGetValue(single, out int id))
            {
                _symbols[character.Value] = id;
                continue;
            }
            _symbols[character.Value] = _count + _innerCharacters.Count;
            _innerCharacters.Add(character);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddMerges(string text, int rank, int id)
    {
        if (text.Length == 0) return;
        ulong whole = PieceIndex.HashOf(text), beginning = 0;
        if (_ids.IdOf(text, whole) != id) return;
        for (int split = 1; split < text.Length; split++)
        {
            beginning = PieceIndex.Append(beginning, text[split - 1]);
            if (char.IsLowSurrogate(text[split])) continue;
            ReadOnlySpan<char> left = text.AsSpan(0, split), right = text.AsSpan(split);
            if (!TryFind(left, beginning, out int leftId)) continue;
            if (!TryFind(right, _ids.HashOfEnd(whole, beginning, right.Length), out int rightId)) continue;
            Merges.Set(leftId, rightId, rank, id);
            Merges.AddJoint(left, right, _symbols);
        }
    }

    /// <summary>The place of each piece's score among the distinct ones, from the highest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int[] Ranks(ReadOnlySpan<(string Text, float Score, int Id)> pieces)
    {
        int[] ranks = new int[pieces.Length];
        int sorted = 1; // Files list their pieces by score.
        for (; sorted < pieces.Length; sorted++)
        {
            float before = pieces[sorted - 1].Score, score = pieces[sorted].Score;
            bool isSame = score.Equals(before);
            if (!isSame && !(score < before)) break;
            ranks[sorted] = ranks[sorted - 1] + (isSame ? 0 : 1);
        }
        if (sorted < pieces.Length) SetRanks(pieces, ranks);
        return ranks;
    }

    private static void SetRanks(ReadOnlySpan<(string Text, float Score, int Id)> pieces, int[] ranks)
    {
        float[] scores = new float[ranks.Length];
        int[] order = new int[ranks.Length];
        for (int i = 0; i < order.Length; i++) (scores[i], order[i]) = (pieces[i].Score, i);
        Array.Sort(scores, order);
        ranks[order[^1]] = 0;
        for (int i = scores.Length - 2; i >= 0; i--)
            ranks[order[i]] = ranks[order[i + 1]] + (scores[i].Equals(scores[i + 1]) ? 0 : 1);
    }

    /// <summary>Finds the symbol of a text that is a piece or one character.</summary>
    private bool TryFind(ReadOnlySpan<char> text, ulong hash, out int symbol)
    {
        symbol = _ids.IdOf(text, hash);
        if (symbol >= 0) return true;
        bool isCharacter = text.Length == 1 || (text.Length == 2 && char.IsHighSurrogate(text[0]));
        if (!isCharacter) return false;
        Rune.DecodeFromUtf16(text, out Rune character, out int length);
        return length == text.Length && _symbols.TryGetValue(character.Value, out symbol);
    }
}
