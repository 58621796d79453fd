using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>A vocabulary of scored pieces, made ready for joining: its characters as symbols, its merges as a table.</summary>
/// <remarks>
/// The symbol of a character is the id of its piece; a character that only occurs within pieces has a number from the count of ids on,
/// one that no piece knows is negative.
/// </remarks>
internal sealed class ScoredPieces
{
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<int, int> _symbols = [];
    private readonly List<Rune> _innerCharacters = [];
    private readonly int _count;

    /// <summary>Takes the pieces that text can be joined to; the first of equal pieces counts.</summary>
    /// <param name="count">The number of all ids.</param>
    /// <param name="pieces">Text, score (higher goes first) and id.</param>
    public ScoredPieces(int count, IReadOnlyCollection<(string Text, float Score, int Id)> pieces)
    {
        _count = count;
        float[] scores = [.. pieces.Select(piece => piece.Score).Distinct().OrderDescending()];
        Dictionary<float, int> ranks = [];
        foreach (float score in scores) ranks.Add(score, ranks.Count);

        foreach ((string text, _, int id) in pieces) _ids.TryAdd(text, id);
        foreach ((string text, _, _) in pieces) AddCharacters(text);
        foreach ((string text, float score, int id) in pieces)
            if (_ids[text] == id)
                AddMerges(text, ranks[score], id);
    }

    /// <summary>The pairs that join.</summary>
    public MergeTable Merges { get; } = new();

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
            if (_ids.TryGetValue(character.ToString(), out int id))
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
        for (int split = 1; split < text.Length; split++)
        {
            ReadOnlySpan<char> left = text.AsSpan(0, split), right = text.AsSpan(split);
            if (char.IsLowSurrogate(right[0]) || SymbolOf(left) is not { } leftId || SymbolOf(right) is not { } rightId) continue;
            Merges.Set(leftId, rightId, rank, id);
            Merges.AddJoint(left, right, _symbols);
        }
    }

    private int? SymbolOf(ReadOnlySpan<char> text)
    {
        if (_ids.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out int id)) return id;
        Rune.DecodeFromUtf16(text, out Rune character, out int length);
        return length == text.Length ? _symbols[character.Value] : null;
    }
}
