namespace KsLottery.Engine.Text.Scoring;

/// <summary>Walks over the words of a line, which are what stands between whitespace.</summary>
/// <remarks>Whitespace is that of Unicode and the separators U+001C to U+001F, as in Python's <c>split</c>.</remarks>
internal ref struct Words(ReadOnlySpan<char> text)
{
    private ReadOnlySpan<char> _rest = text;

    public ReadOnlySpan<char> Current { get; private set; }

    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1C' and <= '\x1F';

    /// <summary>The text without the whitespace at its end.</summary>
    public static string TrimEnd(string text)
    {
        int length = text.Length;
        while (length > 0 && IsSpace(text[length - 1])) length--;
        return text[..length];
    }

    public readonly Words GetEnumerator() => this;

    public bool MoveNext()
    {
        int start = 0;
        while (start < _rest.Length && IsSpace(_rest[start])) start++;
        int end = start;
        while (end < _rest.Length && !IsSpace(_rest[end])) end++;
        Current = _rest[start..end];
        _rest = _rest[end..];
        return end > start;
    }
}
