using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>A SentencePiece <c>tokenizer.model</c>: pieces, and the settings that encoding depends on.</summary>
/// <remarks>
/// Source: <c>sentencepiece_model.proto</c>; settings that a file leaves out have the defaults given there. Fields that are not
/// listed here are passed over. The algorithm makes no difference for decoding.
/// </remarks>
internal sealed class SentencePieceModel : ITokenizerFile
{
    /// <summary>How a model starts: the tag of a first piece.</summary>
    internal const byte FirstByte = 0x0A;

    private readonly List<SentencePiece> _pieces = [];

    private SentencePieceModel() { }

    /// <summary>The pieces in the order of their ids.</summary>
    public IReadOnlyList<SentencePiece> Pieces => _pieces;

    /// <summary>The same, for those who read all of them.</summary>
    public ReadOnlySpan<SentencePiece> Span => CollectionsMarshal.AsSpan(_pieces);

    /// <summary>The number of pieces.</summary>
    public int Count => _pieces.Count;

    /// <summary>The algorithm that segments a text.</summary>
    public SentencePieceAlgorithm Algorithm { get; private set; } = SentencePieceAlgorithm.Unigram;

    /// <summary>Whether characters outside the vocabulary are written as byte pieces.</summary>
    public bool ByteFallback { get; private set; }

    /// <summary>Whether spaces end words rather than begin them.</summary>
    public bool TreatWhitespaceAsSuffix { get; private set; }

    /// <summary>The id of the unknown piece.</summary>
    public int UnknownId { get; private set; }

    /// <summary>The id of the begin piece, negative for none.</summary>
    public int BeginId { get; private set; } = 1;

    /// <summary>The id of the end piece, negative for none.</summary>
    public int EndId { get; private set; } = 2;

    /// <summary>The id of the padding piece, negative for none.</summary>
    public int PadId { get; private set; } = -1;

    /// <summary>The name of the normaliser, such as <c>identity</c> or <c>nmt_nfkc</c>.</summary>
    public string Normalizer { get; private set; } = "";

    /// <summary>The normaliser's compiled rules; empty for <c>identity</c>.</summary>
    public ReadOnlyMemory<byte> NormalizerRules { get; private set; }

    /// <summary>Whether a space is put before a text.</summary>
    public bool AddDummyPrefix { get; private set; } = true;

    /// <summary>Whether runs of spaces become one, and those around a text none.</summary>
    public bool RemoveExtraWhitespaces { get; private set; } = true;

    /// <summary>Whether spaces become <c>▁</c> before segmenting.</summary>
    public bool EscapeWhitespaces { get; private set; } = true;

    /// <summary>What the unknown piece is decoded to.</summary>
    internal string UnknownSurface { get; private set; } = " ⁇ ";

    /// <summary>The compiled rules that are applied to what was decoded; empty for none.</summary>
    internal ReadOnlyMemory<byte> DenormalizerRules { get; private set; }

    /// <summary>What becomes of spaces where such rules are applied.</summary>
    internal SpaceSettings DenormalizerSpaces { get; private set; } =
        new(AddsPrefix: true, IsSuffix: false, RemovesExtra: true, Escapes: true);

    /// <summary>Reads a model file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or no SentencePiece model; names file and byte.</exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    public static SentencePieceModel Open(string path) => Parse(path, TokenizerFile.Read(path));

    /// <summary>The piece as stored, with <c>▁</c> for a space; invalid UTF-8 becomes U+FFFD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public string Piece(int id) => _pieces[id].Text;

    /// <summary>The bytes that the token adds to a text; of a control, unknown or unused piece the UTF-8 of its name.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public byte[] Bytes(int id)
    {
        SentencePiece piece = _pieces[id];
        return piece.Type switch
        {
            SentencePieceType.Byte when PieceNames.TryParseByte(piece.Text, out byte value) => [value],
            SentencePieceType.Normal or SentencePieceType.UserDefined => WithSpaces(piece.Utf8.Span),
            _ => piece.Utf8.ToArray(),
        };
    }

    /// <summary>What the token stands for.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public TokenKind Kind(int id) => _pieces[id].Type switch
    {
        SentencePieceType.Byte => TokenKind.Byte,
        SentencePieceType.Unused => TokenKind.Unused,
        _ when PieceNames.IsReserved(_pieces[id].Text) => TokenKind.Unused,
        SentencePieceType.Control or SentencePieceType.Unknown => TokenKind.Special,
        _ => TokenKind.Normal,
    };

    internal static SentencePieceModel Parse(string path, byte[] file)
    {
        if (file is [not FirstByte, ..])
            throw TokenizerFile.Damaged(path, 0, $"0x{file[0]:X2} where a SentencePiece model has 0x{FirstByte:X2}, " +
                "its first piece's tag; give the tokenizer.json if this is a list of base64 tokens and ranks (tiktoken)");
        SentencePieceModel model = new();
        ProtobufReader fields = new(path, file);
        while (fields.MoveNext())
        {
            switch (fields.Field)
            {
                case 1: model.AddPiece(path, file, fields.ReadMessage()); break;
                case 2: model.ReadTrainer(path, file, fields.ReadMessage()); break;
                case 3: model.ReadNormalizer(file, fields.ReadMessage()); break;
                case 5: model.ReadDenormalizer(file, fields.ReadMessage()); break;
                default: fields.Skip(); break;
            }
        }
        return model.Count > 0 ? model
            : throw TokenizerFile.Damaged(path, file.Length, "the file holds no pieces, at least 1 is needed; fetch it again");
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // For the first file of a process, which is over before code is tiered up.
    private void AddPiece(string path, byte[] file, ProtobufReader fields)
    {
        int start = fields.Offset;
        Range text = default;
        float score = 0;
        int type = (int)SentencePieceType.Normal;
        while (fields.MoveNext())
        {
            switch (fields.Field)
            {
                case 1: text = fields.ReadBytes(); break;
                case 2: score = fields.ReadSingle(); break;
                case 3: type = fields.ReadInt32(); break;
                default: fields.Skip(); break;
            }
        }
        SentencePiece piece = new(file.AsMemory(text.Start.Value, text.End.Value - text.Start.Value), score, (SentencePieceType)type);
        if (piece.Type is < SentencePieceType.Normal or > SentencePieceType.Byte)
            throw TokenizerFile.Damaged(path, start, $"piece {Count} has type {type}, 1 to 6 are allowed; fetch the file again");
        if (piece.Type == SentencePieceType.Byte && !PieceNames.TryParseByte(piece.Text, out _))
            throw TokenizerFile.Damaged(path, start, $"byte piece {Count} is named {TokenizerFile.Quote(piece.Utf8.Span)}, " +
                "<0x00> to <0xFF> are allowed; fetch the file again");
        _pieces.Add(piece);
    }

    private void ReadTrainer(string path, byte[] file, ProtobufReader fields)
    {
        while (fields.MoveNext())
        {
            int start = fields.Offset;
            switch (fields.Field)
            {
                case 3:
                    int algorithm = fields.ReadInt32();
                    Algorithm = Enum.IsDefined((SentencePieceAlgorithm)algorithm) ? (SentencePieceAlgorithm)algorithm
                        : throw TokenizerFile.Damaged(path, start, $"model type {algorithm}, 1 to 4 are allowed; fetch the file again");
                    break;
                case 24: TreatWhitespaceAsSuffix = fields.ReadBool(); break;
                case 35: ByteFallback = fields.ReadBool(); break;
                case 40: UnknownId = fields.ReadInt32(); break;
                case 41: BeginId = fields.ReadInt32(); break;
                case 42: EndId = fields.ReadInt32(); break;
                case 43: PadId = fields.ReadInt32(); break;
                case 44: UnknownSurface = Encoding.UTF8.GetString(file.AsSpan(fields.ReadBytes())); break;
                default: fields.Skip(); break;
            }
        }
    }

    private void ReadDenormalizer(byte[] file, ProtobufReader fields)
    {
        while (fields.MoveNext())
        {
            switch (fields.Field)
            {
                case 2: DenormalizerRules = file.AsMemory(fields.ReadBytes()); break;
                case 3: DenormalizerSpaces = DenormalizerSpaces with { AddsPrefix = fields.ReadBool() }; break;
                case 4: DenormalizerSpaces = DenormalizerSpaces with { RemovesExtra = fields.ReadBool() }; break;
                case 5: DenormalizerSpaces = DenormalizerSpaces with { Escapes = fields.ReadBool() }; break;
                default: fields.Skip(); break;
            }
        }
    }

    private void ReadNormalizer(byte[] file, ProtobufReader fields)
    {
        while (fields.MoveNext())
        {
            switch (fields.Field)
            {
                case 1: Normalizer = Encoding.UTF8.GetString(file.AsSpan(fields.ReadBytes())); break;
                case 2: NormalizerRules = file.AsMemory(fields.ReadBytes()); break;
                case 3: AddDummyPrefix = fields.ReadBool(); break;
                case 4: RemoveExtraWhitespaces = fields.ReadBool(); break;
                case 5: EscapeWhitespaces = fields.ReadBool(); break;
                default: fields.Skip(); break;
            }
        }
    }

    private static byte[] WithSpaces(ReadOnlySpan<byte> utf8)
    {
        ReadOnlySpan<byte> escaped = "▁"u8;
        List<byte> text = new(utf8.Length);
        while (!utf8.IsEmpty)
        {
            bool isSpace = utf8.StartsWith(escaped);
            text.Add(isSpace ? (byte)' ' : utf8[0]);
            utf8 = utf8[(isSpace ? escaped.Length : 1)..];
        }
        return [.. text];
    }
}
