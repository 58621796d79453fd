using KsLottery.Cli.Demo;

namespace KsLottery.Cli.Tests.Demo;

public sealed class DemoCorpusTests
{
    private static readonly DemoCorpus Corpus = new(7, Tongue.Danish, Tongue.German);

    [Test]
    public void The_seed_decides_the_text()
    {
        IReadOnlyList<string> text = Corpus.PretrainText(20_000);
        Assert.That(new DemoCorpus(7, Tongue.Danish, Tongue.German).PretrainText(20_000), Is.EqualTo(text));
        Assert.That(new DemoCorpus(8, Tongue.Danish, Tongue.German).PretrainText(20_000), Is.Not.EqualTo(text));
        Assert.That(text.Sum(d => d.Length + 1), Is.InRange(20_000, 21_000));
        Assert.That(Corpus.PretrainText(40_000).Take(text.Count), Is.EqualTo(text), "more text begins with the same");
    }

    [Test]
    public void No_sentence_is_in_two_parts()
    {
        string pretraining = string.Join('\n', Corpus.PretrainText(300_000));
        IReadOnlyList<DemoTranslation> training = Corpus.Pairs(Tongue.Danish, 3_000, DemoSplit.Training);
        IReadOnlyList<DemoTranslation> test = Corpus.Pairs(Tongue.Danish, 200, DemoSplit.Test);
        Assert.That(training.Concat(test).SelectMany(p => (string[])[p.English, p.Target]), Is.Unique);
        Assert.That(test.Where(p => pretraining.Contains(p.English, StringComparison.Ordinal)
            || pretraining.Contains(p.Target, StringComparison.Ordinal)), Is.Empty);
        Assert.That(training.Where(p => pretraining.Contains(p.English, StringComparison.Ordinal)
            && pretraining.Contains(p.Target, StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void Every_language_translates_the_same_meanings()
    {
        Assert.That(Corpus.Pairs(Tongue.German, 100, DemoSplit.Test).Select(p => p.English),
            Is.EqualTo(Corpus.Pairs(Tongue.Danish, 100, DemoSplit.Test).Select(p => p.English)));
    }

    [Test]
    public void Half_of_the_lines_are_English_and_the_other_languages_stand_alone_and_beside_it()
    {
        IReadOnlyList<string> text = Corpus.PretrainText(300_000);
        Assert.That(Share(d => d.Contains("The ", StringComparison.Ordinal) && !d.Contains("Danish") && !d.Contains("German")),
            Is.GreaterThan(0.2));
        Assert.That(Share(d => d.Contains("English: ") || d.Contains(" = ")), Is.InRange(0.15, 0.25));
        Assert.That(Share(d => d.Contains("klokken") && !d.Contains("o'clock") && !d.Contains(" = ") && !d.Contains("English")),
            Is.GreaterThan(0.03));
        Assert.That(Share(d => d.Contains("Instruction") || d.Contains("Translate")), Is.Zero, "the prompt is new to the base");

        double Share(Func<string, bool> holds) => text.Count(holds) / (double)text.Count;
    }
}
