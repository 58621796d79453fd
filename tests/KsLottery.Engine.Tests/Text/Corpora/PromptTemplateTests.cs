using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Tests.Text.Corpora;

internal sealed class PromptTemplateTests
{
    private static readonly SentencePair Pair = new("{tgt_lang}?", "Hvad?", "file", 1);

    [TestCase("alpaca",
        "Below is an instruction that describes a task, paired with an input that provides further context. Write a response " +
        "that appropriately completes the request.\n\n### Instruction:\nTranslate the following sentences from English to Danish.\n\n" +
        "### Input:\n{tgt_lang}?\n\n### Response:")]
    [TestCase("alpaca-single-newline", "Below is an instruction that describes a task, paired with an input that provides further context. "
        +
        "Write a response that appropriately completes the request.\n### Instruction:\nTranslate the following sentences from English to " +
        "Danish.\n### Input:\n{tgt_lang}?\n### Response:")]
    [TestCase("plain", "Translate the following sentence from English to Danish.\nEnglish: {tgt_lang}?\nDanish:")]
    [TestCase("minimal", "{tgt_lang}?\n")]
    [TestCase("""{src_lang}\t{source}\n{tgt_lang}""", "English\t{tgt_lang}?\nDanish")]
    public void Prompts_are_made_as_published(string template, string prompt) =>
        Assert.That(PromptTemplate.From(template).Format(Pair, "English", "Danish"), Is.EqualTo(prompt));

    [TestCase("alpca", "known are alpaca, alpaca-single-newline, plain, minimal")]
    [TestCase("{source} {target}", "The placeholder {target} is unknown; known are {source}, {src_lang}, {tgt_lang} and {instruction}")]
    [TestCase("{instruction}", "has no {source}")]
    public void What_is_no_template_is_refused(string text, string what) =>
        Assert.That(() => PromptTemplate.From(text), Throws.ArgumentException.With.Message.Contains(what));

    [Test]
    public void A_language_must_be_given_only_where_it_is_named()
    {
        Assert.That(() => PromptTemplate.Plain.Format(Pair, "English"),
            Throws.ArgumentException.With.Message.Contains("names the target language"));
        Assert.That(PromptTemplate.Minimal.Format(Pair), Is.EqualTo("{tgt_lang}?\n"));
        Assert.That(PromptTemplate.From("{instruction}: {source}").Format(Pair with { Instruction = "Ask" }),
            Is.EqualTo("Ask: {tgt_lang}?"));
    }
}
