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
    private readonly Dictionary<int, int> _symbols = [];
    private readonly List<Rune> _innerCharacters = [];
    private readonly int _count;

    /// <summary>About how many ways a piece can be joined in; a table that is made too small grows.</summary>
    private const int MergesOfPiece = 2;

    /// <summary>Takes the pieces that text can be joined to; the first of equal pieces counts.</summary>
    /// <param name="count">The number of all ids.</param>
    /// <param name="pieces">Text, score (higher goes first) and id.</param>
    public ScoredPieces(int count, IReadOnlyCollection<(string Text, float Score, int Id)> pieces)
    {
        _count = count;
        _ids = new PieceIndex(pieces.Count);
        Merges = new MergeTable(capacity: MergesOfPiece * pieces.Count);
        foreach ((string text, _, int id) in pieces) _ids.TryAdd(text, id);
        foreach ((string text, _, _) in pieces) AddCharacters(text);
        int[] ranks = Ranks(pieces);
        foreach ((int i, (string text, _, int id)) in pieces.Index()) AddMerges(text, ranks[i], id);
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

    private void AddCharacters(string text)
    {
        foreach (Rune character in text.EnumerateRunes())
        {
            if (_symbols.ContainsKey(character.Value)) continue;
            string single = character.ToString();
            if (_ids.IdOf(single, PieceIndex.HashOf(single)) is >= 0 and int id)
            {
                _symbols.Add(character.Value, id);
                continue;
            }
            _symbols.Add(character.Value, _count + _innerCharacters.Count);
            _innerCharacters.Add(character);
        }
    }

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
            if (SymbolOf(left, beginning) is not { } leftId) continue;
            if (SymbolOf(right, _ids.HashOfEnd(whole, beginning, right.Length)) is not { } rightId) continue;
            Merges.Set(leftId, rightId, rank, id);
            Merges.AddJoint(left, right, _symbols);
        }
    }

    /// <summary>The place of each piece's score among the distinct ones, from the highest.</summary>
    private static int[] Ranks(IReadOnlyCollection<(string Text, float Score, int Id)> pieces)
    {
        float[] scores = [.. pieces.Select(piece => piece.Score)];
        int[] order = [.. Enumerable.Range(0, scores.Length)], ranks = new int[scores.Length];
        Array.Sort(scores, order);
        for (int i = scores.Length - 2; i >= 0; i--)
            ranks[order[i]] = ranks[order[i + 1]] + (scores[i].Equals(scores[i + 1]) ? 0 : 1);
        return ranks;
    }

    private int? SymbolOf(ReadOnlySpan<char> text, ulong hash)
    {
        if (_ids.IdOf(text, hash) is >= 0 and int id) return id;
        Rune.DecodeFromUtf16(text, out Rune character, out int length);
        return length == text.Length ? _symbols[character.Value] : null;
    }
}
