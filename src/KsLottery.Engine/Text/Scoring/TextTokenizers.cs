using System.Text;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>The tokenizers of sacreBLEU that need no data, and a way to make others.</summary>
public static class TextTokenizers
{
    private static readonly ITextTokenizer[] Named =
    [
        new PunctuationTokenizer("13a", new WesternAlphabet()),
        new PunctuationTokenizer("intl", new UnicodeAlphabet()),
        new PieceTokenizer("none", text => [text]),
        new PieceTokenizer("char", text => text.EnumerateRunes().Select(rune => rune.ToString())),
    ];

    /// <summary>That of mteval-v13a, the default of WMT and of sacreBLEU: ASCII punctuation apart from words and digits.</summary>
    public static ITextTokenizer V13a => Named[0];

    /// <summary>That of mteval-v14, for other scripts: punctuation and symbols by Unicode category.</summary>
    public static ITextTokenizer International => Named[1];

    /// <summary>No tokenizer: words are what stands between whitespace.</summary>
    public static ITextTokenizer None => Named[2];

    /// <summary>Every code point is a token.</summary>
    public static ITextTokenizer Characters => Named[3];

    /// <summary>The tokenizer of a name as it stands in a signature: 13a, intl, none or char.</summary>
    /// <param name="name">The name, in lower case.</param>
    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static ITextTokenizer ByName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Array.Find(Named, tokenizer => tokenizer.Name == name) ?? throw new ArgumentException(
            $"There is no tokenizer '{name}'. Allowed: {string.Join(", ", Named.Select(t => t.Name))}; " +
            "one for spBLEU is made of a SentencePiece file's pieces.",
            nameof(name));
    }

    /// <summary>A tokenizer whose tokens are the pieces that a function cuts a text into.</summary>
    /// <param name="name">What the signature says after <c>tok:</c>, such as <c>flores101</c>; without <c>|</c> and <c>:</c>.</param>
    /// <param name="pieces">Cuts one segment; the pieces of spBLEU are those of the model, with its ▁ in them.</param>
    /// <remarks>As in sacreBLEU a piece with whitespace inside counts as several tokens, and an empty piece as none.</remarks>
    /// <exception cref="ArgumentException">The name is empty or would break a signature.</exception>
    public static ITextTokenizer FromPieces(string name, Func<string, IEnumerable<string>> pieces)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(pieces);
        if (name.AsSpan().ContainsAny('|', ':'))
        {
            throw new ArgumentException(
                $"The tokenizer name '{name}' holds a '|' or ':', which separate a signature's fields; choose another.", nameof(name));
        }
        return new PieceTokenizer(name, pieces);
    }

    private sealed class PieceTokenizer(string name, Func<string, IEnumerable<string>> pieces) : ITextTokenizer
    {
        public string Name => name;

        public string Separate(string text) => new StringBuilder(text.Length * 2).AppendJoin(' ', pieces(text)).ToString();
    }
}
