using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Tests.Text.Scoring;

internal sealed class HypothesisTests
{
    private const string Source = "He said: it works.";

    [TestCase("Hola món.\nHola again.", "Hola món.")]
    [TestCase("\n  \n Hola \r\nmón", "Hola")]
    [TestCase("one line", "one line")]
    [TestCase(" \n ", "")]
    [TestCase("", "")]
    public void The_first_line_is_the_first_that_is_not_blank(string output, string expected) =>
        Assert.That(Hypothesis.Extract(output, HypothesisForm.FirstLine), Is.EqualTo(expected));

    [TestCase(" Hola món.", "Hola món.")]
    [TestCase("Hola\nmón.\n\n### Instruction:\nTranslate", "Hola món.")]
    [TestCase("\nVa dir: funciona.", "Va dir")]
    [TestCase("Hola. Below is an instruction that describes a task, paired with an input that provides further context. Write a " +
        "response that appropriately completes the request. x", "Hola.")]
    [TestCase("### Response: a", "")]
    [TestCase("Hola\n\n  món.\r\n", "Hola món.")]
    [TestCase(": a", "")]
    [TestCase("", "")]
    public void A_response_ends_at_a_colon_a_block_or_a_further_prompt(string output, string expected)
    {
        Assert.That(Hypothesis.Extract(output, HypothesisForm.Response), Is.EqualTo(expected));
        Assert.That(Hypothesis.Response(Prompt(Source) + output, Source), Is.EqualTo(expected), "in the whole text");
    }

    [Test]
    public void The_response_of_a_whole_text_belongs_to_its_source()
    {
        const string Nearly = "A rather long sentence of the kind that a model repeats with nearly all of its many words unchanged";
        string text = Prompt("Another source") + " no\n\n" + Prompt(Nearly + " today") + " yes: more";
        Assert.That(Hypothesis.Response(text, Nearly + " here"), Is.EqualTo("yes"), "sentence BLEU");
        Assert.That(Hypothesis.Response(text, Nearly), Is.EqualTo("yes"), "prefix");
        Assert.That(Hypothesis.Response(text, "Another source, longer"), Is.EqualTo("no"), "prefix the other way");
        Assert.That(Hypothesis.Response(text, "Unheard of"), Is.Empty);
        Assert.That(Hypothesis.Response("### Input:\nsource\n### nothing", "source"), Is.Empty);
        Assert.That(Hypothesis.Response("### Input:\nsource", "source"), Is.Empty, "the last block");
        Assert.That(Hypothesis.Response("### Input:\nsource\n###: yes", "source"), Is.EqualTo("yes"));
        Assert.That(Hypothesis.Response("### Input:\n\n### Response: a", "source"), Is.Empty, "no input holds no source");
        Assert.That(Hypothesis.Response("### Input:\n\n### Response: a", ""), Is.EqualTo("a"), "but an empty one");
        Assert.That(Hypothesis.Response(Prompt(Source)[..Prompt(Source).IndexOf("\n\n", StringComparison.Ordinal)] + " x"), Is.Empty,
            "a further prompt at once");
    }

    [Test]
    public void The_raw_output_stays_as_it_is()
    {
        Assert.That(Hypothesis.Extract(" a\n: b ", HypothesisForm.Raw), Is.EqualTo(" a\n: b "));
        Assert.Throws<ArgumentOutOfRangeException>(() => Hypothesis.Extract("", (HypothesisForm)7));
    }

    [Test]
    public void A_summary_has_the_rate_of_ends_and_the_mean_length_in_code_points()
    {
        GenerationSummary summary = GenerationSummary.Of([new("ab😀", true), new("", false), new("abcd\n", true), new("été!", true)]);
        Assert.That(summary, Is.EqualTo(new GenerationSummary(4, 0.75, 3)));
        Assert.That(GenerationSummary.Of([]).EosRate, Is.NaN);
        Assert.That(() => GenerationSummary.Of([new("", true), default]), Throws.ArgumentException.With.Message.Contains("index 1"));
    }

    private static string Prompt(string source) =>
        "Below is an instruction that describes a task, paired with an input that provides further context. Write a response that " +
        "appropriately completes the request.\n\n### Instruction:\nTranslate the following sentences from English to Catalan.\n\n" +
        $"### Input:\n{source}\n\n### Response:";
}
