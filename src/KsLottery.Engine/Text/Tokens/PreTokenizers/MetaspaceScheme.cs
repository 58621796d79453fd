namespace KsLottery.Engine.Text.Tokens;

/// <summary>The settings of a <c>Metaspace</c> step, which is pre-tokenizer and decoder.</summary>
/// <param name="Replacement">The code point that stands for a space.</param>
/// <param name="Prepends">When it is put before a text: <c>always</c>, <c>first</c> or <c>never</c>.</param>
internal readonly record struct MetaspaceScheme(int Replacement, string Prepends)
{
    /// <summary>Reads a step, in the spelling with <c>prepend_scheme</c> or the older one with <c>add_prefix_space</c>.</summary>
    /// <exception cref="InvalidDataException">A setting has a value that is not allowed, or the two spellings disagree.</exception>
    public static MetaspaceScheme Read(TokenizerStep step)
    {
        int replacement = step.Get("replacement") is null ? '▁' : step.Character("replacement");
        bool? adds = step.Get("add_prefix_space") is null ? null : step.Flag("add_prefix_space", true);
        string? scheme = step.Text("prepend_scheme");
        if (scheme is not (null or "always" or "first" or "never")) throw step.Refuse("prepend_scheme", scheme, "always, first and never");
        if (adds == false && scheme is ("always" or "first"))
            throw step.Refuse("prepend_scheme", $"{scheme} with add_prefix_space false", "never, or add_prefix_space left out");
        return new MetaspaceScheme(replacement, scheme ?? (adds ?? true ? "always" : "never"));
    }
}

/// <summary>What a SentencePiece normaliser does to spaces.</summary>
/// <param name="AddsPrefix">Whether a text gets a space of its own.</param>
/// <param name="IsSuffix">Whether that space, and those of words, stand behind rather than before.</param>
/// <param name="RemovesExtra">Whether runs of spaces become one, and those around a text none.</param>
/// <param name="Escapes">Whether spaces become <c>▁</c>.</param>
internal readonly record struct SpaceSettings(bool AddsPrefix, bool IsSuffix, bool RemovesExtra, bool Escapes);
