using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Tests.Text.Scoring;

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

    [Test]
    public void Messages_say_what_is_allowed_and_what_to_do()
    {
        foreach (Action score in Both(["a", "b"], [["a", "b"], ["a"]]))
            AssertSays(score,
                "There are 2 hypotheses, but the references at index 1 have 1 lines; every reference needs one line for each hypothesis.");
        foreach (Action score in Both(["a"], []))
            AssertSays(score, "There are no references; a score needs one or more for every hypothesis.");
        foreach (Action score in Both([], [[]])) AssertSays(score, "There are no hypotheses; a score needs one line or more.");
        foreach (Action score in Both([null!], [["a"]]))
            AssertSays(score, "Line 1 of the hypotheses is null; give an empty string for an empty line.");
        AssertSays(() => TextTokenizers.ByName("spm"),
            "There is no tokenizer 'spm'. Allowed: 13a, intl, none, char; one for spBLEU is made of a SentencePiece file's pieces.");
        AssertSays(() => TextTokenizers.FromPieces("a:b", text => [text]),
            "The tokenizer name 'a:b' holds a '|' or ':', which separate a signature's fields; choose another.");
        AssertSays(() => Hypothesis.Extract("", (HypothesisForm)7), "Allowed forms: Raw, FirstLine, Response.");
        AssertSays(() => GenerationSummary.Of([default]), "The text at index 0 is null; give an empty one.");
    }

    [Test]
    public void Limits_of_options_are_allowed_and_what_lies_beyond_is_named()
    {
        foreach (int order in (int[])[1, 64])
        {
            Assert.That(Bleu.Corpus(["a"], [["a"]], new() { MaxOrder = order, EffectiveOrder = true }).Score, Is.EqualTo(100).Within(1e-9));
            Assert.That(Chrf.Corpus(["a"], [["a"]], new() { CharacterOrder = order, WordOrder = order }).Score,
                Is.EqualTo(100).Within(1e-9));
            Assert.That(Chrf.Corpus(["a"], [["a"]], new() { Beta = order == 1 ? 1 : 1000 }).Score, Is.EqualTo(100).Within(1e-12));
        }
        foreach (int order in (int[])[0, 65])
        {
            AssertSays(() => Bleu.Corpus(["a"], [["a"]], new() { MaxOrder = order }), "Allowed: 1 to 64.");
            AssertSays(() => Chrf.Corpus(["a"], [["a"]], new() { CharacterOrder = order }), "Allowed: 1 to 64.");
        }
        foreach (int order in (int[])[-1, 65])
            AssertSays(() => Chrf.Corpus(["a"], [["a"]], new() { WordOrder = order }), "Allowed: 0 to 64.");
        foreach (int beta in (int[])[0, 1001]) AssertSays(() => Chrf.Corpus(["a"], [["a"]], new() { Beta = beta }), "Allowed: 1 to 1000.");
        foreach (BleuSmoothing smoothing in (BleuSmoothing[])[(BleuSmoothing)(-1), (BleuSmoothing)4])
            AssertSays(() => Bleu.Corpus(["a"], [["a"]], new() { Smoothing = smoothing }),
                "Allowed smoothing: Exponential, Floor, AddK, None.");
        foreach (BleuSmoothing smoothing in (BleuSmoothing[])[BleuSmoothing.Exponential, BleuSmoothing.None])
            AssertSays(() => Bleu.Corpus(["a"], [["a"]], new() { Smoothing = smoothing, SmoothingValue = 0.5 }),
                $"Smoothing {smoothing} takes no value, but 0.5 was given; leave it out.");
        foreach (double value in (double[])[-0.5, double.PositiveInfinity, double.NaN])
            AssertSays(() => Bleu.Corpus(["a"], [["a"]], new() { Smoothing = BleuSmoothing.AddK, SmoothingValue = value }),
                "Allowed: a finite number, 0 or more.");
        Assert.That(Bleu.Corpus(["a"], [["a"]], new() { Smoothing = BleuSmoothing.Floor, SmoothingValue = 0, EffectiveOrder = true }).Score,
            Is.EqualTo(100).Within(1e-9));
    }

    [Test]
    public void Nothing_in_place_of_a_text_is_refused()
    {
        Action[] calls =
        [
            () => Bleu.Corpus(null!, [["a"]]), () => Bleu.Corpus(["a"], null!), () => Bleu.Corpus(["a"], [null!]),
            () => Bleu.Sentence(null!, ["a"]), () => Bleu.Sentence("a", null!),
                () => Bleu.Corpus(["a"], [["a"]], new() { Tokenizer = null! }),
            () => Chrf.Corpus(null!, [["a"]]), () => Chrf.Corpus(["a"], null!), () => Chrf.Sentence(null!, ["a"]),
                () => Chrf.Sentence("a", null!),
            () => TextTokenizers.ByName(null!), () => TextTokenizers.FromPieces(null!, text => [text]),
                () => TextTokenizers.FromPieces("a", null!),
            () => Hypothesis.Extract(null!, HypothesisForm.Raw), () => Hypothesis.FirstLine(null!), () => Hypothesis.Response(null!),
            () => Hypothesis.Response(null!, "a"), () => Hypothesis.Response("a", null!), () => GenerationSummary.Of(null!),
        ];
        Assert.Multiple(() =>
        {
            foreach ((int i, Action call) in calls.Index()) Assert.That(call, Throws.ArgumentNullException, $"call {i}");
        });
        Assert.That(() => Bleu.Corpus(["a"], [["a"], null!]),
            Throws.ArgumentNullException.With.Property("ParamName").EqualTo("references[1]"));
        foreach (Action call in (Action[])[() => Bleu.Sentence("a", null!), () => Chrf.Sentence("a", null!)])
            Assert.That(call, Throws.ArgumentNullException.With.Property("ParamName").EqualTo("references"));
        Assert.That(() => OutputScores.Of(null!, ["a"]), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("outputs"));
        Assert.That(() => TextTokenizers.FromPieces(" ", text => [text]), Throws.ArgumentException);
    }

    private static void AssertSays(Action call, string message) =>
        Assert.That(call, Throws.InstanceOf<ArgumentException>().With.Message.StartWith(message));

    private static Action[] Both(string[] hypotheses, string[][] references) =>
        [() => Bleu.Corpus(hypotheses, references), () => Chrf.Corpus(hypotheses, references)];
}
