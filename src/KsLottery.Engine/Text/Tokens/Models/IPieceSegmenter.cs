namespace KsLottery.Engine.Text.Tokens;

/// <summary>The algorithm of a SentencePiece model. Safe to use from several threads.</summary>
internal interface IPieceSegmenter
{
    /// <summary>Cuts a normalised text, in UTF-8, into pieces, each with its length and its id; that of the unknown piece where it is
    /// none.</summary>
    void Segment(ReadOnlySpan<byte> text, List<(int Length, int Id)> pieces);
}
