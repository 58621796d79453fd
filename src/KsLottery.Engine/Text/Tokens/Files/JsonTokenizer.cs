namespace KsLottery.Engine.Text.Tokens;

/// <summary>Encodes and decodes with a Hugging Face <c>tokenizer.json</c>, as the tokenizers library does.</summary>
/// <remarks>
/// The order of the library: added tokens that are not normalised, the normaliser on each part between them, the other added tokens, words,
/// the model. The sections <c>truncation</c> and <c>padding</c> belong to batches and are passed over.
/// </remarks>
internal sealed class JsonTokenizer : Tokenizer
{
    private readonly TokenizerJson _file;
    private readonly IWordModel _model;
    private readonly JsonNormalizer _normalizer;
    private readonly JsonPreTokenizer _preTokenizer;
    private readonly JsonDecoder _decoder;
    private readonly AddedTokenFinder _addedBefore, _addedAfter;
    private readonly HashSet<string> _special;

    public JsonTokenizer(string path, TokenTable names, TokenizerJson file, TokenizerSettings settings) : base(path, names)
    {
        _file = file;
        _model = settings.ModelType switch
        {
            "BPE" => new BpeModel(settings),
            "Unigram" => new UnigramModel(settings),
            "WordLevel" => new WordLevelModel(settings),
            "WordPiece" => new WordPieceModel(settings),
            string other => throw settings.Options.Refuse("type", other, "BPE, Unigram, WordLevel and WordPiece"),
        };
        _normalizer = new JsonNormalizer(path, settings.Normalizer);
        _preTokenizer = new JsonPreTokenizer(path, settings.PreTokenizer);
        _decoder = new JsonDecoder(path, settings.Decoder);
        CheckIds(file, settings);
        AddedToken[] added = [.. file.AddedTokens, .. names.AddedTokens];
        AddedToken[] before = [.. added.Where(token => !token.IsNormalized)];
        AddedToken[] after = [.. added.Where(token => token.IsNormalized)
            .Select(token => token with { Content = _normalizer.Apply(token.Content) })];
        foreach (AddedToken token in after)
            Refuse(token.Content.Length == 0 && Names.Piece(token.Id).Length > 0, "a normalized added token", Names.Piece(token.Id),
                "one of which the normalizer leaves something");
        (_addedBefore, _addedAfter) = (new AddedTokenFinder(before), new AddedTokenFinder(after));
        _special = [.. added.Where(token => token.IsSpecial).Select(token => token.Content)];
        Bound(BoundaryTokens.OfJson(names, SurroundingTokens.Read(path, settings.PostProcessor, names.IdOf)));
        UnknownId = file.UnknownId;
    }

    private protected override bool HasDummyPrefix => false;

    private protected override void Encode(string text, List<int> tokens)
    {
        IWordEncoder encoder = _model.Start();
        foreach ((int start, int length, int? added) in _addedBefore.Split(text))
        {
            if (added is { } id)
            {
                tokens.Add(id);
                continue;
            }
            int atStart = start > 0 ? 0 : char.IsHighSurrogate(text[0]) ? 2 : 1;
            AppendNormalized(_normalizer.Apply(new AlignedText(text.AsMemory(start, length), atStart)), encoder, tokens);
        }
    }

    private protected override string DecodeText(ReadOnlySpan<int> ids) => _decoder.ToText(PiecesOf(ids));

    private protected override byte[] DecodeToBytes(ReadOnlySpan<int> ids) => _decoder.ToBytes(PiecesOf(ids));

    private void AppendNormalized(AlignedText part, IWordEncoder encoder, List<int> tokens)
    {
        foreach ((int start, int length, int? added) in _addedAfter.Split(part.Text.ToString()))
        {
            if (added is { } id) tokens.Add(id);
            else
                foreach (AlignedText word in _preTokenizer.Apply(part.Slice(start, start + length)))
                    encoder.Append(word.Span, tokens);
        }
    }

    private List<string> PiecesOf(ReadOnlySpan<int> ids)
    {
        List<string> pieces = new(ids.Length);
        foreach (int id in ids)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(id);
            string? piece = Names.FindAdded(id) is { } added ? added.Content : _file.HasPiece(id) ? _file.Piece(id) : null;
            if (piece is not null && !_special.Contains(piece)) pieces.Add(piece);
        }
        return pieces;
    }

    /// <summary>Refuses a file whose ids are not those that the library would give its added tokens: it does not read them.</summary>
    private void CheckIds(TokenizerJson file, TokenizerSettings settings)
    {
        Dictionary<string, int> ids = [];
        int next = settings.Scores?.Count ?? settings.Vocabulary.Count;
        for (int i = 0; i < file.AddedTokens.Count; i++)
        {
            (int id, string content) = (file.AddedTokens[i].Id, file.AddedTokens[i].Content);
            if (content.Length == 0) continue;
            if (!settings.Vocabulary.TryGetValue(content, out int given) && !ids.TryGetValue(content, out given)) given = next++;
            Refuse(given != id, $"added_tokens[{i}].id", $"{id}", $"{given}, which the tokenizers library gives " +
                $"{VisibleText.Escape(content)} whatever the file says");
            ids[content] = given;
        }
    }
}
