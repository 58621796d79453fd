namespace KsLottery.Engine.Text.Scoring;

/// <summary>How chrF is computed; the defaults are those of sacreBLEU, which makes chrF2.</summary>
public sealed record ChrfOptions
{
    /// <summary>The options of chrF++: n-grams of one and two words besides those of characters.</summary>
    public static ChrfOptions ChrfPlusPlus { get; } = new() { WordOrder = 2 };

    /// <summary>The largest n of the n-grams of characters.</summary>
    public int CharacterOrder { get; init; } = 6;

    /// <summary>The largest n of the n-grams of words; 0 is chrF, 2 chrF++.</summary>
    public int WordOrder { get; init; }

    /// <summary>How many times as much as precision recall counts.</summary>
    public int Beta { get; init; } = 2;

    /// <summary>Whether upper and lower case are one.</summary>
    public bool Lowercase { get; init; }

    /// <summary>Whether whitespace counts among the characters.</summary>
    public bool KeepWhitespace { get; init; }

    /// <summary>Whether F is computed for each order and its mean taken over all, as chrF++.py, Moses and NLTK do.</summary>
    /// <remarks>Without it precision and recall are averaged over the orders that both texts have, and F is of the averages.</remarks>
    public bool EpsilonSmoothing { get; init; }

    internal void Validate()
    {
        if (CharacterOrder is < 1 or > 64)
            throw new ArgumentOutOfRangeException(nameof(CharacterOrder), CharacterOrder, "Allowed: 1 to 64.");
        if (WordOrder is < 0 or > 64) throw new ArgumentOutOfRangeException(nameof(WordOrder), WordOrder, "Allowed: 0 to 64.");
        if (Beta is < 1 or > 1000) throw new ArgumentOutOfRangeException(nameof(Beta), Beta, "Allowed: 1 to 1000.");
    }
}
