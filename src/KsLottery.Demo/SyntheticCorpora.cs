using KsLottery.Engine.Reproduction;

namespace KsLottery.Demo;

/// <summary>The corpora that recipes can name.</summary>
public static class SyntheticCorpora
{
    /// <summary>All of them: the demo's translations by language, those of three languages, tasks on series, and two languages of
    /// series.</summary>
    public static IReadOnlyList<ISyntheticCorpus> All { get; } =
    [
        .. Language.All.Where(l => l != Language.English).Select(l => new TranslationCorpus(l)),
        new CrossingCorpus(Language.Catalan, Language.Spanish), new SeriesCorpus(), new LanguagesCorpus(),
    ];

    /// <summary>The corpus with a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static ISyntheticCorpus Named(string name) => All.FirstOrDefault(c => c.Name == name)
        ?? throw new ArgumentException($"'{name}' is no corpus; there are {string.Join(", ", All.Select(c => c.Name))}. Name one of them.",
            nameof(name));
}

/// <summary>The text of <c>kslottery demo</c>: the base meets translations, and never an instruction.</summary>
/// <param name="target">The language that English is translated to, which is also the task's name.</param>
internal sealed class TranslationCorpus(Language target) : ISyntheticCorpus
{
    /// <inheritdoc/>
    public string Name => $"translations-{target.Name.ToLowerInvariant()}";

    /// <inheritdoc/>
    public IReadOnlyList<string> Text(ulong seed, int characters) => new DemoCorpus(seed, target).PretrainText(characters);

    /// <inheritdoc/>
    public IReadOnlyList<(string Source, string Target)> Pairs(ulong seed, string task, int count, bool isTest) => task == target.Name
        ? [.. new DemoCorpus(seed, target).Pairs(count, isTest ? DemoSplit.Test : DemoSplit.Training).Select(p => (p.English, p.Target))]
        : throw new ArgumentException($"the corpus {Name} has the task {target.Name}, not '{task}'. Name the task so.", nameof(task));
}
