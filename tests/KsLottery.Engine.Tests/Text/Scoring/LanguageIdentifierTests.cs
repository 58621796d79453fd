using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Scoring;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Text.Scoring;

public sealed class LanguageIdentifierTests
{
    private static readonly string[] Danish = [.. Lines("en mand og en hund går ned ad vejen mod den grønne skov", 7)],
        German = [.. Lines("ein mann und ein hund gehen die straße hinunter zum grünen wald", 7)];

    /// <summary>Eight languages of one corpus, five of them of Italy: sentences decide, not their subject.</summary>
    [Test]
    public void Parallel_texts_of_eight_languages_are_told_apart()
    {
        string[] names = ["ary_Arab", "eng_Latn", "fur_Latn", "lij_Latn", "lim_Latn", "lmo_Latn", "scn_Latn", "vec_Latn"];
        (string, IReadOnlyList<string>)[] texts = [.. names.Select(name => (name,
            (IReadOnlyList<string>)[.. PlainText.Read(SharedData.Path("corpora", "nllb-seed", $"{name}.gz")).Take(500)]))];
        LanguageIdentifier identifier = LanguageIdentifier.Train(texts);
        Assert.That(identifier.Accuracies.Sum(a => a.HeldOut), Is.InRange(390, 400));
        Assert.That(identifier.Accuracies.Sum(a => a.Errors), Is.InRange(0, 8), "2 % of all");
        LanguageIdentifier again = LanguageIdentifier.Train(texts);
        Assert.That(again.Accuracies, Is.EqualTo(identifier.Accuracies));
    }

    [Test]
    public void Probabilities_of_all_characters_add_up_to_one()
    {
        CharacterAlphabet alphabet = new(Danish);
        CharacterModel model = new(alphabet, Danish[..20]);
        foreach (string history in (string[])[" ", " h", "hund", "vejen m", "qqq", " en man"])
        {
            int[] given = alphabet.SymbolsOf(history);
            double before = model.LogProbability(given);
            double sum = Enumerable.Range(1, alphabet.Count).Sum(c => Math.Exp(model.LogProbability([.. given, c]) - before));
            Assert.That(sum, Is.EqualTo(1).Within(1e-12), history);
        }
    }

    /// <summary>Every tenth line is held out: what stands there alone is measured, and not learned.</summary>
    [Test]
    public void Held_out_lines_are_not_learned()
    {
        string[] mixed = [.. Danish[..40].Select((line, i) => i % 10 == 9 ? German[40 + i] : line)];
        LanguageAccuracy accuracy = LanguageIdentifier.Train([("Danish", mixed), ("German", German[..40])]).Accuracies[0];
        Assert.That(accuracy, Is.EqualTo(new LanguageAccuracy("Danish", 36, 4, 4, "German")));
        Assert.That(accuracy.ErrorRate, Is.EqualTo(1));
    }

    [Test]
    public void Case_digits_punctuation_and_repeated_lines_do_not_count()
    {
        LanguageIdentifier plain = LanguageIdentifier.Train([("Danish", Danish), ("German", German)]);
        LanguageIdentifier noisy = LanguageIdentifier.Train([
            ("Danish", [.. Danish.Select(l => l.ToUpperInvariant() + "! 1999"), .. Danish]),
            ("German", [.. German.SelectMany(l => new[] { l, $"«{l}»" }), "12", ""])]);
        Assert.That(noisy.Accuracies, Is.EqualTo(plain.Accuracies));
        Assert.That((plain.Identify("EIN HUND!"), plain.Identify("en hund, 7"), plain.Identify("12 … !")),
            Is.EqualTo(("German", "Danish", (string?)null)));
    }

    [Test]
    public void Texts_are_counted_by_language()
    {
        LanguageIdentifier identifier = LanguageIdentifier.Train([("Danish", Danish), ("German", German)]);
        LanguageCounts counts = identifier.Count([Danish[3], German[5], German[6], "1, 2", "", German[9]]);
        Assert.That(counts.Counts, Is.EqualTo(((string, int)[])[("Danish", 1), ("German", 3)]));
        Assert.That((counts.Undetermined, counts.Determined, counts.OffTarget("Danish"), counts.OffTargetRate("German"),
            counts.MostlyIn("Danish"), counts.MostlyIn("German")), Is.EqualTo((2, 4, 3, 0.25, "German", "Danish")));
        LanguageCounts none = identifier.Count(["..."]);
        Assert.That((none.OffTargetRate("Danish"), none.MostlyIn("Danish")), Is.EqualTo((double.NaN, (string?)null)));
    }

    [Test]
    public void Too_little_to_learn_from_is_refused()
    {
        Assert.That(() => LanguageIdentifier.Train([("Danish", Danish)]), Throws.ArgumentException.With.Message.Contains("two or more"));
        Assert.That(() => LanguageIdentifier.Train([("Danish", Danish), ("Danish", German)]),
            Throws.ArgumentException.With.Message.Contains("there twice"));
        Assert.That(() => LanguageIdentifier.Train([("Danish", Danish), ("German", [.. German[..19], German[0], "1"])]),
            Throws.ArgumentException.With.Message.Contains("German: 19 different lines").And.Message.Contains("20 or more"));
    }

    /// <summary>Lines of a few words each, all different.</summary>
    private static IEnumerable<string> Lines(string words, int step)
    {
        string[] all = words.Split(' ');
        return Enumerable.Range(0, 100).Select(i => string.Join(' ', Enumerable.Range(0, 4)
            .Select(k => all[((i * step) + (k * (1 + (i / all.Length)))) % all.Length])));
    }
}
