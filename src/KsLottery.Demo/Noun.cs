namespace KsLottery.Demo;

/// <summary>What is counted: a plural, and the gender that a number before it takes.</summary>
internal readonly record struct Noun(string Plural, NumberForm Gender)
{
    /// <summary>Reads a list that commas part; a star marks the feminine ones.</summary>
    public static Noun[] List(string nouns) => [.. Lexicon.List(nouns)
        .Select(n => n.EndsWith('*') ? new Noun(n[..^1], NumberForm.Feminine) : new Noun(n, NumberForm.Masculine))];
}
