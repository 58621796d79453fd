namespace KsLottery.Engine.Text.Tokens;

/// <summary>A piece of a text on its way to the model.</summary>
/// <param name="Text">What it has become.</param>
/// <param name="AtStart">
/// How many of its first units stand for the first character of the whole text: <c>prepend_scheme: first</c> looks at the place in the
/// text as it
/// was given, which removing what stands before it does not change.
/// </param>
internal readonly record struct AlignedText(ReadOnlyMemory<char> Text, int AtStart)
{
    /// <summary>The text's units.</summary>
    public ReadOnlySpan<char> Span => Text.Span;

    /// <summary>Whether it is empty.</summary>
    public bool IsEmpty => Text.IsEmpty;

    /// <summary>A part.</summary>
    public AlignedText Slice(int start, int end) => new(Text[start..end], Math.Clamp(AtStart - start, 0, end - start));

    /// <summary>Puts text before it, which counts as part of its first character.</summary>
    public AlignedText Prepend(string text) => new((text + Text).AsMemory(), AtStart > 0 ? AtStart + text.Length : 0);

    /// <summary>Replaces it by a text that was made of it character by character.</summary>
    /// <param name="make">Makes a text of a text, chunk by chunk.</param>
    public AlignedText Map(Func<ReadOnlySpan<char>, string> make) =>
        new(make(Span).AsMemory(), AtStart == 0 ? 0 : make(Span[..AtStart]).Length);
}
