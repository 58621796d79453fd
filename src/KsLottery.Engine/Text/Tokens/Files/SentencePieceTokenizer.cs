using System.Buffers;
using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Encodes and decodes with a SentencePiece model, as that library does.</summary>
/// <remarks>
/// Source: <c>SentencePieceProcessor</c>. Control pieces are never found in a text; what is no piece is written as its UTF-8 byte pieces,
/// or, without byte fallback, one unknown piece stands for a run of it. Tokens that only the files beside the model name are found before
/// all else, as in Hugging Face's library.
/// </remarks>
internal sealed class SentencePieceTokenizer : Tokenizer
{
    private readonly SentencePieceModel _model;
    private readonly SentencePieceNormalizer _normalizer;
    private readonly SentencePieceNormalizer? _denormalizer;
    private readonly IPieceSegmenter _segmenter;
    private readonly AddedTokenFinder _added;
    private readonly byte[] _unknownText;
    private readonly int[]? _byteIds;

    public SentencePieceTokenizer(string path, TokenTable names, SentencePieceModel model) : base(path, names)
    {
        _model = model;
        ByteTrie symbols = new();
        int? unknown = null;
        ReadOnlySpan<SentencePiece> pieces = model.Span;
        for (int id = 0; id < pieces.Length; id++)
        {
            SentencePiece piece = pieces[id];
            if (piece.Type == SentencePieceType.UserDefined) symbols.Add(piece.Utf8.Span, id);
            if (piece.Type == SentencePieceType.Unknown) unknown ??= id;
            if (piece.Type == SentencePieceType.Unused && model.Algorithm == SentencePieceAlgorithm.Bpe)
                throw TokenizerFile.Unsupported(path, $"piece {id} of type", "UNUSED",
                    "NORMAL, UNKNOWN, CONTROL, USER_DEFINED and BYTE in a BPE model");
        }
        UnknownId = unknown ?? Known(model.UnknownId);
        _byteIds = model.ByteFallback ? ReadByteIds(model) : null;
        Refuse(UnknownId is null && !(_byteIds is not null && model.Algorithm == SentencePieceAlgorithm.Bpe), "an unknown id of",
            $"{model.UnknownId}", $"0 to {model.Count - 1}");
        int unknownId = UnknownId ?? model.Count;
        _segmenter = model.Algorithm switch
        {
            SentencePieceAlgorithm.Bpe => new PairSegmenter(model, symbols, unknownId),
            SentencePieceAlgorithm.Unigram => new UnigramSegmenter(model, unknownId),
            _ => new WholeSegmenter(IdsOf(model), symbols, unknownId, isWord: model.Algorithm == SentencePieceAlgorithm.Word),
        };
        _normalizer = new SentencePieceNormalizer(SentencePieceRules.Parse(path, "normalizer_spec", model.NormalizerRules.Span),
            new(model.AddDummyPrefix, model.TreatWhitespaceAsSuffix, model.RemoveExtraWhitespaces, model.EscapeWhitespaces), symbols);
        if (SentencePieceRules.Parse(path, "denormalizer_spec", model.DenormalizerRules.Span) is { } rules)
            _denormalizer = new SentencePieceNormalizer(rules, model.DenormalizerSpaces, null);
        _added = new AddedTokenFinder([.. names.AddedTokens]);
        _unknownText = Encoding.UTF8.GetBytes(model.UnknownSurface);
        Bound(BoundaryTokens.OfModel(names, Known(model.BeginId), Known(model.EndId), Known(model.PadId)));
    }

    private static Dictionary<string, int> IdsOf(SentencePieceModel model)
    {
        Dictionary<string, int> ids = new(model.Count, StringComparer.Ordinal);
        for (int id = 0; id < model.Count; id++)
            if (model.Pieces[id] is { Type: not SentencePieceType.Control } piece)
                ids.TryAdd(piece.Text, id);
        return ids;
    }

    private protected override bool HasDummyPrefix => _model.AddDummyPrefix;

    private protected override void Encode(string text, List<int> tokens)
    {
        foreach ((int start, int length, int? added) in _added.Split(text))
        {
            if (added is { } id) tokens.Add(id);
            else EncodePart(text.AsSpan(start, length), start == 0 || Names.Settings.IsLegacy, tokens);
        }
    }

    private protected override string DecodeText(ReadOnlySpan<int> ids) => Encoding.UTF8.GetString(Decode(ids, replacesInvalid: true));

    private protected override byte[] DecodeToBytes(ReadOnlySpan<int> ids) => Decode(ids, replacesInvalid: false);

    private void EncodePart(ReadOnlySpan<char> text, bool takesPrefix, List<int> tokens)
    {
        byte[] utf8 = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, utf8);
        ReadOnlySpan<byte> rest = _normalizer.Apply(utf8, takesPrefix);
        List<(int Length, int Id)> pieces = new(rest.Length / 2);
        _segmenter.Segment(rest, pieces);
        bool isAfterUnknown = false;
        foreach ((int length, int id) in pieces)
        {
            bool isUnknown = id == (UnknownId ?? _model.Count);
            if (isUnknown && _byteIds is not null)
                foreach (byte value in rest[..length]) tokens.Add(_byteIds[value]);
            else if (!isUnknown || !isAfterUnknown) tokens.Add(id);
            isAfterUnknown = isUnknown;
            rest = rest[length..];
        }
    }

    /// <summary>Joins pieces: spaces at the start of a text go, and so do those that the model's settings take.</summary>
    private byte[] Decode(ReadOnlySpan<int> ids, bool replacesInvalid)
    {
        List<byte> text = new(4 * ids.Length), bytes = [];
        bool isAtStart = _model.AddDummyPrefix || _model.RemoveExtraWhitespaces, isStripped = false;
        foreach (int id in ids)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(id);
            AddedToken? added = Names.FindAdded(id);
            if (added is null && id < _model.Count && _model.Pieces[id].Type == SentencePieceType.Byte)
            {
                bytes.AddRange(_model.Bytes(id));
                continue;
            }
            Flush();
            if (isStripped || text.Count > 0) isAtStart = false;
            ReadOnlySpan<byte> piece = added is { } token ? (token.IsSpecial ? default : Encoding.UTF8.GetBytes(token.Content))
                : id < _model.Count ? TextOf(id) : default;
            bool isText = added is null && id < _model.Count && id != UnknownId;
            if (isText && isAtStart && piece.StartsWith(SentencePieceNormalizer.Space))
            {
                piece = piece[SentencePieceNormalizer.Space.Length..];
                isStripped = !_model.RemoveExtraWhitespaces;
            }
            if (isText) AppendWithSpaces(piece, text);
            else text.AddRange(piece);
        }
        Flush();
        return _denormalizer is null ? [.. text] : _denormalizer.Apply([.. text], takesPrefix: true);

        void Flush()
        {
            if (replacesInvalid) AppendValid([.. bytes], text);
            else text.AddRange(bytes);
            bytes.Clear();
        }
    }

    private ReadOnlySpan<byte> TextOf(int id) => id == UnknownId ? _unknownText
        : _model.Pieces[id].Type == SentencePieceType.Control ? default : _model.Pieces[id].Utf8.Span;

    private static void AppendWithSpaces(ReadOnlySpan<byte> piece, List<byte> text)
    {
        while (piece.IndexOf(SentencePieceNormalizer.Space) is var space and >= 0)
        {
            text.AddRange(piece[..space]);
            text.Add((byte)' ');
            piece = piece[(space + SentencePieceNormalizer.Space.Length)..];
        }
        text.AddRange(piece);
    }

    /// <summary>Appends characters; each byte that is part of none becomes U+FFFD.</summary>
    private static void AppendValid(ReadOnlySpan<byte> bytes, List<byte> text)
    {
        while (!bytes.IsEmpty)
        {
            bool isValid = Rune.DecodeFromUtf8(bytes, out _, out int length) == OperationStatus.Done;
            if (!isValid) length = 1;
            text.AddRange(isValid ? bytes[..length] : "\uFFFD"u8);
            bytes = bytes[length..];
        }
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
