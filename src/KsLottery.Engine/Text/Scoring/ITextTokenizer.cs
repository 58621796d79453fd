namespace KsLottery.Engine.Text.Scoring;

/// <summary>Cuts a line into the tokens whose n-grams BLEU counts.</summary>
/// <remarks>
/// An implementation may keep a cache, but one text must always give the same tokens. <see cref="TextTokenizers"/> has those of sacreBLEU;
/// <see cref="TextTokenizers.FromPieces"/> makes one of anything that cuts text into pieces, such as a SentencePiece model for spBLEU.
/// </remarks>
public interface ITextTokenizer
{
    /// <summary>The name that a signature gives after <c>tok:</c>, such as <c>13a</c>.</summary>
    string Name { get; }

    /// <summary>The text with whitespace between its tokens.</summary>
    /// <param name="text">One segment, without whitespace at its end.</param>
    string Separate(string text);
}
