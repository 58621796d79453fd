using System.Buffers.Binary;
using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>The <c>tokenizer.bin</c> of llama2.c: scored pieces in the order of their ids.</summary>
/// <remarks>
/// Little-endian: int32 length of the longest piece, then for each piece a float32 score, an int32 length and that many bytes. The
/// number of pieces is written nowhere: it is whatever the file holds. Its writer has turned <c>▁</c> into spaces and has put line feeds
/// around the names of the begin and end tokens; those are taken off again. Kinds are not stored either: ids 0 to 2 are special when
/// they have the names that llama2.c relies on, and <c>&lt;0xHH&gt;</c> is a byte.
/// </remarks>
internal sealed class Llama2cTokenizer : ITokenizerFile
{
    private const int HeaderLength = 4;
    private const int PieceHeaderLength = 8;
    private static readonly string[] SpecialNames = ["<unk>", "<s>", "</s>"];

    private readonly byte[] _file;
    private readonly List<(int Offset, int Length, float Score)> _pieces;

    private Llama2cTokenizer(byte[] file, int maxTokenLength, List<(int, int, float)> pieces) =>
        (_file, MaxTokenLength, _pieces) = (file, maxTokenLength, pieces);

    /// <summary>The number of pieces.</summary>
    public int Count => _pieces.Count;

    /// <summary>The length in bytes of the longest piece, as the file says.</summary>
    public int MaxTokenLength { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged; names file, byte and token.</exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    public static Llama2cTokenizer Open(string path) => Parse(path, TokenizerFile.Read(path));

    /// <summary>The piece as text, with its spaces; invalid UTF-8 becomes U+FFFD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public string Piece(int id) => Encoding.UTF8.GetString(Text(id));

    /// <summary>The bytes that the token adds to a text; of a special token the UTF-8 of its name.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public byte[] Bytes(int id) => PieceNames.TryParseByte(Piece(id), out byte value) ? [value] : Text(id).ToArray();

    /// <summary>The merge score: the higher, the earlier two pieces are joined to this one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public float Score(int id) => _pieces[id].Score;

    /// <summary>What the token stands for.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such id.</exception>
    public TokenKind Kind(int id)
    {
        string piece = Piece(id);
        return PieceNames.TryParseByte(piece, out _) ? TokenKind.Byte
            : IsSpecial(id, piece) ? TokenKind.Special
            : PieceNames.IsReserved(piece) ? TokenKind.Unused
            : TokenKind.Normal;
    }

    internal static Llama2cTokenizer Parse(string path, byte[] file)
    {
        if (file.Length < HeaderLength)
            throw TokenizerFile.Damaged(path, file.Length, $"the file ends within the {HeaderLength} bytes of its header; fetch it again");
        int maxTokenLength = BinaryPrimitives.ReadInt32LittleEndian(file);
        if (maxTokenLength <= 0)
            throw TokenizerFile.Damaged(path, 0, $"the longest token is said to have {maxTokenLength} bytes, at least 1 is needed; " +
                "this is no llama2.c tokenizer.bin");
        List<(int, int, float)> pieces = [];
        for (int offset = HeaderLength; offset < file.Length;)
        {
            if (file.Length - offset < PieceHeaderLength)
                throw TokenizerFile.Damaged(path, offset, $"the file ends within score and length of token {pieces.Count}; fetch it again");
            float score = BinaryPrimitives.ReadSingleLittleEndian(file.AsSpan(offset));
            int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(offset + 4));
            if (length < 0 || length > maxTokenLength)
                throw TokenizerFile.Damaged(path, offset + 4, $"token {pieces.Count} is said to have {length} bytes, " +
                    $"0 to {maxTokenLength} are allowed; this is no llama2.c tokenizer.bin, or a damaged one");
            offset += PieceHeaderLength;
            if (length > file.Length - offset)
                throw TokenizerFile.Damaged(path, offset, $"token {pieces.Count} has {length} bytes and the file only " +
                    $"{file.Length - offset} more; fetch it again");
            pieces.Add((offset, length, score));
            offset += length;
        }
        return pieces.Count > 0
            ? new Llama2cTokenizer(file, maxTokenLength, pieces)
            : throw TokenizerFile.Damaged(path, HeaderLength, "the file holds no tokens, at least 1 is needed; fetch it again");
    }

    private static bool IsSpecial(int id, ReadOnlySpan<char> name) => id < SpecialNames.Length && name.SequenceEqual(SpecialNames[id]);

    private ReadOnlySpan<byte> Text(int id)
    {
        ReadOnlySpan<byte> text = _file.AsSpan(_pieces[id].Offset, _pieces[id].Length);
        ReadOnlySpan<byte> name = text.Trim((byte)'\n');
        return IsSpecial(id, Encoding.UTF8.GetString(name)) ? name : text;
    }
}
