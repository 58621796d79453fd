using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Turns text into token ids and back, with whichever tokenizer file a checkpoint has.</summary>
/// <remarks>
/// Takes what <see cref="TokenTable"/> takes: a SentencePiece <c>tokenizer.model</c>, a Hugging Face <c>tokenizer.json</c> or
/// a llama2.c <c>tokenizer.bin</c>. A file that needs anything else to encode as its makers do is refused with the setting's name.
/// n log n in the length of a text, however long its words. Safe to use from several threads.
/// </remarks>
public abstract class Tokenizer
{
    private readonly string _path;

    private protected Tokenizer(string path, TokenTable names) => (_path, Names) = (path, names);

    /// <summary>The tokenizer file.</summary>
    public string FilePath => _path;

    /// <summary>The names of the tokens.</summary>
    internal TokenTable Names { get; }

    /// <summary>The number of ids.</summary>
    public int Count => Names.Count;

    /// <summary>The id that begins a text, null where the tokenizer has none.</summary>
    public int? BosId { get; private set; }

    /// <summary>The id that ends a text, null where the tokenizer has none.</summary>
    public int? EosId { get; private set; }

    /// <summary>The name of the file that says which token ends a text.</summary>
    internal string EosSource => Names.Settings.TryGetName("eos_token", out _) ? TokenizerCompanions.ConfigName : Names.Source;

    /// <summary>The id that fills a batch, null where the tokenizer has none.</summary>
    public int? PadId { get; private set; }

    /// <summary>The ids that stand before every text, in their order; see <see cref="EncodeText"/>.</summary>
    public IReadOnlyList<int> Prefix { get; private set; } = [];

    /// <summary>The ids that stand after every text, in their order; see <see cref="EncodeText"/>.</summary>
    public IReadOnlyList<int> Suffix { get; private set; } = [];

    /// <summary>What a user should know of how texts begin and end, as whole sentences; often none.</summary>
    public IReadOnlyList<string> Remarks { get; private set; } = [];

    /// <summary>The id of what the vocabulary cannot express, null where the tokenizer has none.</summary>
    public int? UnknownId { get; private protected init; }

    /// <summary>Opens a tokenizer file; for a folder, the one in it.</summary>
    /// <remarks>
    /// Beside a <c>tokenizer.json</c> or a SentencePiece model <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c> and
    /// <c>added_tokens.json</c> say which tokens begin and end a text, and name further ones.
    /// </remarks>
    /// <param name="tokenizerPath">A tokenizer file, or a folder that holds one; see <see cref="TokenTable.Open"/>.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or needs what is not supported; names byte or setting.</exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static Tokenizer Open(string tokenizerPath)
    {
        string path = TokenTable.Locate(tokenizerPath);
        return Parse(path, TokenizerFile.Read(path));
    }

    /// <summary>Opens the tokenizer in a checkpoint's folder, found as <see cref="TokenTable.FindBeside"/> finds it.</summary>
    /// <param name="checkpointPath">A checkpoint's folder, or a file in it.</param>
    /// <returns>The tokenizer, or null when there is none.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or needs what is not supported; names byte or setting.</exception>
    /// <exception cref="IOException">The tokenizer found cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Folder or tokenizer may not be read.</exception>
    public static Tokenizer? FindBeside(string checkpointPath) =>
        TokenTable.LocateBeside(checkpointPath) is { } path ? Open(path) : null;

    /// <summary>Opens the tokenizer in a checkpoint's folder, or says why there is none to open.</summary>
    /// <param name="checkpointPath">A checkpoint's folder, or a file in it.</param>
    /// <param name="nextStep">What to do where there is none, or several.</param>
    /// <inheritdoc cref="Open" path="/exception"/>
    public static Tokenizer OpenBeside(string checkpointPath, string nextStep = "Name the tokenizer's file.") =>
        FindBeside(checkpointPath)
        ?? throw new FileNotFoundException($"{TokenTable.WhyNoneBeside(checkpointPath)} {nextStep}", checkpointPath);

    /// <summary>Encodes a text.</summary>
    /// <remarks>
    /// Unpaired surrogates become U+FFFD. The names of special tokens are ordinary text to SentencePiece and llama2.c; a
    /// <c>tokenizer.json</c> finds its added tokens, special ones too, in any text.
    /// </remarks>
    /// <param name="text">The text.</param>
    /// <param name="addBos">Whether <see cref="BosId"/> goes first.</param>
    /// <param name="addEos">Whether <see cref="EosId"/> goes last.</param>
    /// <returns>The ids; of an empty text none but those asked for.</returns>
    /// <exception cref="InvalidOperationException">An id is asked for that the tokenizer does not have.</exception>
    /// <exception cref="InvalidDataException">The text needs the unknown token of a <c>tokenizer.json</c> whose model has none.</exception>
    public int[] Encode(ReadOnlySpan<char> text, bool addBos = false, bool addEos = false)
    {
        List<int> tokens = new((text.Length / 3) + 2);
        if (addBos) tokens.Add(BosId ?? throw Lacks("begin", nameof(addBos)));
        Encode(WellFormed(text), tokens);
        if (addEos) tokens.Add(EosId ?? throw Lacks("end", nameof(addEos)));
        return [.. tokens];
    }

    /// <summary>Encodes a text as the library of the tokenizer's own kind does: with <see cref="Prefix"/> and <see cref="Suffix"/> around
    /// it.</summary>
    /// <remarks>
    /// A text that begins with the name of the begin token has it twice where the tokenizer finds such names in a text, as in Hugging
    /// Face's library.
    /// </remarks>
    /// <param name="text">The text.</param>
    public int[] EncodeText(ReadOnlySpan<char> text) => [.. Prefix, .. Encode(text), .. Suffix];

    /// <summary>Encodes a text in UTF-8; invalid sequences become U+FFFD.</summary>
    /// <inheritdoc cref="Encode(ReadOnlySpan{char}, bool, bool)"/>
    /// <param name="utf8">The text.</param>
    /// <param name="addBos">Whether <see cref="BosId"/> goes first.</param>
    /// <param name="addEos">Whether <see cref="EosId"/> goes last.</param>
    public int[] Encode(ReadOnlySpan<byte> utf8, bool addBos = false, bool addEos = false) =>
        Encode(Encoding.UTF8.GetString(utf8), addBos, addEos);

    /// <summary>Decodes ids to text; bytes that are no UTF-8 become U+FFFD.</summary>
    /// <inheritdoc cref="DecodeBytes"/>
    public string Decode(ReadOnlySpan<int> ids) => DecodeText(ids);

    /// <summary>Decodes ids to the bytes of a text.</summary>
    /// <remarks>
    /// Special tokens and ids past the end add nothing; the unknown piece of SentencePiece and llama2.c adds <c> ⁇ </c>. The one
    /// space that encoding puts before a text is taken off the start, so the ids of a continuation lose their first space: decode
    /// them together with what they continue. With a <c>tokenizer.json</c> its decoder decides all this, as in the tokenizers library.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">An id is negative.</exception>
    public byte[] DecodeBytes(ReadOnlySpan<int> ids) => DecodeToBytes(ids);

    /// <summary>Decodes ids to the bytes that they add to a text, its first space included.</summary>
    /// <remarks>A character may be spread over ids; turn the bytes into text only when all are there.</remarks>
    /// <param name="before">The ids of the text so far.</param>
    /// <param name="ids">The ids that continue it.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is negative.</exception>
    public byte[] DecodeContinuation(ReadOnlySpan<int> before, ReadOnlySpan<int> ids)
    {
        byte[] whole = DecodeBytes([.. before, .. ids]);
        // A decoder may treat the end of a text in its own way, so that what stood there is no longer what the whole begins with.
        return whole[whole.AsSpan().CommonPrefixLength(DecodeBytes(before))..];
    }

    internal static Tokenizer Parse(string path, byte[] bytes)
    {
        TokenTable names = TokenTable.Parse(path, bytes, readsMerges: true);
        return names.File switch
        {
            SentencePieceModel model => new SentencePieceTokenizer(path, names, model),
            Llama2cTokenizer file => new Llama2cEncoder(path, names, file),
            TokenizerJson json => new JsonTokenizer(path, names, json, TokenizerSettings.Parse(path, bytes, json)),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>Takes over which tokens begin and end a text.</summary>
    private protected void Bound(BoundaryTokens tokens)
    {
        (BosId, EosId, PadId) = (tokens.Begin, tokens.End, tokens.Pad);
        (Prefix, Suffix) = (tokens.Around.Before, tokens.Around.After);
        Remarks = tokens.Remark is { } remark ? [remark] : [];
    }

    /// <summary>Decodes ids to text.</summary>
    private protected virtual string DecodeText(ReadOnlySpan<int> ids) => Encoding.UTF8.GetString(DecodeToBytes(ids));

    /// <summary>Decodes ids to bytes.</summary>
    private protected virtual byte[] DecodeToBytes(ReadOnlySpan<int> ids)
    {
        List<byte> bytes = new(4 * ids.Length);
        foreach (int id in ids)
        {
            if (id == UnknownId && UnknownText is { } unknown) bytes.AddRange(unknown);
            else if (Names.Kind(id) != TokenKind.Padded && (Names.FindAdded(id) is { } added ? !added.IsSpecial : IsText(id)))
                bytes.AddRange(Names.Bytes(id));
        }
        return HasDummyPrefix && bytes is [(byte)' ', ..] ? [.. bytes[1..]] : [.. bytes];
    }

    /// <summary>Whether encoding puts a space before a text.</summary>
    private protected abstract bool HasDummyPrefix { get; }

    /// <summary>What the unknown token is decoded to; null for nothing.</summary>
    private protected virtual byte[]? UnknownText => " ⁇ "u8.ToArray();

    /// <summary>Whether a token is part of a text rather than of its structure.</summary>
    private protected virtual bool IsText(int id) => Names.Kind(id) is TokenKind.Normal or TokenKind.Byte;

    /// <summary>Appends the tokens of a well-formed text.</summary>
    private protected abstract void Encode(string text, List<int> tokens);

    private protected static void AppendBytes(Rune character, int[] byteIds, List<int> tokens)
    {
        Span<byte> utf8 = stackalloc byte[4];
        foreach (byte value in utf8[..character.EncodeToUtf8(utf8)]) tokens.Add(byteIds[value]);
    }

    private protected void Refuse(bool condition, string setting, string value, string supported)
    {
        if (condition) throw TokenizerFile.Unsupported(_path, setting, value, supported);
    }

    private static string WellFormed(ReadOnlySpan<char> text)
    {
        // The encoder's replacement of what is not UTF-16 is the one place that knows all the cases.
        return IsWellFormed(text) ? text.ToString() : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.ToArray()));
    }

    private static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        for (int i = text.IndexOfAnyInRange('\uD800', '\uDFFF'); i >= 0 && i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return false;
            i++;
        }
        return true;
    }

    private InvalidOperationException Lacks(string which, string argument) =>
        new($"{_path}: the tokenizer has no {which} token; pass {argument}: false, or name the token in tokenizer_config.json.");
}
