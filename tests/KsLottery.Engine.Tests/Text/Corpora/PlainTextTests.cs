using KsLottery.Engine.Text.Corpora;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Text.Corpora;

internal sealed class PlainTextTests
{
    [TestCase("one\rtwo\r"), TestCase("one\ntwo\n\n"), TestCase("one\r\ntwo\r\n\r\n")]
    public void Lines_end_as_the_whole_file_says(string text)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("a.txt"), text);
        Assert.That(PlainText.Read([folder.File("a.txt")]), Is.EqualTo(new[] { "one", "two" }));
        File.WriteAllText(folder.File("b.tsv"), text.Replace("one", "1\tone", StringComparison.Ordinal)
            .Replace("two", "2\ttwo", StringComparison.Ordinal));
        Assert.That(PlainText.Read([folder.File("b.tsv") + ":2"]), Is.EqualTo(new[] { "one", "two" }));
        File.WriteAllText(folder.File("c.txt"), "one\rtwo\nthree\n");
        Assert.That(() => PlainText.Read([folder.File("c.txt")]),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("line 1: a carriage return within the line"));
    }

    [Test]
    public void The_English_sides_of_the_shared_corpora_read_whole()
    {
        IReadOnlyList<string> texts = PlainText.Read(SharedData.Path("corpora", "tatoeba", "eng-dan.attributed.tsv") + ":1",
            SharedData.Path("corpora", "tatoeba", "eng-nld.tsv.gz") + ":1", SharedData.Path("corpora", "nllb-seed", "eng_Latn.gz"));
        Assert.That(texts, Has.Count.EqualTo(25_944 + 28_547 + 6_193).And.None.Contains("\t"));
        Assert.That(texts[0], Is.EqualTo("Go."));
        Assert.That(texts[25_944 + 28_547], Does.StartWith("Lillian Diana Gish"));
    }

    [Test]
    public void Lines_and_columns_are_read_and_blank_ones_left_out()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("a.txt"), "one \r\n\n  \ntwo");
        File.WriteAllText(folder.File("b.tsv"), "x\tthree\nx\t\nx\tfour\n");
        Assert.That(PlainText.Read(folder.File("a.txt"), folder.File("b.tsv") + ":2"), Is.EqualTo(new[] { "one", "two", "three", "four" }));
        Assert.That(() => PlainText.Read(folder.File("b.tsv") + ":3"), Throws.TypeOf<InvalidDataException>()
            .With.Message.StartsWith($"{folder.File("b.tsv")}: line 1: column 3 is asked for, 1 to 2 are there"));
        Assert.That(() => PlainText.Read(folder.File("b.tsv") + ":0"),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("column 0"));
        Assert.That(() => PlainText.Read(folder.File("none.tsv") + ":x"), Throws.InstanceOf<IOException>());
        File.WriteAllText(folder.File("b.tsv:2"), "the whole name");
        Assert.That(PlainText.Read(folder.File("b.tsv:2")), Is.EqualTo(new[] { "the whole name" }));
        File.WriteAllText(folder.File("empty"), "\n");
        Assert.That(() => PlainText.Read(folder.File("empty")),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("no text in it"));
    }

    [Test]
    public void A_text_of_json_lines_may_have_several_lines()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a.jsonl");
        File.WriteAllText(path, """{"text": "one\ntwo", "source": "x"}""" + "\n\n" + """{"text": " three "}""");
        Assert.That(PlainText.Read(path), Is.EqualTo(new[] { "one\ntwo", "three" }));
        foreach (string damaged in (string[])["{\"text\": 3}", "[]", "{\"text\"", "one"])
        {
            File.WriteAllText(path, "{\"text\": \"fine\"}\n" + damaged);
            Assert.That(() => PlainText.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"{path}: line 2: "),
                damaged);
        }
    }
}
