using System.Buffers;
using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Finds added tokens in a text, with the white space that they take.</summary>
/// <remarks>
/// Source: <c>AddedVocabulary::find_matches</c> of the tokenizers library. White space that a token has taken is searched all the same, so
/// that
/// a token of white space may be found in it once more.
/// </remarks>
internal sealed class AddedTokenFinder
{
    private readonly LiteralMatcher _matcher;
    private readonly Dictionary<int, AddedToken> _tokens = [];

    /// <summary>Takes tokens, with their contents as they appear in the text that is searched; special ones go before others
    /// alike.</summary>
    public AddedTokenFinder(IReadOnlyCollection<AddedToken> tokens)
    {
        foreach (AddedToken token in tokens) _tokens[token.Id] = token;
        _matcher = new LiteralMatcher(tokens.OrderByDescending(token => token.IsSpecial).Select(token => (token.Content, token.Id)));
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
            int end = from = start + length;
            if (token.IsSingleWord && (IsWordBefore(text, start) || IsWordAfter(text, end))) continue;
            if (token.TakesSpaceBefore) start = Math.Max(text.AsSpan(0, start).TrimEnd().Length, done);
            if (token.TakesSpaceAfter) end = text.Length - text.AsSpan(end).TrimStart().Length;
            if (start > done) parts.Add((done, start - done, null));
            parts.Add((start, Math.Max(end - start, 0), id));
            done = end;
        }
        if (done < text.Length) parts.Add((done, text.Length - done, null));
        return parts;
    }

    private static bool IsWordBefore(string text, int end) =>
        Rune.DecodeLastFromUtf16(text.AsSpan(0, end), out Rune last, out _) == OperationStatus.Done && IsWord(last);

    private static bool IsWordAfter(string text, int start) =>
        Rune.DecodeFromUtf16(text.AsSpan(start), out Rune first, out _) == OperationStatus.Done && IsWord(first);

    private static bool IsWord(Rune character) => UnicodeProperties.JoinedWord.Contains(character.Value);
}
