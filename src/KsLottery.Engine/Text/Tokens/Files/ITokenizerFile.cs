namespace KsLottery.Engine.Text.Tokens;

/// <summary>What every tokenizer file can tell about its tokens; ids run from 0 to <see cref="Count"/> - 1.</summary>
internal interface ITokenizerFile
{
    /// <summary>The number of ids.</summary>
    int Count { get; }

    /// <summary>The piece as the file writes it; invalid UTF-8 becomes U+FFFD.</summary>
    string Piece(int id);

    /// <summary>The bytes that the token contributes to text; the name of a special or unused token.</summary>
    byte[] Bytes(int id);

    /// <summary>What the token stands for.</summary>
    TokenKind Kind(int id);
}
