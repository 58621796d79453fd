using System.Globalization;
using System.Text;

namespace KsLottery.Engine.Tokens;

/// <summary>Finds added tokens in a text, with the white space that they take.</summary>
/// <remarks>Source: <c>AddedVocabulary::find_matches</c> of the tokenizers library.</remarks>
internal sealed class AddedTokenFinder
{
    private readonly LiteralMatcher _matcher;
    private readonly Dictionary<int, AddedToken> _tokens = [];

    /// <summary>Takes tokens, with their contents as they appear in the text that is searched.</summary>
    public AddedTokenFinder(IReadOnlyCollection<AddedToken> tokens)
    {
        foreach (AddedToken token in tokens) _tokens[token.Id] = token;
        _matcher = new LiteralMatcher(tokens.Select(token => (token.Content, token.Id)));
    }

    /// <summary>Cuts a text: parts between tokens have the id null, none of them is empty.</summary>
    public List<(int Start, int Length, int? Id)> Split(string text)
    {
        List<(int, int, int?)> parts = [];
        int done = 0;
        for (int from = 0; _matcher.TryFind(text.AsSpan(from), out int start, out int length, out int id);)
        {
            AddedToken token = _tokens[id];
            start += from;
            int end = start + length;
            from = end;
            if (token.IsSingleWord && (IsWordBefore(text, start) || IsWordAfter(text, end))) continue;
            if (token.TakesSpaceBefore)
                while (start > done && char.IsWhiteSpace(text[start - 1])) start--;
            if (token.TakesSpaceAfter)
                while (end < text.Length && char.IsWhiteSpace(text[end])) end++;
            if (start > done) parts.Add((done, start - done, null));
            parts.Add((start, end - start, id));
            from = done = end;
        }
        if (done < text.Length) parts.Add((done, text.Length - done, null));
        return parts;
    }

    private static bool IsWordBefore(string text, int end) =>
        Rune.DecodeLastFromUtf16(text.AsSpan(0, end), out Rune last, out _) == System.Buffers.OperationStatus.Done && IsWord(last);

    private static bool IsWordAfter(string text, int start) =>
        Rune.DecodeFromUtf16(text.AsSpan(start), out Rune first, out _) == System.Buffers.OperationStatus.Done && IsWord(first);

    private static bool IsWord(Rune character) => Rune.IsLetterOrDigit(character) || Rune.GetUnicodeCategory(character)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
        or UnicodeCategory.ConnectorPunctuation or UnicodeCategory.LetterNumber;
}
