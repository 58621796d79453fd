using System.Runtime.CompilerServices;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Names that the files beside a tokenizer give to ids: those that its own file does not have, and which ones are
/// special.</summary>
/// <remarks>
/// A token that the tokenizer has keeps its id. One that it lacks has the id that the files give it, where that is free or the tokenizer is
/// a SentencePiece model, whose placeholders are renamed so; otherwise, and where none is given, the next id after the last.
/// </remarks>
internal sealed class AddedNames
{
    private readonly SortedDictionary<int, AddedToken> _tokens = [];
    private readonly HashSet<int> _specialIds = [];
    private readonly ITokenizerFile _file;
    private readonly Dictionary<string, int> _idsOfTokens = [];
    private PieceIndex? _ids; // The file's own.

    private AddedNames(ITokenizerFile file) => _file = file;

    /// <summary>One more than the largest id; 0 where there are none.</summary>
    public int Count => _tokens.Count == 0 ? 0 : _tokens.Keys.Last() + 1;

    /// <summary>The tokens by rising id.</summary>
    public IReadOnlyList<AddedToken> Tokens => [.. _tokens.Values];

    /// <summary>Places the tokens.</summary>
    public static AddedNames Of(ITokenizerFile file, TokenizerCompanions settings)
    {
        AddedNames names = new(file);
        foreach (AddedToken token in settings.AddedTokens) names.Place(token, isGiven: true);
        foreach (string name in settings.SpecialNames) names.Place(new AddedToken(0, name, IsSpecial: true), isGiven: false);
        return names;
    }

    /// <summary>The token that only the files beside the tokenizer name.</summary>
    public AddedToken? Find(int id) => _tokens.TryGetValue(id, out AddedToken token) ? token : null;

    /// <summary>Whether the files call a token of the tokenizer special.</summary>
    public bool IsSpecial(int id) => _specialIds.Contains(id);

    /// <summary>The id of a token, the lowest of several; null where there is none.</summary>
    public int? IdOf(string piece)
    {
        if (_idsOfTokens.TryGetValue(piece, out int found)) return found;
        // Few tokenizers are asked, and one of 128,000 pieces takes its time.
        _ids ??= OfFile();
        return _ids.TryGetValue(piece, out found) && !_tokens.ContainsKey(found) ? found : null;
    }

    private void Place(AddedToken token, bool isGiven)
    {
        if (token.Content.Length == 0) return;
        if (IdOf(token.Content) is { } known)
        {
            if (token.IsSpecial) _specialIds.Add(known);
            if (token.IsSpecial && _tokens.TryGetValue(known, out AddedToken placed)) _tokens[known] = placed with { IsSpecial = true };
            return;
        }
        bool isFree = !_tokens.ContainsKey(token.Id) && (token.Id >= _file.Count || _file.Piece(token.Id).Length == 0);
        bool isPlaced = isGiven && (isFree || (_file is SentencePieceModel && !_tokens.ContainsKey(token.Id)));
        int id = isPlaced ? token.Id : Math.Max(_file.Count, Count);
        _tokens.Add(id, token with { Id = id });
        _idsOfTokens[token.Content] = id;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // For the first file of a process, which is over before code is tiered up.
    private PieceIndex OfFile()
    {
        PieceIndex ids = new(_file.Count);
        for (int id = 0; id < _file.Count; id++)
            if (_file.Piece(id) is { Length: > 0 } piece)
                ids.TryAdd(piece, id);
        return ids;
    }
}
