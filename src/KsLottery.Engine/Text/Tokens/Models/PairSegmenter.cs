using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Joins the characters of a text pair by pair, the best scored first; user-defined pieces stay whole.</summary>
/// <remarks>Source: SentencePiece's <c>bpe::Model</c>.</remarks>
internal sealed class PairSegmenter : IPieceSegmenter
{
    private readonly ScoredPieces _pieces;
    private readonly ByteTrie _symbols;
    private readonly int[] _lengths;
    private readonly int _unknownId;

    /// <summary>Takes the pieces of a model.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // For the first file of a process, which is over before code is tiered up.
    public PairSegmenter(SentencePieceModel model, ByteTrie symbols, int unknownId)
    {
        (_symbols, _unknownId) = (symbols, unknownId);
        ReadOnlySpan<SentencePiece> all = model.Span;
        var joined = new (string Text, float Score, int Id)[all.Length];
        _lengths = new int[all.Length];
        int count = 0;
        for (int id = 0; id < all.Length; id++)
        {
            string text = all[id].Text;
            _lengths[id] = Encoding.UTF8.GetByteCount(text);
            if (all[id].Type == SentencePieceType.Normal) joined[count++] = (text, all[id].Score, id);
        }
        _pieces = new ScoredPieces(model.Count, joined.AsSpan(0, count));
    }

    /// <inheritdoc/>
    public void Segment(ReadOnlySpan<byte> text, List<(int Length, int Id)> pieces)
    {
        PairMerging merging = new(_pieces.Merges);
        List<int> symbols = [], joined = [];
        int start = 0;
        while (start < text.Length)
        {
            int length = _symbols.LongestPrefix(text[start..], out int id);
            if (length > 0)
            {
                Join();
                pieces.Add((length, id));
            }
            else
            {
                Rune.DecodeFromUtf8(text[start..], out Rune character, out length);
                symbols.Add(_pieces.SymbolOf(character));
            }
            start += length;
        }
        Join();

        void Join()
        {
            joined.Clear();
            merging.Append(CollectionsMarshal.AsSpan(symbols), joined);
            foreach (int symbol in joined)
                pieces.Add(_pieces.IsToken(symbol, out Rune character) ? (_lengths[symbol], symbol)
                    : (character.Utf8SequenceLength, _unknownId));
            symbols.Clear();
        }
    }
}
