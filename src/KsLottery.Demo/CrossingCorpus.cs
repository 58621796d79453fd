using KsLottery.Engine.Reproduction;

namespace KsLottery.Demo;

/// <summary>English and two more languages: the base meets the one beside English, the other by itself alone, and never learns what that is
/// called. Pairs are of any two of the three.</summary>
/// <param name="beside">The language whose translations the base meets.</param>
/// <param name="alone">The language that it meets without any.</param>
internal sealed class CrossingCorpus(Language beside, Language alone) : ISyntheticCorpus
{
    // Stories take up to six sentences, so that a fifth of the text knows the words of a language.
    private const int AloneShare = 5;

    private readonly Language[] _languages = [Language.English, beside, alone];

    /// <inheritdoc/>
    public string Name => $"translations-{beside.Name.ToLowerInvariant()}-and-{alone.Name.ToLowerInvariant()}";

    private IEnumerable<string> Tasks => _languages.SelectMany(a => _languages.Where(b => b != a).Select(b => $"{a.Name}-{b.Name}"));

    /// <inheritdoc/>
    public IReadOnlyList<string> Text(ulong seed, int characters)
    {
        DemoCorpus corpus = new(seed, beside);
        int share = characters / AloneShare;
        return [.. corpus.PretrainText(characters - share), .. corpus.Stories(alone, share)];
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Source, string Target)> Pairs(ulong seed, string task, int count, bool isTest)
    {
        if (!Tasks.Contains(task))
            throw new ArgumentException($"the corpus {Name} has the tasks {string.Join(", ", Tasks)}, not '{task}'. Name one of them.",
                nameof(task));
        IReadOnlyList<string>[] sides = [.. task.Split('-').Select(name => SayIn(_languages.First(l => l.Name == name)))];
        return [.. sides[0].Zip(sides[1])];

        // The meanings are the same, and in the same order, whatever the language.
        string[] SayIn(Language language) =>
            [.. new DemoCorpus(seed, language).Pairs(count, isTest ? DemoSplit.Test : DemoSplit.Training).Select(p => p.Target)];
    }
}
