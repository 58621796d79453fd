using System.Text.Json;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Tests.Text.Tokens;

/// <summary>The ids are those that the tokenizers library writes for these sections.</summary>
internal sealed class SurroundingTokensTests
{
    private const string Text = """{"Sequence":{"id":"A","type_id":0}}""";
    private const string Begin = """{"SpecialToken":{"id":"<s>","type_id":0}}""";
    private const string End = """{"SpecialToken":{"id":"</s>","type_id":0}}""";
    private const string Own =
        """ "special_tokens":{"<s>":{"id":"<s>","ids":[7],"tokens":["<s>"]},"</s>":{"id":"</s>","ids":[8,9],"tokens":["a","b"]}}""";

    [TestCase("null", new int[0], new int[0])]
    [TestCase("""{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false,"use_regex":true}""", new int[0], new int[0])]
    [TestCase($$$"""{"type":"TemplateProcessing","single":[{{{Text}}}],"pair":[],"special_tokens":{}}""", new int[0], new int[0])]
    [TestCase($$$"""{"type":"TemplateProcessing","single":[{{{Begin}}},{{{Text}}}],"special_tokens":{}}""", new[] { 1 }, new int[0])]
    [TestCase($$$"""{"type":"TemplateProcessing","single":[{{{Begin}}},{{{Text}}},{{{End}}}],{{{Own}}}}""", new[] { 7 }, new[] { 8, 9 })]
    [TestCase($$$"""{"type":"TemplateProcessing","single":[{{{Begin}}},{{{End}}},{{{Text}}}],{{{Own}}}}""", new[] { 7, 8, 9 }, new int[0])]
    [TestCase($$$"""
        {"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing","single":[{{{Begin}}},{{{Text}}},{{{End}}}],{{{Own}}}},
         {"type":"TemplateProcessing","single":[{{{Begin}}},{{{Text}}},{{{End}}}]}]}
        """, new[] { 1, 7 }, new[] { 8, 9, 2 }, Description = "each step adds around what the ones before it made")]
    public void Special_tokens_go_before_and_after(string section, int[] before, int[] after)
    {
        SurroundingTokens tokens = Read(section);
        Assert.That(tokens.Before, Is.EqualTo(before));
        Assert.That(tokens.After, Is.EqualTo(after));
    }

    [TestCase("""{"type":"TemplateProcessing"}""", "post_processor.single (none)")]
    [TestCase($$$"""{"type":"TemplateProcessing","single":[{{{Begin}}}]}""", "post_processor.single ")]
    [TestCase($$$"""{"type":"TemplateProcessing","single":[{{{Text}}},{{{Text}}}]}""", "post_processor.single ")]
    [TestCase("""{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<q>"}},{"Sequence":{"id":"A"}}]}""",
        "post_processor.single ")]
    [TestCase($$$"""{"type":"TemplateProcessing","single":[{{{Begin}}},{{{Text}}}],"special_tokens":{"<s>":{"ids":[-1]} } }""",
        "special_tokens.<s>.ids -1")]
    public void What_it_cannot_follow_is_refused_by_name(string section, string setting) =>
        Assert.That(() => Read(section), Throws.TypeOf<InvalidDataException>().With.Message.Contains(setting));

    private static SurroundingTokens Read(string section)
    {
        using JsonDocument document = JsonDocument.Parse(section);
        return SurroundingTokens.Read("tokenizer.json", document.RootElement, name => name switch { "<s>" => 1, "</s>" => 2, _ => null });
    }
}
