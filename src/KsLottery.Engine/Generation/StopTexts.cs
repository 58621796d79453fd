using System.Text;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Generation;

/// <summary>Texts that end a generation where they first occur in what is written; neither they nor what follows is part of it.</summary>
public sealed class StopTexts
{
    private readonly Tokenizer _tokenizer;
    private readonly byte[][] _utf8;

    /// <summary>Prepares to look.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="texts">The texts, one at least.</param>
    /// <exception cref="ArgumentException">There is no text, or one is empty.</exception>
    public StopTexts(Tokenizer tokenizer, IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(texts);
        if (texts.Count == 0 || texts.Any(string.IsNullOrEmpty))
            throw new ArgumentException("a text that stops must have one character at least.", nameof(texts));
        (_tokenizer, Texts) = (tokenizer, [.. texts]);
        _utf8 = [.. texts.Select(Encoding.UTF8.GetBytes)];
    }

    /// <summary>The texts.</summary>
    public IReadOnlyList<string> Texts { get; }

    /// <summary>Whether one of them is in what a prompt was continued by.</summary>
    /// <param name="prompt">The prompt's tokens.</param>
    /// <param name="tokens">The new ones.</param>
    public bool IsIn(ReadOnlySpan<int> prompt, ReadOnlySpan<int> tokens) => Find(_tokenizer.DecodeContinuation(prompt, tokens)) >= 0;

    /// <summary>What stands before the first of them; all where none occurs.</summary>
    /// <param name="utf8">What was written.</param>
    public ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> utf8) => Find(utf8) is var start and >= 0 ? utf8[..start] : utf8;

    private int Find(ReadOnlySpan<byte> utf8)
    {
        int first = -1;
        foreach (byte[] text in _utf8)
            if (utf8.IndexOf(text) is var start and >= 0 && (first < 0 || start < first))
                first = start;
        return first;
    }
}
