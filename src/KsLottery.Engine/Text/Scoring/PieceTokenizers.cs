using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>Makes spBLEU's tokenizer of a tokenizer file.</summary>
internal static class PieceTokenizers
{
    /// <summary>Opens a tokenizer file whose pieces are BLEU's tokens; a signature names it by the file's name without its
    /// ending.</summary>
    /// <remarks>Characters outside the vocabulary are one piece, whichever they are.</remarks>
    /// <param name="path">The file, for instance a SentencePiece <c>.model</c>.</param>
    /// <inheritdoc cref="Tokenizer.Open" path="/exception"/>
    public static ITextTokenizer Open(string path) => Of(Tokenizer.Open(path));

    /// <summary>The same of a tokenizer that is open.</summary>
    public static ITextTokenizer Of(Tokenizer tokenizer)
    {
        string name = Path.GetFileNameWithoutExtension(tokenizer.Names.Source).Replace('|', '_').Replace(':', '_');
        return TextTokenizers.FromPieces(name, text => tokenizer.Encode(text).Select(tokenizer.Names.Piece));
    }
}
