using System.Globalization;
using System.Text;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>Says in which of some languages a text is, learned from a text of each.</summary>
/// <remarks>
/// <para>
/// A language is a model of characters: the probability of each given the four before it, of which shorter and shorter contexts are
/// interpolated by absolute discounting (Ney, Essen and Kneser, 1994); a text is in the language that makes it likeliest (Dunning, 1994,
/// "Statistical identification of language"). Case, digits and punctuation do not count; a line counts once, however often it stands there.
/// </para>
/// <para>
/// Every tenth line of a language is held out and never learned from; <see cref="Accuracies"/> says how often these are taken for another
/// language. What is measured so is what is used.
/// </para>
/// <para>Deterministic, and safe from several threads.</para>
/// </remarks>
public sealed class LanguageIdentifier
{
    /// <summary>The fewest different lines that a language is learned from and measured on.</summary>
    public const int MinLines = 20;

    private const int HeldOutEvery = 10;

    private readonly CharacterAlphabet _alphabet;
    private readonly CharacterModel[] _models;

    private LanguageIdentifier(IReadOnlyList<string> names, CharacterAlphabet alphabet, CharacterModel[] models, string[][] heldOut)
    {
        (Languages, _alphabet, _models) = (names, alphabet, models);
        Accuracies = [.. heldOut.Select((lines, i) => Measure(i, lines))];
    }

    /// <summary>The languages, in the order in which they were given.</summary>
    public IReadOnlyList<string> Languages { get; }

    /// <summary>How often lines that were held out are taken for another language, by language.</summary>
    public IReadOnlyList<LanguageAccuracy> Accuracies { get; }

    /// <summary>Learns languages.</summary>
    /// <param name="languages">Their names, and lines of each.</param>
    /// <param name="cancellationToken">Stops between languages.</param>
    /// <exception cref="ArgumentException">There are fewer than two languages, two have one name, or one has fewer than
    /// <see cref="MinLines"/> different lines with letters.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static LanguageIdentifier Train(IReadOnlyList<(string Name, IReadOnlyList<string> Lines)> languages,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(languages);
        string[] names = [.. languages.Select(l => l.Name)];
        if (names.Length < 2)
            throw new ArgumentException("a language is told from others: give two or more, with a text of each.", nameof(languages));
        if (names.CountBy(n => n).FirstOrDefault(n => n.Value > 1).Key is { } twice)
            throw new ArgumentException($"the language {twice} is there twice. Give each one text.", nameof(languages));
        string[][] lines = [.. languages.Select(l => l.Lines.Select(LettersOf).Where(t => t.Length > 0).Distinct().ToArray())];
        foreach ((string name, string[] own) in names.Zip(lines))
            if (own.Length < MinLines)
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                    $"{name}: {own.Length} different lines with letters; {MinLines} or more are needed to learn a language and to "
                    + $"measure it. Give a longer text."), nameof(languages));
        string[][] learned = [.. lines.Select(own => own.Where((_, i) => !IsHeldOut(i)).ToArray())];
        CharacterAlphabet alphabet = new(learned.SelectMany(own => own));
        CharacterModel[] models = new CharacterModel[names.Length];
        foreach ((int i, string[] own) in learned.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            models[i] = new(alphabet, own);
        }
        return new(names, alphabet, models, [.. lines.Select(own => own.Where((_, i) => IsHeldOut(i)).ToArray())]);

        static bool IsHeldOut(int line) => line % HeldOutEvery == HeldOutEvery - 1;
    }

    /// <summary>The language of a text, of equally likely ones the first; null for a text without a letter.</summary>
    public string? Identify(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string letters = LettersOf(text);
        return letters.Length == 0 ? null : Languages[Likeliest(letters)];
    }

    /// <summary>Counts the languages of texts.</summary>
    public LanguageCounts Count(IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        string?[] found = OfEach(texts, Identify);
        return new([.. Languages.Select(name => (name, found.Count(f => f == name)))], found.Count(f => f is null));
    }

    private LanguageAccuracy Measure(int language, string[] heldOut)
    {
        int[] found = OfEach(heldOut, Likeliest);
        int[] wrong = [.. found.Where(f => f != language)];
        return new(Languages[language], _models[language].Lines, heldOut.Length, wrong.Length,
            wrong.Length == 0 ? null : Languages[wrong.CountBy(f => f).OrderByDescending(f => f.Value).ThenBy(f => f.Key).First().Key]);
    }

    private static T[] OfEach<T>(IReadOnlyList<string> texts, Func<string, T> work)
    {
        T[] found = new T[texts.Count];
        Parallel.For(0, found.Length, i => found[i] = work(texts[i]));
        return found;
    }

    private int Likeliest(string letters)
    {
        int[] symbols = _alphabet.SymbolsOf(letters);
        int best = 0;
        double bestScore = double.NegativeInfinity;
        for (int i = 0; i < _models.Length; i++)
            if (_models[i].LogProbability(symbols) is var score && score > bestScore) (best, bestScore) = (i, score);
        return best;
    }

    /// <summary>The words of a text, in lower case, with one space around each; empty where there is no letter.</summary>
    private static string LettersOf(string text)
    {
        StringBuilder letters = new(text.Length + 2);
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool counts = Rune.IsLetter(rune) || (letters.Length > 0 && Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark
                or UnicodeCategory.SpacingCombiningMark);
            if (letters.Length == 0 || (!counts && letters[^1] != ' ')) letters.Append(' ');
            if (counts) letters.Append(Rune.ToLowerInvariant(rune).ToString());
        }
        if (letters.Length <= 1) return "";
        if (letters[^1] != ' ') letters.Append(' ');
        return letters.ToString();
    }
}

/// <summary>How often an identifier takes a language for another.</summary>
/// <param name="Language">The language.</param>
/// <param name="Lines">The different lines that it was learned from.</param>
/// <param name="HeldOut">The different lines that it was not learned from.</param>
/// <param name="Errors">Those of <paramref name="HeldOut"/> that are taken for another language.</param>
/// <param name="MostlyTakenFor">The language for which most of them are taken; null where there are none.</param>
public sealed record LanguageAccuracy(string Language, int Lines, int HeldOut, int Errors, string? MostlyTakenFor)
{
    /// <summary>The share of lines that are taken for another language, 0 to 1.</summary>
    public double ErrorRate => (double)Errors / HeldOut;
}

/// <summary>In which languages texts are.</summary>
/// <param name="Counts">The texts of each language.</param>
/// <param name="Undetermined">Texts without a letter, which are in none.</param>
public sealed record LanguageCounts(IReadOnlyList<(string Language, int Count)> Counts, int Undetermined)
{
    /// <summary>The texts that are in a language.</summary>
    public int Determined => Counts.Sum(c => c.Count);

    /// <summary>The texts that are in another language than they should be.</summary>
    public int OffTarget(string target) => Counts.Where(c => c.Language != target).Sum(c => c.Count);

    /// <summary>The share of those among the texts that are in any language, 0 to 1; NaN where none is.</summary>
    public double OffTargetRate(string target) => (double)OffTarget(target) / Determined;

    /// <summary>The wrong language that most texts are in; null where none is.</summary>
    public string? MostlyIn(string target) =>
        Counts.Where(c => c.Language != target && c.Count > 0).OrderByDescending(c => c.Count).Select(c => c.Language).FirstOrDefault();
}
