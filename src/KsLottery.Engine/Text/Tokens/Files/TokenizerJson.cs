using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>A token that a <c>tokenizer.json</c> puts before its model: found in a text as it stands.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="IsSpecial">Whether it marks structure rather than being text.</param>
internal readonly record struct AddedToken(int Id, string Content, bool IsSpecial)
{
    /// <summary>Whether it is looked for after the text is normalised rather than before.</summary>
    public bool IsNormalized { get; init; }

    /// <summary>Whether it is found only where no word character stands next to it.</summary>
    public bool IsSingleWord { get; init; }

    /// <summary>Whether it takes the white space before it with it.</summary>
    public bool TakesSpaceBefore { get; init; }

    /// <summary>Whether it takes the white space after it with it.</summary>
    public bool TakesSpaceAfter { get; init; }
}

/// <summary>A Hugging Face <c>tokenizer.json</c>: vocabulary and added tokens of a BPE, WordPiece, WordLevel or Unigram model.</summary>
/// <remarks>
/// Read in one pass; merges and other settings that only encoding needs are passed over. Whether pieces are byte-level (<c>Ġ</c>),
/// metaspace (<c>▁</c>) or plain follows from the <c>decoder</c> section, and from <c>pre_tokenizer</c> where that is silent;
/// <c>&lt;0xHH&gt;</c> pieces are bytes when the model says <c>byte_fallback</c> or the decoder has that step. Ids that no entry names are
/// unused; an added token takes the place of a vocabulary entry with its id, as it does in the reference implementation.
/// </remarks>
internal sealed class TokenizerJson : ITokenizerFile
{
    /// <summary>One more than the largest id; four times the largest vocabulary in use.</summary>
    internal const int MaxCount = 1 << 22;

    private const int UsualMerges = 1 << 18;

    private readonly string _path;
    private readonly int _start;
    private readonly bool _readsMerges;
    private readonly List<string?> _pieces = [];
    private readonly List<AddedToken> _added = [];
    private readonly HashSet<int> _specialIds = [];
    private readonly Dictionary<int, string?> _replaced = []; // By added tokens: the model's own pieces.
    private PieceDecoding _decoding = new();
    private string? _unknownPiece;
    private int _unknownId = -1;
    private bool _hasByteFallback, _hasTwins;

    private TokenizerJson(string path, int start, bool readsMerges) => (_path, _start, _readsMerges) = (path, start, readsMerges);

    /// <summary>The number of ids: one more than the largest.</summary>
    public int Count => _pieces.Count;

    /// <summary>The type of the model, such as <c>BPE</c>; empty where an old file leaves it out.</summary>
    public string ModelType { get; private set; } = "";

    /// <summary>Whether pieces are written in GPT-2's alphabet, in which a space is <c>Ġ</c>.</summary>
    public bool IsByteLevel => _decoding.IsByteLevel;

    /// <summary>The added tokens in the order of the file.</summary>
    public IReadOnlyList<AddedToken> AddedTokens => _added;

    /// <summary>A value within a file: where it begins and ends, and the state of a reader at its end.</summary>
    internal readonly record struct Section(long Start, long End, JsonReaderState State);

    /// <summary>Where the vocabulary is, where it is an object.</summary>
    internal Section Vocabulary { get; private set; } = new(-1, -1, default);

    /// <summary>The merges and where they are; null where they were not asked for, or one is damaged, and encoding says which.</summary>
    internal (MergeList List, Section Place)? Merges { get; set; }

    /// <summary>The ids of the model's own vocabulary by piece, without the added tokens that are not part of it.</summary>
    /// <remarks>Of equal pieces the last one counts.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // For the first file of a process, which is over before code is tiered up.
    internal PieceIndex ModelVocabulary()
    {
        PieceIndex ids = new(_pieces.Count);
        for (int id = _pieces.Count - 1; id >= 0; id--)
            if ((_replaced.TryGetValue(id, out string? piece) ? piece : _pieces[id]) is { } own)
                _hasTwins |= !ids.TryAdd(own, id);
        return ids;
    }

    /// <summary>Whether an id of the model's own vocabulary has a text, and no other id has it.</summary>
    internal bool IsModelPiece(int id, ReadOnlySpan<char> text) =>
        !_hasTwins && id < _pieces.Count && !_replaced.ContainsKey(id) && text.SequenceEqual(_pieces[id]);

    /// <summary>The model's unknown token, null for none.</summary>
    internal int? UnknownId => _unknownId >= 0 ? _unknownId : null;

    /// <summary>Whether an id is a special token.</summary>
    internal bool IsSpecial(int id) => _specialIds.Contains(id);

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or no <c>tokenizer.json</c>; names file and byte.</exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    public static TokenizerJson Open(string path) => Parse(path, TokenizerFile.Read(path));

    /// <summary>The piece as the file writes it; empty for an id that it leaves out.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public string Piece(int id) => _pieces[id] ?? "";

    /// <summary>Whether an entry of the file names an id, if only by an empty piece.</summary>
    internal bool HasPiece(int id) => id < _pieces.Count && _pieces[id] is not null;

    /// <summary>The bytes that the token adds to a text; of a special or unused token the UTF-8 of its name.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public byte[] Bytes(int id) => Kind(id) is TokenKind.Special or TokenKind.Unused
        ? Encoding.UTF8.GetBytes(Piece(id))
        : _decoding.Decode(Piece(id));

    /// <summary>What the token stands for.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public TokenKind Kind(int id) => _pieces[id] is not { } piece || PieceNames.IsReserved(piece) ? TokenKind.Unused
        : _specialIds.Contains(id) ? TokenKind.Special
        : _decoding.IsByte(piece) ? TokenKind.Byte
        : TokenKind.Normal;

    /// <summary>Reads the bytes of a file.</summary>
    /// <param name="path">Its path, for errors.</param>
    /// <param name="file">Its bytes.</param>
    /// <param name="readsMerges">Whether to read the merges in the same pass.</param>
    internal static TokenizerJson Parse(string path, byte[] file, bool readsMerges = false)
    {
        int start = file is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0; // a byte order mark
        Utf8JsonReader reader = new(file.AsSpan(start));
        TokenizerJson tokenizer = new(path, start, readsMerges);
        try
        {
            tokenizer.ReadFile(ref reader);
        }
        // The reader reports broken grammar as the first, and text that is not Unicode as the second.
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw TokenizerFile.Damaged(path, start + reader.BytesConsumed,
                $"invalid JSON in {JsonDefect.Describe(fault)}. Fetch the file again.", fault);
        }
        return tokenizer;
    }

    private void ReadFile(ref Utf8JsonReader reader)
    {
        JsonElement? decoder = null;
        JsonElement? preTokenizer = null;
        reader.Read();
        Expect(ref reader, JsonTokenType.StartObject, "the file");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            switch (NextProperty(ref reader))
            {
                case "model": ReadModel(ref reader); break;
                case "added_tokens": ReadAddedTokens(ref reader); break;
                case "decoder": decoder = JsonElement.ParseValue(ref reader); break;
                case "pre_tokenizer": preTokenizer = JsonElement.ParseValue(ref reader); break;
                default: reader.Skip(); break;
            }
        }
        while (reader.Read()) { } // Refuses what follows the object.
        if (_pieces.Count == 0)
            throw Damaged(ref reader, "no model.vocab in the file, which a tokenizer.json needs; give a tokenizer.json");
        foreach (AddedToken token in _added)
        {
            _replaced.TryAdd(token.Id, token.Id < _pieces.Count ? _pieces[token.Id] : null);
            SetPiece(ref reader, token.Id, token.Content, replace: true);
            if (token.IsSpecial) _specialIds.Add(token.Id);
        }
        if (_unknownPiece is not null) _unknownId = _pieces.IndexOf(_unknownPiece);
        if (_unknownId >= 0) _specialIds.Add(_unknownId);
        _decoding = PieceDecoding.Detect(decoder, preTokenizer, _hasByteFallback);
    }

    private void ReadModel(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "model");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            switch (NextProperty(ref reader))
            {
                case "type": ModelType = reader.GetString() ?? ""; break;
                case "unk_token": _unknownPiece = reader.GetString(); break;
                case "unk_id" when reader.TokenType == JsonTokenType.Number: _unknownId = ReadId(ref reader); break;
                case "byte_fallback": _hasByteFallback = reader.TokenType == JsonTokenType.True; break;
                case "vocab" when reader.TokenType == JsonTokenType.StartArray: ReadUnigramVocabulary(ref reader); break;
                case "vocab": ReadVocabulary(ref reader); break;
                case "merges" when _readsMerges && reader.TokenType == JsonTokenType.StartArray: ReadMerges(ref reader); break;
                default: reader.Skip(); break;
            }
        }
    }

    /// <summary>Reads <c>{"piece": id, …}</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadVocabulary(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "model.vocab");
        long start = _start + reader.TokenStartIndex;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string piece = NextProperty(ref reader);
            SetPiece(ref reader, ReadId(ref reader), piece, replace: false);
        }
        Vocabulary = new(start, _start + reader.BytesConsumed, reader.CurrentState);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadMerges(ref Utf8JsonReader reader)
    {
        Utf8JsonReader beginning = reader;
        MergeList merges = new(Math.Min(_pieces.Count, UsualMerges)); // Ids may be far apart.
        bool isSound = true;
        try
        {
            while (isSound && reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                isSound = merges.TryRead(ref reader, _start + reader.TokenStartIndex);
        }
        catch (InvalidOperationException) // Text that is not Unicode.
        {
            isSound = false;
        }
        if (isSound)
            Merges = (merges, new(_start + beginning.TokenStartIndex, _start + reader.BytesConsumed, reader.CurrentState));
        else
        {
            reader = beginning;
            reader.Skip();
        }
    }

    /// <summary>Reads <c>[["piece", score], …]</c>, in which a piece's place is its id.</summary>
    private void ReadUnigramVocabulary(ref Utf8JsonReader reader)
    {
        for (int id = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; id++)
        {
            Expect(ref reader, JsonTokenType.StartArray, $"model.vocab[{id}]");
            reader.Read();
            Expect(ref reader, JsonTokenType.String, $"model.vocab[{id}][0]");
            SetPiece(ref reader, id, reader.GetString()!, replace: false);
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) reader.Skip();
        }
    }

    private void ReadAddedTokens(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartArray, "added_tokens");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Expect(ref reader, JsonTokenType.StartObject, $"added_tokens[{_added.Count}]");
            int? id = null;
            string? content = null;
            bool isSpecial = false;
            bool? isNormalized = null;
            AddedToken token = default;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                switch (NextProperty(ref reader))
                {
                    case "id": id = ReadId(ref reader); break;
                    case "content": content = reader.GetString(); break;
                    case "special": isSpecial = reader.TokenType == JsonTokenType.True; break;
                    case "normalized": isNormalized = reader.TokenType == JsonTokenType.True; break;
                    case "single_word": token = token with { IsSingleWord = reader.TokenType == JsonTokenType.True }; break;
                    case "lstrip": token = token with { TakesSpaceBefore = reader.TokenType == JsonTokenType.True }; break;
                    case "rstrip": token = token with { TakesSpaceAfter = reader.TokenType == JsonTokenType.True }; break;
                    default: reader.Skip(); break;
                }
            }
            if (id is null || content is null)
                throw Damaged(ref reader, $"added_tokens[{_added.Count}] lacks its id or content; fetch the file again");
            _added.Add(token with { Id = id.Value, Content = content, IsSpecial = isSpecial, IsNormalized = isNormalized ?? !isSpecial });
        }
    }

    private void SetPiece(ref Utf8JsonReader reader, int id, string piece, bool replace)
    {
        while (_pieces.Count <= id) _pieces.Add(null);
        if (!replace && _pieces[id] is { } other && other != piece) throw IsTaken(ref reader, id, other, piece);
        _pieces[id] = piece;
    }

    private InvalidDataException IsTaken(ref Utf8JsonReader reader, int id, string other, string piece) =>
        Damaged(ref reader, $"id {id} is both {TokenizerFile.Quote(Encoding.UTF8.GetBytes(other))} and " +
            $"{TokenizerFile.Quote(Encoding.UTF8.GetBytes(piece))}, one piece is allowed; fetch the file again");

    private int ReadId(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.Number, "an id");
        return reader.TryGetInt32(out int id) && id is >= 0 and < MaxCount ? id : throw IsNoId(ref reader);
    }

    private InvalidDataException IsNoId(ref Utf8JsonReader reader) => Damaged(ref reader,
        $"id {TokenizerFile.Quote(reader.ValueSpan)}, 0 to {MaxCount - 1} are allowed; fetch the file again");

    private static string NextProperty(ref Utf8JsonReader reader)
    {
        string name = reader.GetString()!;
        reader.Read();
        return name;
    }

    private void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (reader.TokenType != type) throw IsOther(ref reader, type, what);
    }

    private InvalidDataException IsOther(ref Utf8JsonReader reader, JsonTokenType type, string what) =>
        Damaged(ref reader, $"{what} is {reader.TokenType} and must be {type}; give a tokenizer.json");

    private InvalidDataException Damaged(ref Utf8JsonReader reader, string what) =>
        TokenizerFile.Damaged(_path, _start + reader.TokenStartIndex, what);
}
