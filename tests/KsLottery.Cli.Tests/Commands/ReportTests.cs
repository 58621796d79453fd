using System.Text.Json;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

public sealed class ReportTests
{
    private static string Base => SharedData.Path("models", "hf", "stories260K_hf");

    private static string Hot => SharedData.Path("models", "tuned-pairs", "en-da_input_embedding_hot_seed1");

    private static string Tokenizer => SharedData.Path("tokenizers", "tok512", "tok512.model");

    [Test]
    public void A_found_ticket_becomes_a_page_with_its_charts_beside_it()
    {
        using TemporaryFolder folder = new();
        KsLotteryTool.Run("find", Base, Hot, "--tokenizer", Tokenizer, "--out", folder.File("ticket"), "--json").Json();
        KsLotteryTool.Run("find", Base, Hot, "--all-tensors", "--out", folder.File("ticket"), "--json").Json();
        JsonElement report = KsLotteryTool.Run("report", folder.File("ticket"), "--data",
            SharedData.Path("corpora", "tatoeba", "eng-dan.attributed.tsv"),
            "--tokenizer", Tokenizer, "--row", "470", "--json", "--quiet").Json();
        string page = folder.File("ticket-report") + "/report.html";
        Assert.That(report.GetProperty("page").GetString(), Is.EqualTo(page), "beside the folder, which stays as it was");
        Assert.That(report.GetProperty("sections").EnumerateArray().Select(s => s.GetString()), Is.EqualTo(new[] { "ticket", "tensors" }));
        Assert.That(report.GetProperty("charts").EnumerateArray().Select(s => s.GetString()),
            Is.SupersetOf(new[] { "p-vs-frequency", "row", "tensor-map" }));
        foreach (JsonElement file in report.GetProperty("files").EnumerateArray())
            Assert.That(File.Exists(file.GetString()!), Is.True, file.GetString());
        Assert.That(File.ReadAllText(page), Does.Contain("94 stand out at").And.Contain("D = 27/64 = 0.4219"));
        Assert.That(Directory.GetFileSystemEntries(folder.File("ticket")), Has.Length.EqualTo(4));

        KsLotteryTool.Run("report", folder.File("ticket")).AssertFailed(2, "earlier report", "--force");
        ToolRun again = KsLotteryTool.Run("report", folder.File("ticket"), "--force");
        Assert.That((again.ExitCode, again.Error), Is.EqualTo((0, "")));
        Assert.That(again.Lines[0], Does.Match("report.html: ticket, tensors; [0-9.]+ KiB$"));
        Assert.That(File.Exists(folder.File("ticket-report") + "/p-vs-frequency.svg"), Is.False, "the report was replaced as a whole");
    }

    [Test]
    public void Find_writes_the_page_alone()
    {
        using TemporaryFolder folder = new();
        string page = folder.File("page.html"), other = folder.File("other.txt");
        JsonElement found = KsLotteryTool.Run("find", Base, Hot, "--html", page, "--json").Json();
        Assert.That(found.GetProperty("files").EnumerateArray().Select(f => f.GetString()), Is.EqualTo(new[] { page }));
        Assert.That(File.ReadAllText(page), Does.StartWith("<!DOCTYPE html>").And.Contain("#470").And.Not.Contain(".svg\""));
        KsLotteryTool.Run("find", Base, Hot, "--html", page).AssertFailed(2, "earlier page", "--force");
        Assert.That(KsLotteryTool.Run("find", Base, Hot, "--html", page, "--force").ExitCode, Is.Zero);
        File.WriteAllText(other, "mine");
        KsLotteryTool.Run("find", Base, Hot, "--html", other, "--force").AssertFailed(2, "other.txt", "no page of kslottery");
        Assert.That(File.ReadAllText(other), Is.EqualTo("mine"));
    }

    [Test]
    public void A_ticket_of_units_has_a_page_too()
    {
        using TemporaryFolder folder = new();
        string page = folder.File("page.html"), ticket = folder.File("ticket");
        JsonElement found = KsLotteryTool.Run("find", Base, Hot, "--unit", "elements", "--score", "movement", "--share", "1%", "--out",
            ticket, "--html", page, "--json").Json();
        Assert.That(found.GetProperty("files").EnumerateArray().Last().GetString(), Is.EqualTo(page));
        Assert.That(File.ReadAllText(page), Does.Contain("327 of the 32,768 units of model.embed_tokens.weight make the ticket"));
        JsonElement report = KsLotteryTool.Run("report", ticket, "--json").Json();
        Assert.That(report.GetProperty("sections").EnumerateArray().Single().GetString(), Is.EqualTo("units"));
        KsLotteryTool.Run("find", Base, Hot, "--unit", "elements", "--score", "movement", "--top", "3", "--html", page)
            .AssertFailed(2, "earlier page", "--force");
    }

    [Test]
    public void The_map_of_tensors_goes_beside_other_results_and_over_none()
    {
        using TemporaryFolder folder = new();
        string map = Path.Combine(folder.Path, "tensors.tsv");
        JsonElement found = KsLotteryTool.Run("find", Base, Hot, "--all-tensors", "--out", folder.Path, "--json").Json();
        Assert.That(found.GetProperty("file").GetString(), Is.EqualTo(map));
        string[][] lines = [.. File.ReadLines(map).Select(l => l.Split('\t'))];
        Assert.That(lines.Skip(1).Select(l => l[0]),
            Is.EqualTo(found.GetProperty("tensors").EnumerateArray().Select(t => t.GetProperty("tensor").GetString())));
        KsLotteryTool.Run("find", Base, Hot, "--all-tensors", "--out", folder.Path).AssertFailed(2, "tensors.tsv", "--force");
        Assert.That(KsLotteryTool.Run("find", Base, Hot, "--all-tensors", "--out", folder.Path, "--force").ExitCode, Is.Zero);
        File.WriteAllText(map, "mine");
        KsLotteryTool.Run("find", Base, Hot, "--all-tensors", "--out", folder.Path, "--force").AssertFailed(2, "no map of tensors");
        Assert.That(File.ReadAllText(map), Is.EqualTo("mine"));
    }

    [Test]
    public void What_cannot_be_shown_is_refused_with_the_reason()
    {
        using TemporaryFolder folder = new();
        KsLotteryTool.Run("report", folder.Path).AssertFailed(2, "nothing to report", "find --out");
        KsLotteryTool.Run("report", folder.File("absent")).AssertFailed(2, "no such folder");
        KsLotteryTool.Run("find", Base, Hot, "--out", folder.File("ticket"), "--json").Json();
        KsLotteryTool.Run("report", folder.File("ticket"), "--row", "3").AssertFailed(2, "row 3", "Choose one of");
        KsLotteryTool.Run("report", folder.File("ticket"), "--data", SharedData.Path("corpora", "tatoeba", "eng-ron.tsv"))
            .AssertFailed(2, "no tokenizer", "--tokenizer");
        KsLotteryTool.Run("report", folder.File("ticket"), "--data", SharedData.Path("corpora", "tatoeba", "eng-ron.tsv"), "--tokenizer",
            SharedData.Path("tokenizers", "tok4096")).AssertFailed(2, "4,096 tokens", "512 rows");
        Assert.That(KsLotteryTool.Run("report", folder.File("ticket"), "--tokenizer", Tokenizer).Error, Does.Contain("--data"));
        Assert.That(Directory.Exists(folder.File("ticket-report")), Is.False);
    }
}
