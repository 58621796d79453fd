using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Reports;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Reports;

/// <summary>Pages about tickets of units: a base and a tuned checkpoint of three layers, of which the second moved most.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class UnitReportTests : IDisposable
{
    private const string Embedding = "model.embed_tokens.weight";

    private static readonly (string Name, int Rows, int Columns)[] Tensors = [(Embedding, 40, 8),
        .. Enumerable.Range(0, 3).SelectMany(i => ((string, int, int)[])[($"model.layers.{i}.mlp.up_proj.weight", 200, 8),
            ($"model.layers.{i}.self_attn.q_proj.weight", 8, 8)])];

    private static readonly string[] AllCharts = ["unit-map", "unit-kinds", "unit-layers", "unit-moves", "unit-places"];

    private static readonly TicketRecipe Share = new()
    {
        Scope = new(TensorChoice.Parse("*"), TicketUnit.Elements),
        Score = TicketScore.Named("movement"),
        Selection = new TopShare(UnitShare.Parse("10%")),
    };

    private readonly TemporaryFolder _folder = new();
    private readonly Checkpoint _base, _tuned;

    public UnitReportTests()
    {
        SplitMix64 random = new(3);
        Dictionary<string, float[]> before = [], after = [];
        foreach ((string name, int rows, int columns) in Tensors)
        {
            before[name] = [.. Enumerable.Range(0, rows * columns).Select(_ => (float)random.NextNormal())];
            float step = name.Contains(".1.", StringComparison.Ordinal) ? 0.1f : 0.03f;
            after[name] = [.. before[name].Select(value => value + (step * (float)random.NextNormal()))];
        }
        (_base, _tuned) = (Write("base", before), Write("tuned", after));
    }

    public void Dispose()
    {
        _base.Dispose();
        _tuned.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void A_ticket_s_charts_hold_its_own_numbers_whether_written_or_not()
    {
        UnitTicketResult found = Find("ticket", Share);
        UnitTicket ticket = found.Ticket;
        Report written = Report.FromFolder(_folder.File("ticket")), fresh = Report.FromTicket("ticket", found);
        Assert.That((written.Sections, written.Charts), Is.EqualTo(((string[])["units"], AllCharts)));
        IReadOnlyList<string> files = written.WriteFolder(_folder.File("report"));
        Assert.That(fresh.WriteFolder(_folder.File("fresh")), Is.EqualTo(files));
        foreach (string file in files.Skip(1))
            Assert.That(File.ReadAllBytes(Path.Combine(_folder.File("fresh"), file)),
                Is.EqualTo(File.ReadAllBytes(Path.Combine(_folder.File("report"), file))), file);

        Assert.That(Column("unit-map", "ticket_parameters"), Is.EqualTo(ticket.Tensors.Select(t => (double)t.Mask.Parameters)));
        Assert.That(Column("unit-map", "share").Zip(Tensors, (share, t) => share * t.Rows * t.Columns),
            Is.EqualTo(ticket.Tensors.Select(t => (double)t.Mask.Parameters)).Within(1e-9));
        Assert.That(Column("unit-kinds", "ticket_parameters").Sum(), Is.EqualTo(ticket.Parameters));
        Assert.That(Column("unit-kinds", "share"), Is.OrderedDescending);
        double embedding = ticket.Tensors[0].Mask.Parameters;
        Assert.That(Column("unit-layers", "ticket_parameters").Sum(), Is.EqualTo(ticket.Parameters - embedding));
        Assert.That(Column("unit-layers", "share") is [var first, var second, var third] && second > 2 * Math.Max(first, third), Is.True);
        double[] moved = [.. Tensors.SelectMany(t => Values(_base, t.Name).Zip(Values(_tuned, t.Name), (a, b) => Math.Abs(b - a)))
            .OrderDescending().Take((int)ticket.Count).Select(value => (double)value)];
        Assert.That(Column("unit-moves", "values").Sum(), Is.EqualTo(ticket.Count));
        foreach ((double from, double to, double count) in Column("unit-moves", "from").Zip(Column("unit-moves", "to"),
            Column("unit-moves", "values")).Skip(1))
            Assert.That(moved.Count(value => value >= from && value < to), Is.EqualTo((int)count), $"{from}");
        Assert.That(File.ReadAllText(Path.Combine(_folder.File("report"), "unit-moves.svg")), Does.Contain("threshold"));
        Assert.That(Column("unit-places", "share").Zip(Column("unit-places", "rows"), (share, rows) => share * rows * 8).Sum(),
            Is.EqualTo((double)ticket.Parameters).Within(1e-9));
        string page = Page("report");
        Assert.That(page, Does.Contain("531 of the 5,312 units of 7 tensors make the ticket").And.Contain("the best 10% of all tensors")
            .And.Contain("the mean of |tuned − base|").And.Contain("checksum right"));
        Assert.That(Page("fresh"), Does.Contain("531 of the 5,312 units").And.Not.Contain("checksum"));
        Assert.That(page, Does.Not.Contain(_folder.Path), "no path gets into a page");
    }

    [Test]
    public void Several_tickets_are_compared_by_their_values()
    {
        UnitTicketResult one = Find("all/one", Share),
            two = Find("all/two", Share with { Selection = new TopShare(UnitShare.Parse("5%")) });
        Report report = Report.FromFolder(_folder.File("all"));
        Assert.That(report.Sections, Is.EqualTo(new[] { "units", "tickets" }));
        Assert.That(report.Charts, Is.EqualTo(AllCharts.Append("unit-overlap")));
        report.WriteFolder(_folder.File("report"));
        Assert.That((Column("unit-overlap", "shared").Single(), Column("unit-overlap", "jaccard").Single()),
            Is.EqualTo(((double)two.Ticket.Count, two.Ticket.Mask.Jaccard(one.Ticket.Mask))));
        Assert.That(Page("report"), Does.Contain("kslottery report on two gives those"));
    }

    [Test]
    public void What_is_not_known_is_left_out()
    {
        Find("keep", Share with { Payload = TicketPayload.Keep });
        Assert.That(Report.FromFolder(_folder.File("keep")).Charts, Is.EqualTo(AllCharts.Except(["unit-moves"])));
        File.Delete(Path.Combine(_folder.File("keep"), TicketPatch.FileName));
        Report bare = Report.FromFolder(_folder.File("keep"));
        Assert.That(bare.Charts, Is.EqualTo(AllCharts[..3]));
        bare.WriteFolder(_folder.File("report"));
        Assert.That(Page("report"), Does.Contain("keep has no patch.safetensors"));

        Find("none", new() { Scope = new(TensorChoice.Parse("*"), TicketUnit.Rows) });
        Report empty = Report.FromFolder(_folder.File("none"));
        empty.WriteFolder(_folder.File("empty"));
        Assert.That(empty.Charts, Is.Empty);
        Assert.That(Page("empty"), Does.Contain("None of the 664 units of 7 tensors is in the ticket.").And.Contain("h ≥ 6 of 8"));

        Find("rows", new() { Score = TicketScore.Named("shift"), Selection = new TopUnits(3) });
        Assert.That(Report.FromFolder(_folder.File("rows")).Charts, Is.EqualTo(new[] { "unit-moves", "unit-places" }));
    }

    [Test]
    public void The_file_of_a_ticket_comes_back_and_damage_in_it_is_named()
    {
        UnitTicketSummary expected = UnitTicketSummary.Of(Find("ticket", Share).Ticket), read = UnitTicketFile.Read(_folder.File("ticket"));
        Assert.That(read with { Tensors = [] }, Is.EqualTo(expected with { Tensors = [] }));
        Assert.That(read.Tensors.Select(t => t with { Shape = [] }), Is.EqualTo(expected.Tensors.Select(t => t with { Shape = [] })));
        Assert.That(read.Tensors.Select(t => t.Shape), Is.EqualTo(expected.Tensors.Select(t => t.Shape)));
        foreach ((string key, JsonNode value, string reason) in ((string, JsonNode, string)[])
            [("format_version", 2, "newer"), ("unit", "cells", "none of"), ("payload", "x", "none of"), ("ticket_units", 4, "come to 531"),
                ("units", 4, "come to 5312"), ("signature", "x", "begin with the recipe"), ("tensors", new JsonArray(), "one at least")])
            Refused(root => root[key] = value.DeepClone(), key, reason);
        foreach ((string key, JsonNode value, string reason) in ((string, JsonNode, string)[])
            [("block", new JsonArray(2, 1), "have 1 rows"), ("units", 4, "there are 320"), ("base_dtype", "F31", "no element type"),
                ("ticket_units", 321, "320"), ("base_non_finite", -1, "320")])
            Refused(root => root["tensors"]![0]![key] = value.DeepClone(), key, reason);
        Find("other", Share with { Selection = new TopUnits(7) });
        File.Copy(Path.Combine(_folder.File("other"), TicketPatch.FileName), Path.Combine(_folder.File("ticket"), TicketPatch.FileName),
            overwrite: true);
        Assert.That(() => Report.FromFolder(_folder.File("ticket")), Throws.TypeOf<InvalidDataException>().With.Message
            .Contains("not of one run"));

        void Refused(Action<JsonNode> change, string key, string reason)
        {
            string path = Path.Combine(_folder.File("ticket"), TicketFile.FileName);
            byte[] whole = File.ReadAllBytes(path);
            JsonNode root = JsonNode.Parse(whole)!;
            change(root);
            File.WriteAllText(path, root.ToJsonString());
            Assert.That(() => Report.FromFolder(_folder.File("ticket")), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith(path)
                .And.Message.Contains(key).And.Message.Contains(reason));
            File.WriteAllBytes(path, whole);
        }
    }

    [Test]
    public void Hostile_names_are_shown_and_never_obeyed()
    {
        const string Evil = "<script>alert(1)</script>\u202E\"'><img src=x onerror=alert(1)>\u0000]]><!--";
        Find("ticket", Share);
        File.Delete(Path.Combine(_folder.File("ticket"), TicketPatch.FileName));
        string path = Path.Combine(_folder.File("ticket"), TicketFile.FileName);
        JsonNode root = JsonNode.Parse(File.ReadAllText(path))!;
        root["tensors"]![1]!["tensor"] = Evil;
        root["recipe"] = $"{Evil}|unit:elements|tensors:{Evil}|top:3";
        root["signature"] = $"{root["recipe"]}|of:7";
        File.WriteAllText(path, root.ToJsonString());
        Report.FromFolder(_folder.File("ticket")).WriteFolder(_folder.File("report"));
        foreach (string file in Directory.GetFiles(_folder.File("report")))
        {
            string text = File.ReadAllText(file);
            Assert.That(text, Does.Not.Contain("\u202E").And.Not.Contain("\0"), file);
            if (file.EndsWith(".tsv", StringComparison.Ordinal)) continue;
            Assert.That(Parsed.Xml(text).SelectNodes("//*[local-name()='img']"), Is.Empty, file);
            Assert.That(Parsed.Xml(text).SelectNodes("//*[local-name()='script']")!.Count, Is.InRange(0, 1), file);
        }
    }

    [TestCase("ks|unit:rows|tensors:embedding|method:auto|alpha:0.05|adj:holm", "p < 0.05 (auto), correction: holm")]
    [TestCase("shift|unit:rows|tensors:a|b:c|top:3", "the 3 best of all tensors together")]
    [TestCase("movement|unit:elements|tensors:*|share_per_tensor:1%|seed:7", "the best 1% of each tensor, drawn by the seed 7")]
    [TestCase("magnitude|unit:elements|tensors:*|pattern:2:4|without:sha256:1|payload:keep", "of every 4 neighbours in a row the best 2")]
    public void A_recipe_is_said_in_words(string recipe, string chosen)
    {
        UnitTicketSummary ticket = UnitTicketSummary.Of(Find("ticket", Share).Ticket) with { Recipe = recipe };
        Dictionary<string, string> words = RecipeWords.Of(ticket).ToDictionary(w => w.Name, w => w.Value);
        Assert.That(words["chosen"], Is.EqualTo(chosen));
        Assert.That(words["tensors"], Is.EqualTo(recipe.Split("|tensors:")[1].Split("|method")[0].Split("|top")[0].Split("|share")[0]
            .Split("|pattern")[0].Replace("embedding", "the input embedding")));
        Assert.That(words.GetValueOrDefault("left out", ""), Is.EqualTo(recipe.Contains("without", StringComparison.Ordinal)
            ? "what the mask sha256:1 holds" : ""));
    }

    [Test]
    public void Every_score_and_payload_has_words()
    {
        UnitTicketSummary ticket = UnitTicketSummary.Of(Find("ticket", Share).Ticket);
        foreach (string score in TicketScore.Names)
            Assert.That(RecipeWords.Of(ticket with { Score = score }).Single(w => w.Name == "score").Value,
                Does.Match($"^{score}: .{{10,}}"));
        foreach (TicketPayload payload in Enum.GetValues<TicketPayload>())
            Assert.That(RecipeWords.Of(ticket with { Payload = payload }).Single(w => w.Name == "payload").Value,
                Does.StartWith($"{payload.ToName()}: "));
    }

    private UnitTicketResult Find(string name, TicketRecipe recipe)
    {
        UnitTicketResult found = TicketFinder.Find(_base, _tuned, recipe);
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        using TicketFolder folder = new(_folder.File(name));
        folder.Write(found);
        return found;
    }

    private string Page(string folder) => File.ReadAllText(Path.Combine(_folder.File(folder), Report.PageName));

    private double[] Column(string chart, string column)
    {
        string[][] lines = [.. File.ReadLines(Path.Combine(_folder.File("report"), $"{chart}.tsv")).Select(line => line.Split('\t'))];
        int place = Array.IndexOf(lines[0], column);
        return [.. lines.Skip(1).Select(line => double.Parse(line[place], CultureInfo.InvariantCulture))];
    }

    private static float[] Values(Checkpoint checkpoint, string name)
    {
        Tensor tensor = checkpoint.GetTensor(name);
        return MemoryMarshal.Cast<byte, float>(tensor.GetBytes(0, (int)tensor.ByteLength, [])).ToArray();
    }

    private Checkpoint Write(string name, Dictionary<string, float[]> values)
    {
        string path = _folder.File($"{name}.safetensors");
        SafetensorsWriter.Write(path, [.. Tensors.Select(t => TensorSource.FromBytes(t.Name, ElementType.F32, [t.Rows, t.Columns],
            MemoryMarshal.AsBytes<float>(values[t.Name]).ToArray()))]);
        return Checkpoint.Open(path);
    }
}
