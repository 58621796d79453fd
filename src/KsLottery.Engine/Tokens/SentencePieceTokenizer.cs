using System.Runtime.InteropServices;
using System.Text;

namespace KsLottery.Engine.Tokens;

/// <summary>Encodes with a SentencePiece BPE model.</summary>
/// <remarks>
/// Source: SentencePiece's <c>bpe::Model</c> and <c>Normalizer</c>. User-defined pieces are found first and stay whole; control pieces
/// are never found in text; a character outside the vocabulary is written as its UTF-8 byte pieces, or, without byte fallback, one
/// unknown piece stands for a run of them. Tokens that only the files beside the model name are found before all else, as in Hugging Face's
/// library.
/// </remarks>
internal sealed class SentencePieceTokenizer : Tokenizer
{
    private const char Space = '▁';

    private readonly SentencePieceModel _model;
    private readonly ScoredPieces _pieces;
    private readonly LiteralMatcher _userDefined;
    private readonly AddedTokenFinder _added;
    private readonly int[]? _byteIds;

    public SentencePieceTokenizer(string path, TokenTable names, SentencePieceModel model) : base(path, names)
    {
        _model = model;
        Refuse(model.Algorithm != SentencePieceAlgorithm.Bpe, "model type", model.Algorithm.ToString().ToUpperInvariant(), "BPE");
        Refuse(model.NormalizerRules.Length > 0, "normalizer", model.Normalizer, "identity (no compiled rules)");
        Refuse(model.TreatWhitespaceAsSuffix, "treat_whitespace_as_suffix", "true", "false");
        List<(string, float, int)> pieces = [];
        List<(string, int)> userDefined = [];
        for (int id = 0; id < model.Count; id++)
        {
            SentencePiece piece = model.Pieces[id];
            if (piece.Type == SentencePieceType.Normal) pieces.Add((piece.Text, piece.Score, id));
            if (piece.Type == SentencePieceType.UserDefined) userDefined.Add((piece.Text, id));
            Refuse(piece.Type == SentencePieceType.Unused, $"piece {id} of type", "UNUSED",
                "NORMAL, UNKNOWN, CONTROL, USER_DEFINED and BYTE");
        }
        _pieces = new ScoredPieces(model.Count, pieces);
        _userDefined = new LiteralMatcher(userDefined);
        _added = new AddedTokenFinder([.. names.AddedTokens]);
        _byteIds = model.ByteFallback ? ReadByteIds(model) : null;
        Bound(BoundaryTokens.OfModel(names, Known(model.BeginId), Known(model.EndId), Known(model.PadId)));
        UnknownId = Known(model.UnknownId);
        Refuse(_byteIds is null && UnknownId is null, "an unknown id of", $"{model.UnknownId}", $"0 to {model.Count - 1}");
    }

    private protected override bool HasDummyPrefix => _model.AddDummyPrefix;

    private protected override bool IsText(int id) =>
        _model.Pieces[id].Type is SentencePieceType.Normal or SentencePieceType.UserDefined or SentencePieceType.Byte;

    private protected override void Encode(string text, List<int> tokens)
    {
        foreach ((int start, int length, int? added) in _added.Split(text))
        {
            if (added is { } id) tokens.Add(id);
            else EncodePart(text.Substring(start, length), start == 0 || Names.Settings.IsLegacy, tokens);
        }
    }

    private void EncodePart(string text, bool takesPrefix, List<int> tokens)
    {
        PairMerging merging = new(_pieces.Merges);
        List<int> symbols = [];
        ReadOnlySpan<char> rest = Normalize(text, takesPrefix);
        while (_userDefined.TryFind(rest, out int start, out int length, out int id))
        {
            AppendPieces(rest[..start]);
            tokens.Add(id);
            rest = rest[(start + length)..];
        }
        AppendPieces(rest);

        void AppendPieces(ReadOnlySpan<char> part)
        {
            symbols.Clear();
            foreach (Rune character in part.EnumerateRunes()) symbols.Add(_pieces.SymbolOf(character));
            List<int> joined = new(symbols.Count);
            merging.Append(CollectionsMarshal.AsSpan(symbols), joined);
            bool isAfterUnknown = false;
            foreach (int symbol in joined)
            {
                bool isToken = _pieces.IsToken(symbol, out Rune character);
                if (isToken) tokens.Add(symbol);
                else if (_byteIds is not null) AppendBytes(character, _byteIds, tokens);
                else if (!isAfterUnknown) tokens.Add(UnknownId!.Value);
                isAfterUnknown = !isToken;
            }
        }
    }

    private string Normalize(string text, bool takesPrefix)
    {
        char space = _model.EscapeWhitespaces ? Space : ' ';
        bool trims = _model.RemoveExtraWhitespaces;
        if (text.AsSpan().TrimStart(' ').IsEmpty && (trims || text.Length == 0)) return "";
        StringBuilder normalized = new(text.Length + 1);
        if (_model.AddDummyPrefix && takesPrefix) normalized.Append(space);
        bool isAfterSpace = trims;
        foreach (char character in text)
        {
            if (character != ' ' || !isAfterSpace) normalized.Append(character == ' ' ? space : character);
            isAfterSpace = trims && character == ' ';
        }
        int length = normalized.Length;
        while (trims && length > 0 && normalized[length - 1] == space) length--;
        return normalized.ToString(0, length);
    }

    private int[] ReadByteIds(SentencePieceModel model)
    {
        int[] ids = new int[256];
        Array.Fill(ids, -1);
        for (int id = 0; id < model.Count; id++)
            if (model.Pieces[id].Type == SentencePieceType.Byte && PieceNames.TryParseByte(model.Pieces[id].Text, out byte value))
                ids[value] = id;
        int missing = Array.IndexOf(ids, -1);
        Refuse(missing >= 0, "byte_fallback without piece", $"<0x{missing:X2}>", "all of <0x00> to <0xFF>");
        return ids;
    }

    private int? Known(int id) => id >= 0 && id < _model.Count ? id : null;
}
