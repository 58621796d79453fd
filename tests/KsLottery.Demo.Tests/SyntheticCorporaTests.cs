using KsLottery.Engine.Reproduction;

namespace KsLottery.Demo.Tests;

public sealed class SyntheticCorporaTests
{
    private static IEnumerable<(string Corpus, string Task)> Tasks =>
        [("digits", "shift"), ("digits", "reverse"), ("translations-german", "German")];

    [TestCaseSource(nameof(Tasks))]
    public void A_seed_decides_text_and_pairs_and_no_source_is_in_both_parts((string Corpus, string Task) of)
    {
        ISyntheticCorpus corpus = SyntheticCorpora.Named(of.Corpus);
        IReadOnlyList<(string Source, string Target)> training = corpus.Pairs(5, of.Task, 300, isTest: false),
            test = corpus.Pairs(5, of.Task, 60, isTest: true);
        Assert.That(corpus.Pairs(5, of.Task, 300, isTest: false), Is.EqualTo(training));
        Assert.That(corpus.Pairs(6, of.Task, 300, isTest: false), Is.Not.EqualTo(training));
        Assert.That(training.Concat(test).Select(p => p.Source).Distinct().Count(), Is.EqualTo(360));
        Assert.That(corpus.Pairs(6, of.Task, 300, isTest: false).Select(p => p.Source).Intersect(test.Select(p => p.Source)), Is.Empty,
            "nor in those of another seed");
        IReadOnlyList<string> text = corpus.Text(5, 2_000);
        Assert.That((corpus.Text(5, 2_000), text.Sum(d => d.Length + 1) >= 2_000), Is.EqualTo((text, true)));
    }

    [Test]
    public void Digits_are_shifted_and_reversed()
    {
        ISyntheticCorpus corpus = SyntheticCorpora.Named("digits");
        foreach ((string source, string target) in corpus.Pairs(1, "shift", 100, isTest: false))
        {
            Assert.That(source, Does.StartWith("shift "));
            Assert.That(source[6..].Split(' ').Select(d => (d[0] - '0' + 1) % 10), Is.EqualTo(target.Split(' ').Select(d => d[0] - '0')));
        }
        foreach ((string source, string target) in corpus.Pairs(1, "reverse", 100, isTest: true))
            Assert.That(string.Concat(target.Reverse()), Is.EqualTo(source["reverse ".Length..]));
    }

    [Test]
    public void What_there_is_not_is_named()
    {
        ISyntheticCorpus digits = SyntheticCorpora.Named("digits"), german = SyntheticCorpora.Named("translations-german");
        Assert.That(() => SyntheticCorpora.Named("digit"), Throws.ArgumentException.With.Message.Contains("digits"));
        Assert.That(() => digits.Pairs(1, "turn", 1, isTest: true), Throws.ArgumentException.With.Message.Contains("shift, reverse"));
        Assert.That(() => german.Pairs(1, "Danish", 1, isTest: true), Throws.ArgumentException.With.Message.Contains("German"));
    }
}
