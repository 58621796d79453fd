using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Cuts a text into words or into characters, each of which is a piece or unknown.</summary>
/// <remarks>Source: SentencePiece's <c>word::Model</c> and <c>character::Model</c>.</remarks>
/// <param name="ids">The ids of all pieces.</param>
/// <param name="symbols">The user-defined pieces, which stay whole among characters.</param>
/// <param name="unknownId">The id of the unknown piece.</param>
/// <param name="isWord">Whether into words, which begin at <c>▁</c>.</param>
internal sealed class WholeSegmenter(Dictionary<string, int> ids, ByteTrie symbols, int unknownId, bool isWord) : IPieceSegmenter
{
    /// <inheritdoc/>
    public void Segment(ReadOnlySpan<byte> text, List<(int Length, int Id)> pieces)
    {
        while (!text.IsEmpty)
        {
            int length = isWord ? WordLength(text) : CharacterLength(text);
            pieces.Add((length, ids.TryGetValue(Encoding.UTF8.GetString(text[..length]), out int id) ? id : unknownId));
            text = text[length..];
        }
    }

    private static int WordLength(ReadOnlySpan<byte> text)
    {
        int next = text[1..].IndexOf(SentencePieceNormalizer.Space);
        return next < 0 ? text.Length : next + 1;
    }

    private int CharacterLength(ReadOnlySpan<byte> text)
    {
        if (symbols.LongestPrefix(text, out _) is var symbol and > 0) return symbol;
        Rune.DecodeFromUtf8(text, out _, out int length);
        return length;
    }
}
