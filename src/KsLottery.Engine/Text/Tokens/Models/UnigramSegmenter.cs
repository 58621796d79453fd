using System.Runtime.CompilerServices;
using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Cuts a text into the most probable pieces under a unigram language model.</summary>
/// <remarks>
/// Source: SentencePiece's <c>unigram::Model::EncodeOptimized</c>, to the last tie: sums are kept in single and compared in double
/// precision, of equal ways the one found first stays, a character without a piece costs ten more than the rarest piece, user-defined
/// pieces nearly nothing.
/// </remarks>
internal sealed class UnigramSegmenter : IPieceSegmenter
{
    private const float UnknownPenalty = 10;

    private readonly ByteTrie _pieces;
    private readonly double[] _scores;
    private readonly bool[] _isUserDefined;
    private readonly float _largest = 1.17549435e-38f, _unknownScore;
    private readonly int _unknownId;

    /// <summary>The best way to a place: where its last piece starts and which it is.</summary>
    private record struct Step(float Score, int Start, int Id);

    /// <summary>Takes the pieces of a model; those that are not used never occur.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // For the first file of a process, which is over before code is tiered up.
    public UnigramSegmenter(SentencePieceModel model, int unknownId)
    {
        const int BytesOfPiece = 3;
        _unknownId = unknownId;
        _pieces = new ByteTrie(BytesOfPiece * model.Count);
        ReadOnlySpan<SentencePiece> all = model.Span;
        (_scores, _isUserDefined) = (new double[all.Length], new bool[all.Length]);
        float least = float.MaxValue;
        for (int id = 0; id < all.Length; id++)
        {
            SentencePiece piece = all[id];
            (_scores[id], _isUserDefined[id]) = (piece.Score, piece.Type == SentencePieceType.UserDefined);
            if (piece.Type == SentencePieceType.Normal)
            {
                if (piece.Score < least) least = piece.Score;
                if (piece.Score > _largest) _largest = piece.Score;
            }
            if (piece.Type is SentencePieceType.Normal or SentencePieceType.UserDefined) _pieces.Add(piece.Utf8.Span, id);
        }
        _unknownScore = least - UnknownPenalty;
    }

    /// <inheritdoc/>
    public void Segment(ReadOnlySpan<byte> text, List<(int Length, int Id)> pieces)
    {
        Step[] best = FindBest(text);
        int first = pieces.Count;
        for (int end = text.Length; end > 0; end = best[end].Start) pieces.Add((end - best[end].Start, best[end].Id));
        pieces.Reverse(first, pieces.Count - first);
    }

    private Step[] FindBest(ReadOnlySpan<byte> text)
    {
        Step[] best = new Step[text.Length + 1];
        for (int i = 1; i < best.Length; i++) best[i].Start = -1;
        for (int start = 0; start < text.Length;)
        {
            Rune.DecodeFromUtf8(text[start..], out _, out int single);
            bool hasSingle = false;
            int node = ByteTrie.Root;
            for (int end = start; end < text.Length && _pieces.TryStep(ref node, text[end]);)
            {
                end++;
                if (_pieces.ValueAt(node) is not (>= 0 and int id)) continue;
                double score = _isUserDefined[id] ? ((end - start) * _largest) - 0.1 : _scores[id];
                Improve(ref best[end], score + best[start].Score, start, id);
                hasSingle |= end - start == single;
            }
            if (!hasSingle) Improve(ref best[start + single], _unknownScore + best[start].Score, start, _unknownId);
            start += single;
        }
        return best;
    }

    private static void Improve(ref Step best, double score, int start, int id)
    {
        if (best.Start < 0 || score > best.Score) best = new Step((float)score, start, id);
    }
}
