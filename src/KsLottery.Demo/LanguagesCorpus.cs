using KsLottery.Engine.Numerics;
using KsLottery.Engine.Reproduction;

namespace KsLottery.Demo;

/// <summary>Two languages that say the same with other members: digits in their order, and letters in an order of their own.</summary>
/// <remarks>
/// So the second is the first with its vocabulary permuted. A base meets documents of both, of letters few, and can know their order only
/// half. The task is the same in both, and has the language's name: to count on from a series' last member. No text of a language says so.
/// </remarks>
internal sealed class LanguagesCorpus : ISyntheticCorpus
{
    private const int DocumentsToOneOfLetters = 12;

    private static readonly Dictionary<string, string> Languages = new() { ["digits"] = "0123456789", ["letters"] = "fbiahdjcge" };

    /// <inheritdoc/>
    public string Name => "two-languages";

    /// <inheritdoc/>
    public IReadOnlyList<string> Text(ulong seed, int characters) => Documents(new(SplitMix64.Mix(seed)), characters,
        [.. Enumerable.Repeat("digits", DocumentsToOneOfLetters - 1), "letters"]);

    /// <inheritdoc/>
    public IReadOnlyList<string> TextOf(ulong seed, string language, int characters)
    {
        ThrowIfUnknown("languages", language);
        return Documents(new(SplitMix64.Mix(seed) + 3), characters, language);
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Source, string Target)> Pairs(ulong seed, string task, int count, bool isTest)
    {
        ThrowIfUnknown("tasks", task);
        return Series.Pairs(seed, count, isTest, "follow", Languages[task], series => Series.CountOn(series[^1]));
    }

    private static List<string> Documents(SplitMix64 random, int characters, params string[] languages)
    {
        List<string> documents = [];
        for (int length = 0; length < characters; length += documents[^1].Length + 1)
            documents.Add(Series.Document(ref random, Languages[languages[random.NextBelow(languages.Length)]]));
        return documents;
    }

    private void ThrowIfUnknown(string what, string name)
    {
        if (!Languages.ContainsKey(name))
            throw new ArgumentException($"the corpus {Name} has the {what} {string.Join(", ", Languages.Keys)}, not '{name}'. Name one of "
                + "them.", nameof(name));
    }
}
