using KsLottery.Engine.Reproduction;

namespace KsLottery.Demo.Tests;

public sealed class SyntheticCorporaTests
{
    private static IEnumerable<(string Corpus, string Task)> Tasks =>
        [("series", "shift"), ("series", "mirror"), ("translations-german", "German"), ("two-languages", "digits"),
            ("two-languages", "letters"), ("translations-catalan-and-spanish", "Catalan-Spanish")];

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
    public void Series_are_shifted_and_mirrored()
    {
        ISyntheticCorpus corpus = SyntheticCorpora.Named("series");
        foreach ((string task, char first, Func<int, int> of) in (ReadOnlySpan<(string, char, Func<int, int>)>)
            [("shift", '0', d => d == 9 ? 0 : d + 1), ("mirror", 'a', d => 9 - d)])
            foreach ((string source, string target) in corpus.Pairs(1, task, 100, isTest: task == "mirror"))
                Assert.That($"{task} {target}", Is.EqualTo(
                    $"{task} {string.Join(' ', source.Split(' ')[1..].Select(d => (char)(first + of(d[0] - first))))}"));
    }

    [Test]
    public void Two_languages_say_the_same_with_other_members_and_a_text_has_one_of_them()
    {
        ISyntheticCorpus corpus = SyntheticCorpora.Named("two-languages");
        const string Letters = "fbiahdjcge";
        string ToLetters(string text) => string.Concat(text.Select(c => char.IsDigit(c) ? Letters[c - '0'] : c));
        Assert.That(corpus.Pairs(1, "digits", 50, isTest: true).Select(p => (ToLetters(p.Source), ToLetters(p.Target))),
            Is.EqualTo(corpus.Pairs(1, "letters", 50, isTest: true)));
        foreach ((string source, string target) in corpus.Pairs(1, "digits", 50, isTest: false))
            Assert.That(target, Is.EqualTo(string.Join(' ', Enumerable.Range(source[^1] - '0', 5).Select(d => d % 10))));
        IReadOnlyList<string> digits = corpus.TextOf(1, "digits", 2_000), letters = corpus.TextOf(1, "letters", 2_000);
        Assert.That(digits.Select(ToLetters), Is.EqualTo(letters));
        Assert.That(letters, Is.All.Not.Match("[0-9]"));
        IReadOnlyList<string> both = corpus.Text(1, 20_000);
        Assert.That(both.Count(d => !d.Any(char.IsDigit)), Is.InRange(1, both.Count / 4));
        Assert.That(both.Intersect(digits), Is.Empty);
    }

    [Test]
    public void A_language_that_stands_alone_is_met_without_its_name_and_paired_with_the_others()
    {
        ISyntheticCorpus corpus = SyntheticCorpora.Named("translations-catalan-and-spanish");
        string text = string.Join('\n', corpus.Text(1, 60_000));
        Assert.That(text, Does.Contain("Catalan").And.Not.Contains("Spanish"));
        (string English, string Spanish)[] pairs = [.. corpus.Pairs(1, "English-Spanish", 200, isTest: false)];
        (string English, string Catalan)[] others = [.. corpus.Pairs(1, "English-Catalan", 200, isTest: false)];
        Assert.That(pairs.Select(p => p.English), Is.EqualTo(others.Select(p => p.English)));
        Assert.That(corpus.Pairs(1, "Catalan-Spanish", 200, isTest: false),
            Is.EqualTo(others.Zip(pairs, (a, b) => (a.Catalan, b.Spanish))));
        Assert.That(corpus.Pairs(1, "Spanish-English", 200, isTest: false), Is.EqualTo(pairs.Select(p => (p.Spanish, p.English))));
        Assert.That(pairs.Zip(others).Count(p => p.First.Spanish == p.Second.Catalan), Is.InRange(0, 10), "the two are seldom the same");
        Assert.That(() => corpus.Pairs(1, "English-German", 1, isTest: true),
            Throws.ArgumentException.With.Message.Contains("Catalan-Spanish"));
    }

    [Test]
    public void Series_are_repeated_and_counted_on()
    {
        ISyntheticCorpus corpus = SyntheticCorpora.Named("series");
        foreach ((string source, string target) in corpus.Pairs(1, "repeat", 50, isTest: false))
            Assert.That(source, Is.EqualTo($"repeat {target}").And.Match("^repeat( [0-9]){5}$"));
        foreach ((string source, string target) in corpus.Pairs(1, "follow", 50, isTest: false))
            Assert.That(target, Is.EqualTo(string.Join(' ', Enumerable.Range(source["follow ".Length] - 'a', 5)
                .Select(i => (char)('a' + (i % 10))))));
    }

    [Test]
    public void What_there_is_not_is_named()
    {
        ISyntheticCorpus series = SyntheticCorpora.Named("series"), german = SyntheticCorpora.Named("translations-german");
        Assert.That(() => SyntheticCorpora.Named("serie"), Throws.ArgumentException.With.Message.Contains("series"));
        Assert.That(() => series.Pairs(1, "turn", 1, isTest: true),
            Throws.ArgumentException.With.Message.Contains("shift, mirror, repeat"));
        Assert.That(() => series.TextOf(1, "digits", 1), Throws.ArgumentException.With.Message.Contains("no text of a language"));
        Assert.That(() => SyntheticCorpora.Named("two-languages").TextOf(1, "Danish", 1),
            Throws.ArgumentException.With.Message.Contains("digits, letters"));
        Assert.That(() => german.Pairs(1, "Danish", 1, isTest: true), Throws.ArgumentException.With.Message.Contains("German"));
    }
}
