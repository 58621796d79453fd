using KsLottery.Engine.Scoring;

namespace KsLottery.Engine.Tests.Scoring;

internal sealed class ScoreErrorTests
{
    [Test]
    public void Different_numbers_of_lines_are_both_named()
    {
        string[][] references = [["a", "b", "c"], ["a", "b"]];
        foreach (Action score in Both(["a", "b", "c"], references))
            Assert.That(score, Throws.ArgumentException.With.Message.Contains("3 hypotheses").And.Message.Contains("index 1 have 2 lines"));
    }

    [Test]
    public void No_references_and_no_hypotheses_are_refused()
    {
        foreach (Action score in Both(["a"], []))
            Assert.That(score, Throws.ArgumentException.With.Message.Contains("no references"));
        foreach (Action score in Both([], [[]]))
            Assert.That(score, Throws.ArgumentException.With.Message.Contains("no hypotheses"));
        Assert.That(() => Bleu.Sentence("a", []), Throws.ArgumentException.With.Message.Contains("no references"));
        Assert.That(() => Chrf.Sentence("a", []), Throws.ArgumentException.With.Message.Contains("no references"));
    }

    [Test]
    public void A_null_line_is_named()
    {
        foreach (Action score in Both(["a", null!], [["a", "b"]]))
            Assert.That(score, Throws.ArgumentException.With.Message.Contains("Line 2 of the hypotheses"));
        foreach (Action score in Both(["a", "b"], [["a", "b"], [null!, "b"]]))
            Assert.That(score, Throws.ArgumentException.With.Message.Contains("Line 1 of the references at index 1"));
    }

    [Test]
    public void Options_out_of_range_are_refused()
    {
        BleuOptions[] wrong =
        [
            new() { MaxOrder = 0 }, new() { Smoothing = (BleuSmoothing)9 }, new() { SmoothingValue = 1 },
            new() { Smoothing = BleuSmoothing.Floor, SmoothingValue = -0.5 },
            new() { Smoothing = BleuSmoothing.AddK, SmoothingValue = double.NaN },
        ];
        foreach (BleuOptions options in wrong)
            Assert.That(() => Bleu.Corpus(["a"], [["a"]], options), Throws.InstanceOf<ArgumentException>(), options.ToString());
        foreach (ChrfOptions options in new ChrfOptions[] { new() { CharacterOrder = 0 }, new() { WordOrder = -1 }, new() { Beta = 0 } })
            Assert.That(() => Chrf.Corpus(["a"], [["a"]], options), Throws.InstanceOf<ArgumentOutOfRangeException>(), options.ToString());
    }

    [Test]
    public void An_unknown_tokenizer_is_refused_with_the_known_ones()
    {
        Assert.That(() => TextTokenizers.ByName("spm"),
            Throws.ArgumentException.With.Message.Contains("'spm'").And.Message.Contains("13a, intl"));
        Assert.That(() => TextTokenizers.FromPieces("a|b", text => [text]), Throws.ArgumentException.With.Message.Contains("'a|b'"));
    }

    private static Action[] Both(string[] hypotheses, string[][] references) =>
        [() => Bleu.Corpus(hypotheses, references), () => Chrf.Corpus(hypotheses, references)];
}
