using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Names the token of every embedding row, from whichever tokenizer file a checkpoint has.</summary>
/// <remarks>
/// Decodes single tokens for reports. Ids from <see cref="Count"/> on have an empty piece and are <see cref="TokenKind.Padded"/>,
/// since an embedding is often larger than its tokenizer. Safe to use from several threads.
/// </remarks>
internal sealed class TokenTable
{
    /// <summary>The names of a tokenizer's file, best first.</summary>
    public static readonly IReadOnlyList<string> DefaultNames = ["tokenizer.json", "tokenizer.model", "tokenizer.bin"];

    private static readonly string[] OtherNames = ["*.model", "tok*.bin"];

    private readonly ITokenizerFile _file;
    private readonly AddedNames _added;

    private TokenTable(ITokenizerFile file, string path, TokenizerCompanions settings)
    {
        (_file, Source, Settings) = (file, Path.GetFileName(path), settings);
        _added = AddedNames.Of(file, settings);
        Count = Math.Max(file.Count, _added.Count);
    }

    /// <summary>The file, read.</summary>
    internal ITokenizerFile File => _file;

    /// <summary>What the files beside it say.</summary>
    internal TokenizerCompanions Settings { get; }

    /// <summary>The tokens that only the files beside it name, by rising id.</summary>
    internal IReadOnlyList<AddedToken> AddedTokens => _added.Tokens;

    /// <summary>The number of ids that the tokenizer knows, those that only the files beside it name included.</summary>
    public int Count { get; }

    /// <summary>The name of the tokenizer file, without its folder.</summary>
    public string Source { get; }

    /// <summary>Opens a <c>tokenizer.json</c>, a SentencePiece model or a llama2.c tokenizer; for a folder, the one in it.</summary>
    /// <remarks>A file ending in <c>.json</c> or <c>.model</c> is taken at its name, any other by its first bytes.</remarks>
    /// <param name="tokenizerPath">A tokenizer file, or a folder that holds one.</param>
    /// <exception cref="InvalidDataException">The file is damaged or of no known form; names file and byte.</exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static TokenTable Open(string tokenizerPath)
    {
        string path = Locate(tokenizerPath);
        return Parse(path, TokenizerFile.Read(path));
    }

    /// <summary>Opens the tokenizer in a checkpoint's folder.</summary>
    /// <remarks>
    /// Looks for <c>tokenizer.json</c>, <c>tokenizer.model</c> and <c>tokenizer.bin</c>, then for a single <c>*.model</c>, then for
    /// a single <c>tok*.bin</c>; where several would do, none is guessed.
    /// </remarks>
    /// <param name="checkpointPath">A checkpoint's folder, or a file in it.</param>
    /// <returns>The table, or null when there is no tokenizer.</returns>
    /// <exception cref="InvalidDataException">The tokenizer found is damaged; names file and byte.</exception>
    /// <exception cref="IOException">The tokenizer found cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Folder or tokenizer may not be read.</exception>
    public static TokenTable? FindBeside(string checkpointPath) => LocateBeside(checkpointPath) is { } path ? Open(path) : null;

    /// <summary>The piece as the tokenizer file writes it: <c>▁the</c>, <c>Ġthe</c>, <c>&lt;0x0A&gt;</c>, <c>&lt;s&gt;</c>.</summary>
    /// <remarks>Hostile text: show <see cref="Visible"/> instead. Empty for an id past the end.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative.</exception>
    public string Piece(int id) => IsKnown(id) ? _added.Find(id)?.Content ?? (id < _file.Count ? _file.Piece(id) : "") : "";

    /// <summary>The bytes that the token adds to a text; of a special or unused token the UTF-8 of its name.</summary>
    /// <remarks>Not always whole characters. A new array at each call; empty for an id past the end.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative.</exception>
    public byte[] Bytes(int id) => !IsKnown(id) ? []
        : _added.Find(id) is { } added ? Encoding.UTF8.GetBytes(added.Content)
        : id < _file.Count ? _file.Bytes(id) : [];

    /// <summary>The token as one line of harmless text, see <see cref="VisibleText"/>.</summary>
    /// <remarks>Text is shown decoded; special tokens, unused ones and byte pieces by name. Empty for an id past the end.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative.</exception>
    public string Visible(int id)
    {
        if (!IsKnown(id)) return "";
        byte[] bytes = Bytes(id);
        // A fallback byte would pass for the character that it is part of, or for another token; its name cannot.
        return PieceNames.TryParseByte(Piece(id), out byte value) && bytes is [byte only] && only == value
            ? VisibleText.Escape(Piece(id))
            : VisibleText.Escape(bytes);
    }

    /// <summary>What the token stands for.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative.</exception>
    public TokenKind Kind(int id)
    {
        if (!IsKnown(id)) return TokenKind.Padded;
        if (_added.Find(id) is { } added)
            return PieceNames.IsReserved(added.Content) ? TokenKind.Unused : added.IsSpecial ? TokenKind.Special : TokenKind.Normal;
        TokenKind kind = id < _file.Count ? _file.Kind(id) : TokenKind.Unused;
        return kind == TokenKind.Normal && _added.IsSpecial(id) ? TokenKind.Special : kind;
    }

    /// <summary>The token of an id that only the files beside the tokenizer name; null for any other.</summary>
    internal AddedToken? FindAdded(int id) => _added.Find(id);

    /// <summary>The id of a token by its piece, the lowest of several; null where there is none.</summary>
    internal int? IdOf(string piece) => _added.IdOf(piece);

    /// <summary>The path of a tokenizer file: the one given, or the one in the folder given.</summary>
    internal static string Locate(string tokenizerPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(tokenizerPath);
        return !Directory.Exists(tokenizerPath) ? tokenizerPath : LocateBeside(tokenizerPath) ?? throw new FileNotFoundException(
            $"{WhyNoneBeside(tokenizerPath)} Name the file itself.", tokenizerPath);
    }

    /// <summary>Says why <see cref="LocateBeside"/> finds no tokenizer: there is none, or which ones there are.</summary>
    internal static string WhyNoneBeside(string checkpointPath)
    {
        string[] several = Several(checkpointPath);
        return several.Length == 0
            ? $"{checkpointPath}: no tokenizer there; looked for {string.Join(", ", [.. DefaultNames, .. OtherNames])}."
            : $"{checkpointPath}: several tokenizers there, {string.Join(", ", several.Select(name => VisibleText.Escape(name)))}, and "
                + $"none is called {string.Join(" or ", DefaultNames)}.";
    }

    /// <summary>Whether a checkpoint's folder holds several tokenizers between which <see cref="FindBeside"/> does not choose.</summary>
    /// <param name="checkpointPath">A checkpoint's folder, or a file in it.</param>
    /// <param name="which">A sentence that names them.</param>
    public static bool HasSeveralBeside(string checkpointPath, [NotNullWhen(true)] out string? which)
    {
        bool hasSeveral = Several(checkpointPath).Length > 0;
        which = hasSeveral ? WhyNoneBeside(checkpointPath) : null;
        return hasSeveral;
    }

    /// <summary>The tokenizers beside a checkpoint between which none is chosen.</summary>
    private static string[] Several(string checkpointPath) =>
        LocateBeside(checkpointPath) is not null || FolderOf(checkpointPath) is not { } folder || !Directory.Exists(folder) ? []
            : [.. OtherNames.SelectMany(pattern => Directory.GetFiles(folder, pattern)).Select(path => Path.GetFileName(path)!)
                .Order(StringComparer.Ordinal)];

    private static string? FolderOf(string checkpointPath) =>
        Directory.Exists(checkpointPath) ? checkpointPath : Path.GetDirectoryName(Path.GetFullPath(checkpointPath));

    /// <summary>The path of the tokenizer in a checkpoint's folder, null for none.</summary>
    internal static string? LocateBeside(string checkpointPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(checkpointPath);
        string? folder = FolderOf(checkpointPath);
        if (!Directory.Exists(folder)) return null;
        foreach (string name in DefaultNames)
        {
            string path = Path.Combine(folder, name);
            if (System.IO.File.Exists(path)) return path;
        }
        foreach (string pattern in OtherNames)
            if (Directory.GetFiles(folder, pattern) is [string path])
                return path;
        return null;
    }

    internal static TokenTable Parse(string path, byte[] bytes, bool readsMerges = false)
    {
        Form form = FormOf(path, bytes);
        ITokenizerFile file = form switch
        {
            Form.Json => TokenizerJson.Parse(path, bytes, readsMerges),
            Form.SentencePiece => SentencePieceModel.Parse(path, bytes),
            _ => Llama2cTokenizer.Parse(path, bytes),
        };
        // llama2.c knows nothing of the files that lie beside a tokenizer elsewhere.
        return new TokenTable(file, path, form == Form.Llama2c ? TokenizerCompanions.None : TokenizerCompanions.Beside(path));
    }

    private bool IsKnown(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        return id < Count;
    }

    private enum Form
    {
        Json,
        SentencePiece,
        Llama2c,
    }

    private static Form FormOf(string path, ReadOnlySpan<byte> bytes)
    {
        if (Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase)) return Form.Json;
        if (Path.GetExtension(path).Equals(".model", StringComparison.OrdinalIgnoreCase)) return Form.SentencePiece;
        // llama2.c starts with the longest piece's length, a small little-endian int: the other two forms hold no zero there.
        if (bytes is [_, _, 0, 0, ..]) return Form.Llama2c;
        if (bytes is [(byte)'{', ..] or [0xEF, 0xBB, 0xBF, ..]) return Form.Json;
        if (bytes is [SentencePieceModel.FirstByte, ..]) return Form.SentencePiece;
        throw TokenizerFile.Damaged(path, 0, "no known tokenizer starts like this; " +
            "give a tokenizer.json, a SentencePiece tokenizer.model or a llama2.c tokenizer.bin");
    }
}
