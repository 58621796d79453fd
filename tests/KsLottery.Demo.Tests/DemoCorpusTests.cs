using System.Text.RegularExpressions;

namespace KsLottery.Demo.Tests;

public sealed class DemoCorpusTests
{
    private static readonly DemoCorpus Corpus = new(7, Language.Danish);

    [Test]
    public void The_seed_decides_the_text()
    {
        IReadOnlyList<string> text = Corpus.PretrainText(20_000);
        Assert.That(new DemoCorpus(7, Language.Danish).PretrainText(20_000), Is.EqualTo(text));
        Assert.That(new DemoCorpus(8, Language.Danish).PretrainText(20_000), Is.Not.EqualTo(text));
        Assert.That(text.Sum(d => d.Length + 1), Is.InRange(20_000, 21_000));
        Assert.That(Corpus.PretrainText(40_000).Take(text.Count), Is.EqualTo(text), "more text begins with the same");
    }

    [Test]
    public void No_sentence_is_in_two_parts()
    {
        string pretraining = string.Join('\n', Corpus.PretrainText(300_000));
        IReadOnlyList<DemoTranslation> training = Corpus.Pairs(3_000, DemoSplit.Training);
        IReadOnlyList<DemoTranslation> test = Corpus.Pairs(1_000, DemoSplit.Test);
        Assert.That(training.Concat(test).SelectMany(p => (string[])[p.English, p.Target]), Is.Unique);
        Assert.That(test.Where(p => pretraining.Contains(p.English, StringComparison.Ordinal)
            || pretraining.Contains(p.Target, StringComparison.Ordinal)), Is.Empty);
        Assert.That(training.Where(p => pretraining.Contains(p.English, StringComparison.Ordinal)
            && pretraining.Contains(p.Target, StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void Every_language_translates_the_same_meanings()
    {
        Assert.That(new DemoCorpus(7, Language.German).Pairs(100, DemoSplit.Test).Select(p => p.English),
            Is.EqualTo(Corpus.Pairs(100, DemoSplit.Test).Select(p => p.English)));
    }

    [Test]
    public void More_pairs_than_there_are_are_refused() =>
        Assert.That(() => Corpus.Pairs(100_000, DemoSplit.Test), Throws.TypeOf<ArgumentOutOfRangeException>()
            .With.Message.Contains("different pairs of the part Test").And.Message.Contains("Ask for 0 to "));

    [Test]
    public void Seven_tenths_are_translations_and_the_rest_dictionaries_and_stories_in_one_language()
    {
        IReadOnlyList<string> text = Corpus.PretrainText(300_000);
        Assert.That(Share(IsParallel), Is.EqualTo(0.7).Within(0.03));
        Assert.That(Share(IsDictionary), Is.EqualTo(0.12).Within(0.03));
        Assert.That(Share(d => IsStory(d) && IsEnglish(d)), Is.EqualTo(0.12).Within(0.03));
        Assert.That(Share(d => IsStory(d) && !IsEnglish(d)), Is.EqualTo(0.06).Within(0.02));
        Assert.That(Share(d => d.Contains("Instruction") || d.Contains("Translate")), Is.Zero, "the prompt is new to the base");

        double Share(Func<string, bool> holds) => text.Count(holds) / (double)text.Count;
        static bool IsParallel(string document) => document.Contains("English: ") || document.Contains("Danish: ");
        static bool IsDictionary(string document) => document.Contains('"');
        static bool IsStory(string document) => !IsParallel(document) && !IsDictionary(document);
        static bool IsEnglish(string document) => Regex.IsMatch(document, @"\b(leaves|opens|costs|has|are|was|is|gets)\b");
    }
}
