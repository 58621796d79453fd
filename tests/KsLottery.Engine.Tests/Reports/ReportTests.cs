using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Reports;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Tests.Reports;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed partial class ReportTests : IDisposable
{
    private static readonly string[] AllCharts =
    [
        "d-histogram", "p-by-id", "row", "p-vs-frequency", "qq", "ticket-size", "update-heatmap", "ticket-overlap", "certified-accuracy",
            "alpha-sweep", "score-vs-rows", "loss-vs-rows", "loss",
        "loss-pretraining", "sparsity-sweep", "sparsity-score", "tensor-map",
    ];

    private readonly ReportFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Test]
    public void What_is_there_has_its_section_and_every_chart_is_a_file_with_its_numbers()
    {
        string folder = _fixture.WriteAll(), target = _fixture.Place("report");
        Report report = Report.FromFolder(folder,
            new() { Occurrences = [.. Enumerable.Range(0, 100).Select(i => (long)i * i)], HasTensorBoard = true });
        Assert.That(report.Sections, Is.EqualTo(new[] { "arms", "certificate", "ticket", "tickets", "training", "sparsity", "tensors" }));
        Assert.That(report.Charts, Is.EquivalentTo(AllCharts));
        IReadOnlyList<string> files = report.WriteFolder(target);
        string[] expected = ["report.html", .. AllCharts.SelectMany(c => (string[])[$"{c}.svg", $"{c}.tsv"]),
            .. ((string[])["base", "embed"]).Select(t => Path.Combine("tensorboard", t, "events.out.tfevents.0.kslottery"))];
        Assert.That(files, Is.EquivalentTo(expected));
        Assert.That(Directory.GetFiles(target, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(target, f)),
            Is.EquivalentTo(expected));
        foreach (string file in files.Where(f => f.EndsWith(".svg", StringComparison.Ordinal)
            || f.EndsWith(".html", StringComparison.Ordinal)))
            AssertStandsAlone(Parsed.Xml(File.ReadAllText(Path.Combine(target, file))), file);
        foreach (string file in files.Where(f => f.EndsWith(".tsv", StringComparison.Ordinal)))
        {
            string[] lines = File.ReadAllLines(Path.Combine(target, file));
            Assert.That(lines, Has.Length.Matches(Is.GreaterThan(1)), file);
            Assert.That(lines.Select(l => l.Split('\t').Length).Distinct().Count(), Is.EqualTo(1), file);
        }
        Assert.That(File.ReadLines(Path.Combine(target, "alpha-sweep.tsv")).First(), Is.EqualTo("alpha\trows\tmax_certified\tagreement"),
            "shares alone have this axis");
        string page = File.ReadAllText(Path.Combine(target, "report.html"));
        Assert.That(page, Does.Contain("1 violation").And.Contain("position 1."), "a violation is told with its position");
        Assert.That(Parsed.Xml(page).InnerText, Does.Contain("21.0 ± 1.4"), "seeds have a mean and a spread");
    }

    [Test]
    public void What_is_absent_is_left_out()
    {
        _fixture.WriteTraining("run", 30);
        Report report = Report.FromFolder(_fixture.Place("run"));
        Assert.That((report.Sections, report.Charts), Is.EqualTo(((string[])["training"], (string[])["loss"])));
        _fixture.WriteTicket("ticket");
        File.Delete(_fixture.Place("ticket", "patch.safetensors"));
        report = Report.FromFolder(_fixture.Place("ticket"));
        Assert.That(report.Charts, Is.EqualTo(new[] { "d-histogram", "p-by-id", "qq", "ticket-size" }),
            "a patch alone knows the values of rows");
    }

    [Test]
    public void The_same_files_give_the_same_bytes()
    {
        string folder = _fixture.WriteAll();
        foreach (string name in (string[])["one", "two"]) Report.FromFolder(folder).WriteFolder(_fixture.Place(name));
        foreach (string file in Directory.GetFiles(_fixture.Place("one")))
            Assert.That(File.ReadAllBytes(file), Is.EqualTo(File.ReadAllBytes(Path.Combine(_fixture.Place("two"), Path.GetFileName(file)))),
                file);
        Assert.That(File.ReadAllText(_fixture.Place("one", "report.html")), Does.Not.Contain(_fixture.Place()), "no path gets into a page");
    }

    [Test]
    public void A_page_of_a_large_vocabulary_is_a_small_file()
    {
        _fixture.WriteTicket("large", rows: 128_256, width: 32, moved: 700);
        Report.FromFolder(_fixture.Place("large"),
            new() { Occurrences = [.. Enumerable.Range(0, 128_256).Select(i => 1_000_000L / (i + 1))] })
            .WritePage(_fixture.Place("large.html"));
        long length = new FileInfo(_fixture.Place("large.html")).Length;
        TestContext.Out.WriteLine($"{length:N0} bytes");
        Assert.That(length, Is.LessThan(1_000_000));
    }

    [Test]
    public void Hostile_text_is_shown_and_never_obeyed()
    {
        string folder = _fixture.WriteAll(), path = _fixture.Place("all", TicketFile.FileName);
        const string Evil = "<script>alert(1)</script>\u202E\u2066\"'><img src=x onerror=alert(1)>\u0000]]><!--";
        JsonNode ticket = JsonNode.Parse(File.ReadAllText(path))!;
        foreach (JsonNode? entry in ticket["entries"]!.AsArray()) (entry!["piece"], entry["category"]) = (Evil, Evil);
        ticket["tensor"] = Evil;
        File.WriteAllText(path, ticket.ToJsonString());
        _fixture.WriteLines("all", "experiment.tsv", "method rows parameters bleu", "<script>alert(1)</script>\u202E 5 320 20",
            "]]><!--\"' 7 320 20");
        _fixture.WriteLines("all", "tensors.tsv", ReportFixture.TensorMapHeader,
            "<img/onerror=x>\u202E F32 BF16 120 64 50 70 0 0 5 16 30 0.46875");
        _fixture.WriteLines("all", "certificate.json", "{\"format\":\"<script>\u202E\",\"a\":{\"b\":\"'\\u0000\"}}");
        _fixture.WriteTraining(Path.Combine("all", "<b>\u202E\"'"), 12);
        Report.FromFolder(folder).WriteFolder(_fixture.Place("report"));
        foreach (string file in Directory.GetFiles(_fixture.Place("report")))
        {
            string text = File.ReadAllText(file);
            Assert.That(text, Does.Not.Contain("\u202E").And.Not.Contain("\u2066").And.Not.Contain("\0"), file);
            if (!file.EndsWith(".tsv", StringComparison.Ordinal)) AssertStandsAlone(Parsed.Xml(text), file);
        }
    }

    [Test]
    public void The_page_forbids_every_script_but_its_own()
    {
        _fixture.WriteTraining("run", 3);
        Report.FromFolder(_fixture.Place("run")).WritePage(_fixture.Place("run.html"));
        XmlDocument page = Parsed.Xml(File.ReadAllText(_fixture.Place("run.html")));
        string policy = page.SelectSingleNode("//meta[@http-equiv='Content-Security-Policy']/@content")!.Value!;
        string script = page.GetElementsByTagName("script")[0]!.InnerText;
        Assert.That(policy, Does.StartWith("default-src 'none'").And
            .Contain($"script-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}'"));
    }

    [Test]
    public void The_largest_distance_in_the_numbers_of_a_row_is_its_D()
    {
        Ticket ticket = _fixture.WriteTicket("ticket");
        foreach (TicketEntry entry in ticket.Entries.Take(3))
        {
            Report.FromFolder(_fixture.Place("ticket"), new() { Row = entry.Id }).WriteFolder(_fixture.Place("report"), replace: true);
            double[][] numbers = Numbers("row");
            Assert.That(numbers.Largest(n => Math.Abs(n[1] - n[2])), Is.EqualTo(entry.Statistic).Within(1e-12));
            Assert.That(numbers.Single(n => (float)n[0] == entry.Location) is var at
                && Math.Abs(at[1] - at[2]) == entry.Statistic, Is.True);
            Assert.That(File.ReadAllText(_fixture.Place("report", "row.svg")), Does.Contain($"D = {entry.Count}/64"));
        }
    }

    [TestCase(0.2), TestCase(0.05), TestCase(0.001), TestCase(1e-6)]
    public void The_numbers_agree_with_the_ticket_that_the_level_would_give(double alpha)
    {
        _fixture.WriteTicket("ticket");
        Report.FromFolder(_fixture.Place("ticket")).WriteFolder(_fixture.Place("report"));
        int critical = NullDistribution.ForEqualLengths(64).CriticalCount(alpha);
        int below = File.ReadLines(_fixture.Place("ticket", RowsFile.FileName)).Skip(1)
            .Count(line => int.Parse(line.Split('\t')[3], CultureInfo.InvariantCulture) >= critical);
        Assert.That(Numbers("ticket-size").Where(n => n[0] < Math.Log10(alpha)).Select(n => n[1]).DefaultIfEmpty().Largest(),
            Is.EqualTo(below));
        Assert.That(Numbers("d-histogram").Where(n => n[0] >= critical).Sum(n => n[4]), Is.EqualTo(below));
        double[][] quantiles = Numbers("qq");
        Assert.That(quantiles.Sum(n => n[1]), Is.EqualTo(120));
        Assert.That(quantiles.Select(n => n[2]), Is.OrderedDescending, "the smallest p stands against the smallest expected one");
    }

    /// <summary>Of three positions all are above 0 and two of them are right: SciPy's <c>binomtest(3, 3)</c> and <c>binomtest(2,
    /// 3)</c>.</summary>
    [Test]
    public void The_numbers_of_the_certified_curve_have_the_exact_intervals()
    {
        Report.FromFolder(_fixture.WriteAll()).WriteFolder(_fixture.Place("report"));
        double[][] numbers = Numbers("certified-accuracy");
        Assert.That(numbers[0], Is.EqualTo(new[] { 0, 1, 0.2924017738, 1, 2 / 3.0, 0.0942993240, 0.9915962413 }).Within(1e-9));
        Assert.That(numbers[^1], Is.EqualTo(new[] { 0.5, 0, 0, 0.7075982262, 0, 0, 0.7075982262 }).Within(1e-9));
        XmlDocument chart = Parsed.Xml(File.ReadAllText(_fixture.Place("report", "certified-accuracy.svg")));
        Assert.That(chart.SelectNodes("//*[@class='area c0' or @class='area c2']"), Has.Count.EqualTo(2), "a band behind each curve");
    }

    /// <summary>SciPy's documentation of <c>spearmanr</c>.</summary>
    [Test]
    public void The_rank_correlation_is_Spearman_s() =>
        Assert.That(RowsByFrequency.RankCorrelation([(1, 5), (2, 6), (3, 7), (4, 8), (5, 7)]),
            Is.EqualTo(0.82078268166812329).Within(1e-15));

    [TestCase("model.layers.12.self_attn.q_proj.weight", "self_attn.q_proj", 12),
        TestCase("model.embed_tokens.weight", "embed_tokens", null)]
    [TestCase("lm_head.weight", "lm_head", null), TestCase("weight", "weight", null), TestCase("h.3.attn.c_attn.weight", "attn.c_attn", 3)]
    public void A_tensor_s_name_is_its_part_and_its_layer(string name, string part, int? layer)
    {
        Assert.That(TensorFields.Part(name, out int? found), Is.EqualTo(part));
        Assert.That(found, Is.EqualTo(layer));
    }

    [Test]
    public void A_folder_with_nothing_to_report_is_refused_with_the_reason()
    {
        Directory.CreateDirectory(_fixture.Place("empty", "sub"));
        Assert.That(() => Report.FromFolder(_fixture.Place("empty")),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("nothing to report").And.Message.Contains("rows.tsv"));
        Assert.That(() => Report.FromFolder(_fixture.Place("absent")), Throws.TypeOf<DirectoryNotFoundException>());
        _fixture.WriteTraining("run", 3);
        Assert.That(() => Report.FromFolder(_fixture.Place("run", "metrics.jsonl")),
            Throws.TypeOf<DirectoryNotFoundException>().With.Message.Contains("this is a file"));
    }

    [Test]
    public void A_row_that_is_not_at_hand_is_refused_with_those_that_are()
    {
        Ticket ticket = _fixture.WriteTicket("ticket");
        Assert.That(() => Report.FromFolder(_fixture.Place("ticket"), new() { Row = 119 }),
            Throws.ArgumentException.With.Message.Contains("row 119").And.Message
                .Contains(ticket.Entries[0].Id.ToString(CultureInfo.InvariantCulture)));
        Assert.That(() => Report.FromFolder(_fixture.Place("ticket"), new() { Occurrences = new long[121] }),
            Throws.ArgumentException.With.Message.Contains("121 tokens"));
    }

    [TestCase("rows.tsv", "token_id\tpiece\n", "no column"), TestCase("rows.tsv", "", "empty"),
        TestCase("rows.tsv", null, "rows, the ticket beside it has 120")]
    [TestCase("experiment.tsv", "method\trows\tparameters\na\tb\tc\n", "line 2, rows is \"b\""),
        TestCase("experiment.tsv", "method\trows\tparameters\na\n", "line 2 has 1 columns")]
    [TestCase("certificate.tsv", "idx\tlabel\tpredict\tmargin\tbound\tcertified\tagrees\n0\t1\t1\t.5\t.1\tperhaps\t1\n",
        "certified is \"perhaps\"")]
    [TestCase("alpha-sweep.tsv", "alpha\trows\n2\t3\n", "alpha is \"2\""), TestCase("metrics.jsonl", "{", "line 1"),
        TestCase("training.json", "[]", "no JSON object")]
    public void A_damaged_file_is_refused_by_name_and_place(string name, string? text, string reason)
    {
        _fixture.WriteTicket("ticket");
        string path = _fixture.Place("ticket", name);
        File.WriteAllText(path, text ?? string.Concat(File.ReadLines(path).Take(50).Select(l => l + "\n")));
        Assert.That(() => Report.FromFolder(_fixture.Place("ticket")),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains(name).And.Message.Contains(reason));
    }

    [Test]
    public void Rows_of_another_run_are_refused()
    {
        _fixture.WriteTicket("one");
        _fixture.WriteTicket("two", moved: 9);
        File.Copy(_fixture.Place("one", "rows.tsv"), _fixture.Place("two", "rows.tsv"), overwrite: true);
        Assert.That(() => Report.FromFolder(_fixture.Place("two")),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("not of one run"));
    }

    [Test]
    public void A_report_takes_the_place_of_an_earlier_one_only_and_only_when_told()
    {
        _fixture.WriteTraining("run", 3);
        Report report = Report.FromFolder(_fixture.Place("run"));
        string page = _fixture.Place("page.html"), folder = _fixture.Place("report"), other = _fixture.Place("run", "metrics.jsonl");
        report.WritePage(page);
        report.WriteFolder(folder);
        Assert.That(() => report.WritePage(page), Throws.TypeOf<IOException>().With.Message.Contains("earlier page"));
        Assert.That(() => report.WriteFolder(folder), Throws.TypeOf<IOException>().With.Message.Contains("earlier report"));
        report.WritePage(page, replace: true);
        report.WriteFolder(folder, replace: true);
        byte[] before = File.ReadAllBytes(other);
        foreach (bool replace in (bool[])[false, true])
        {
            Assert.That(() => report.WritePage(other, replace), Throws.TypeOf<IOException>().With.Message.Contains("no page of kslottery"));
            Assert.That(() => report.WriteFolder(_fixture.Place("run"), replace), Throws.InstanceOf<IOException>());
        }
        File.WriteAllText(_fixture.Place("report", "mine.txt"), "mine");
        Assert.That(() => report.WriteFolder(folder, replace: true), Throws.TypeOf<IOException>().With.Message.Contains("mine.txt"));
        Assert.That(File.ReadAllText(_fixture.Place("report", "mine.txt")), Is.EqualTo("mine"));
        Assert.That(File.ReadAllBytes(other), Is.EqualTo(before));
        Assert.That(() => report.WritePage(_fixture.Place("absent", "page.html")), Throws.TypeOf<DirectoryNotFoundException>());
    }

    /// <summary>Nothing is fetched, nothing runs but the page's own script, and every point to another place is one within the
    /// report.</summary>
    private static void AssertStandsAlone(XmlDocument document, string what)
    {
        foreach (XmlAttribute attribute in document.SelectNodes("//@*")!)
        {
            Assert.That(attribute.Name, Does.Not.StartWith("on"), what);
            if (attribute.LocalName is "href" or "src")
                Assert.That(attribute.Value, Does.Match(@"^(data:image/png;base64,[A-Za-z0-9+/=]+|#[a-z-]+|[a-z-]+\.(svg|tsv))$"), what);
        }
        Assert.That(
            document.SelectNodes(
                "//*[local-name()='link' or local-name()='iframe' or local-name()='img' or local-name()='object' or "
                    + "local-name()='foreignObject']"), Is.Empty, what);
        Assert.That(document.SelectNodes("//*[local-name()='script']"),
            Has.Count.EqualTo(what.EndsWith(".html", StringComparison.Ordinal) ? 1 : 0), what);
        Assert.That(FetchInStyle().IsMatch(document.OuterXml), Is.False, what);
    }

    private double[][] Numbers(string chart) => [.. File.ReadLines(_fixture.Place("report", $"{chart}.tsv")).Skip(1)
        .Select(line => line.Split('\t').Select(cell => double.Parse(cell, CultureInfo.InvariantCulture)).ToArray())];

    [GeneratedRegex(@"url\(|@import")]
    private static partial Regex FetchInStyle();
}
