using System.Text.Json.Nodes;
using System.Xml;
using KsLottery.Engine.Reports;

namespace KsLottery.Engine.Tests.Reports;

/// <summary>A page begins with what it is and what was found.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PageHeadTests : IDisposable
{
    private readonly ReportFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Test]
    public void A_page_is_called_what_it_is_and_says_where_it_comes_from()
    {
        _fixture.WriteTicket("one");
        XmlDocument page = Page("one",
            new() { Origin = [new("command", "kslottery report <one>"), new("written", "2026-11-30 15:00 UTC")] });
        Assert.That(page.GetElementsByTagName("h1")[0]!.InnerText, Is.EqualTo("Ticket of one"));
        Assert.That(page.GetElementsByTagName("title")[0]!.InnerText, Is.EqualTo("Ticket of one · kslottery"));
        string manifest = page.SelectSingleNode("//section[@id='manifest']")!.InnerText;
        Assert.That(manifest, Does.Contain("kslottery report <one>").And.Contain("2026-11-30 15:00 UTC").And.Contain("KS|d:64|"));
    }

    [TestCase("2.0 1.9", "better than every control in 0 of 2 seeds"), TestCase("1.0 1.9", "better than every control in 1 of 2 seeds")]
    [TestCase("1.0 1.1", "better than every control in 2 of 2 seeds")]
    public void An_experiment_begins_with_its_ticket_against_the_best_control(string losses, string verdict)
    {
        string[] loss = losses.Split(' ');
        _fixture.WriteLines("ex", "experiment.tsv", "method rows parameters seed loss control_of", "base  0  3 ",
            $"Partial 5 320 1 {loss[0]} ", $"Partial 5 320 2 {loss[1]} ", "random 5 320 1 2.5 Partial", "random 5 320 2 2.6 Partial",
            "shift 5 320 1 1.5 Partial", "shift 5 320 2 1.6 Partial");
        XmlDocument page = Page("ex");
        Assert.That(page.GetElementsByTagName("h1")[0]!.InnerText, Is.EqualTo("Experiment ex"));
        string lede = page.SelectSingleNode("//p[@class='lede']")!.InnerText;
        Assert.That(lede, Does.Contain("the best of its 2 controls, shift, 1.550").And.Contain(verdict));
        string best = losses == "2.0 1.9" ? "1.550" : losses == "1.0 1.9" ? "1.450" : "1.050";
        Assert.That(page.SelectNodes("//td[@class='best']")!.Cast<XmlNode>().Select(n => n.InnerText),
            Is.All.StartsWith(best).And.Not.Empty,
            "the best of the ticket and its controls is marked");
    }

    [Test]
    public void Verdicts_are_told_with_their_intervals()
    {
        _fixture.WriteLines("ex", "experiment.tsv", "method rows parameters loss control_of", "a 5 320 2 ", "b 5 320 3 a");
        File.WriteAllText(_fixture.Place("ex", "experiment_verdicts.tsv"), "task\tmethod\tcontrol\tseeds\tsegments\tbleu\t"
            + "bleu_low\tbleu_high\tbleu_verdict\tloss\tloss_low\tloss_high\tloss_verdict\n"
            + "\ta\tb\t3\t200\t1.5\t-0.5\t3\tnot told apart\t-1\t-1.5\t-0.25\tbetter\n");
        XmlDocument page = Page("ex");
        Assert.That(page.SelectSingleNode("//p[@class='lede']")!.InnerText, Is.EqualTo("a: loss 2.000, the best of its 1 control, b, "
            + "3.000; by the intervals of a paired bootstrap better than 1 of them."));
        string text = page.SelectSingleNode("//section[@id='arms']")!.InnerText;
        Assert.That(text, Does.Contain("−0.5 to 3.0").And.Contain("not told apart").And.Contain("−1.500 to −0.250")
            .And.Contain("200 test pairs").And.Contain("as an outer level 3 seeds"));
    }

    [Test]
    public void A_certificate_begins_with_what_the_terminal_says()
    {
        WriteCertificate(_fixture, "cert");
        XmlDocument page = Page("cert");
        Assert.That(page.GetElementsByTagName("h1")[0]!.InnerText, Is.EqualTo("Certificate cert"));
        string lede = string.Concat(page.SelectNodes("//p[@class='lede']")!.Cast<XmlNode>().Select(n => n.InnerText));
        Assert.That(lede, Does.Contain("dataset 50.0 %, max 25.0 %, sum 0.0 %")
            .And.Contain("1 position certified and yet decided otherwise")
            .And.Contain("falsifies the forms dataset and max here").And.Contain("base without the ticket at 50 %"));
        string[] violation = [..
            page.SelectNodes("//div[@aria-label='Violations']//tbody/tr/td")!.Cast<XmlNode>().Select(n => n.InnerText)];
        Assert.That(violation, Is.EqualTo(
            new[] { "2", "7", "2", "“#5 #6 ”", "“#6”", "“#8”", "0.900", "“#9”", "0.400", "0.340", "dataset, max" }));
        Assert.That(page.InnerText, Does.Contain("../nowhere/tokenizer.json").And.Contain("is not there"),
            "why tokens are numbers");
        Assert.That(page.InnerText, Does.Contain("base without the ticket").And.Contain("the sum form").IgnoreCase);
    }

    /// <summary>A certificate of four positions, one of which is violated.</summary>
    internal static void WriteCertificate(ReportFixture fixture, string folder)
    {
        static JsonObject Form(int certified, int violations) => new()
        {
            ["condition"] = "tau < margin/2.",
            ["certified"] = certified,
            ["certified_right"] = certified,
            ["violations"] = violations,
        };
        static JsonObject Share(int count) =>
            new() { ["count"] = count, ["of"] = 4, ["share"] = count / 4.0, ["low"] = 0.1, ["high"] = 0.9 };
        static JsonObject Violation(string form) => new()
        {
            ["form"] = form,
            ["idx"] = 2,
            ["pair"] = 0,
            ["line"] = 7,
            ["target"] = 2,
            ["half_margin"] = 0.4,
            ["bound"] = 0.34,
        };
        JsonObject certificate = new()
        {
            ["format"] = "kslottery-certificate",
            ["source"] = new JsonObject { ["tokenizer"] = "../nowhere/tokenizer.json" },
            ["certifies"] = "Agreement.",
            ["theory"] = "Reconstructed.",
            ["assumptions"] = new JsonArray("One.", "Two."),
            ["mode"] = "transfer",
            ["rows"] = 300,
            ["width"] = 32,
            ["rows_read"] = "those of the tokens before a position",
            ["ticket_signature"] = "KS|d:32",
            ["ticket_rows"] = 3,
            ["alpha"] = 0.05,
            ["tau"] = 0.34,
            ["largest_h_outside"] = 16,
            ["rows_above_tau_outside"] = 1,
            ["pairs"] = 1,
            ["pairs_left_out"] = 0,
            ["positions"] = 4,
            ["forms"] = new JsonObject { ["dataset"] = Form(2, 1), ["max"] = Form(1, 1), ["sum"] = Form(0, 0) },
            ["agreement"] = Share(3),
            ["base_agreement"] = Share(2),
            ["pair_agreement"] = Share(1),
            ["tuned_right"] = 3,
            ["ticket_right"] = 3,
            ["base_right"] = 2,
            ["violations"] = new JsonArray(Violation("dataset"), Violation("max")),
            ["position_rows"] = new JsonArray([.. Enumerable.Range(0, 4).Select(i =>
                (JsonNode)new JsonArray(0, i, i == 2 ? 6 : i + 5, i == 2 ? 8 : i + 5, 0.9, 3, 0.1, i == 2 ? 9 : i + 5, 5, 3, 4))]),
        };
        fixture.WriteLines(folder, "certificate.json", "");
        File.WriteAllText(fixture.Place(folder, "certificate.json"), certificate.ToJsonString());
    }

    private XmlDocument Page(string folder, ReportOptions? options = null)
    {
        Report.FromFolder(_fixture.Place(folder), options).WritePage(_fixture.Place("page.html"), replace: true);
        return Parsed.Xml(File.ReadAllText(_fixture.Place("page.html")));
    }
}
