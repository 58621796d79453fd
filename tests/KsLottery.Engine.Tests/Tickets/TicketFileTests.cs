using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Tickets;

public sealed class TicketFileTests
{
    [Test]
    public void A_ticket_reads_back_as_it_was_written()
    {
        using TemporaryFolder folder = new();
        Ticket ticket = Make(new TopUnits(3) { Alpha = 0.1, Adjustment = PValueAdjustment.Holm });
        TicketFile.Write(folder.File("t"), ticket);
        Ticket read = TicketFile.Read(folder.File("t"));
        Assert.That(read.Entries, Is.EqualTo(ticket.Entries).And.Count.EqualTo(3));
        Assert.That(read with { Entries = ticket.Entries }, Is.EqualTo(ticket));
        Assert.That(read.Signature, Is.EqualTo(ticket.Signature));
        Assert.That(File.ReadAllText(folder.File("t")).Where(c => c is not '\n'), Has.All.Matches(Is.InRange(' ', '~')),
            "the tensor's name is hostile");
    }

    [Test]
    public void The_adapter_that_made_the_tuned_tensor_is_kept()
    {
        using TemporaryFolder folder = new();
        Ticket ticket = Make(new BelowAlpha());
        ticket = ticket with { Origin = ticket.Origin with { Adapter = new("LORA", "sha256:1", "sha256:2"), IsTied = true } };
        TicketFile.Write(folder.File("t"), ticket);
        Assert.That(TicketFile.Read(folder.File("t")).Origin, Is.EqualTo(ticket.Origin));
    }

    [Test]
    public void A_ticket_with_a_tree_of_fingerprints_has_format_version_2([Values] bool inBoth)
    {
        using TemporaryFolder folder = new();
        Ticket ticket = Make(new BelowAlpha());
        string tree = "sha256-tree:" + new string('a', 64);
        ticket = ticket with
        {
            Origin = ticket.Origin with { TunedFingerprint = tree, BaseFingerprint = inBoth ? tree : ticket.Origin.BaseFingerprint },
        };
        TicketFile.Write(folder.File("t"), ticket);
        string text = File.ReadAllText(folder.File("t"));
        Assert.That(text, Does.Contain("\"format_version\": 2,"));
        Assert.That(TicketFile.Read(folder.File("t")).Origin, Is.EqualTo(ticket.Origin));
        File.WriteAllText(folder.File("t"), text.Replace("\"format_version\": 2,", "\"format_version\": 1,"));
        Assert.That(() => TicketFile.Read(folder.File("t")), Throws.TypeOf<InvalidDataException>().With.Message
            .Contains("format_version: with these fingerprints it is 2"));
        TicketFile.Write(folder.File("t"), Make(new BelowAlpha()));
        Assert.That(File.ReadAllText(folder.File("t")), Does.Contain("\"format_version\": 1,"));
    }

    [Test]
    public void What_JSON_has_no_number_for_is_null_and_reads_back_as_NaN()
    {
        using TemporaryFolder folder = new();
        RowScanResult scan = SmallMatrices.Scan([new float[8], SmallMatrices.Steps], [SmallMatrices.Steps, SmallMatrices.Steps]);
        TicketFile.Write(folder.File("t"), Ticket.Select(new(scan), SmallMatrices.Origin(scan)));
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(folder.File("t")));
        JsonElement entry = document.RootElement.GetProperty("entries")[0];
        Assert.That(entry.GetProperty("relative_delta").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(entry.GetProperty("cosine").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(TicketFile.Read(folder.File("t")).Entries[0].RelativeDelta, Is.NaN);
    }

    [TestCase(true), TestCase(false)]
    public void A_ticket_of_a_version_whose_top_gave_way_to_alpha_is_read(bool byRank)
    {
        using TemporaryFolder folder = new();
        TicketSelection selection = new BelowAlpha { Method = KsMethod.Exact, Wanted = 2 };
        TicketFile.Write(folder.File("t"), Make(new BelowAlpha()) with { IsByRank = byRank, Selection = selection });
        string text = File.ReadAllText(folder.File("t"));
        if (byRank) File.WriteAllText(folder.File("t"), text.Replace("|top:2|", "|alpha:0.05|adj:none|top:2|"));
        Assert.That(File.ReadAllText(folder.File("t")), Does.Contain("|alpha:0.05|adj:none|top:2|"));
        Ticket read = TicketFile.Read(folder.File("t"));
        Assert.That((read.IsByRank, read.Selection.Top, read.Entries.Count), Is.EqualTo((byRank, 2, 2)));
        Assert.That(text, byRank ? Does.Not.Contain(read.Signature.ToString()) : Does.Contain(read.Signature.ToString()));
        TicketFile.Write(folder.File("again"), read);
        Assert.That(File.ReadAllText(folder.File("again")), Is.EqualTo(File.ReadAllText(folder.File("t"))));
    }

    [Test]
    public void A_ticket_by_rank_has_no_more_rows_than_were_asked_for()
    {
        using TemporaryFolder folder = new();
        TicketSelection selection = new TopUnits(1) { Method = KsMethod.Exact };
        TicketFile.Write(folder.File("t"), Make(new BelowAlpha()) with { IsByRank = true, Selection = selection });
        Assert.That(() => TicketFile.Read(folder.File("t")),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("top: the ticket has 2 rows"));
    }

    [Test]
    public void A_cancelled_write_leaves_nothing()
    {
        using TemporaryFolder folder = new();
        Assert.That(() => TicketFile.Write(folder.File("t"), Make(new BelowAlpha()), new CancellationToken(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Directory.GetFileSystemEntries(folder.Path), Is.Empty);
    }

    [TestCase("format", "\"other\"", "format: this is no ticket")]
    [TestCase("format_version", "3", "3 is newer")]
    [TestCase("format_version", "0", "whole number from 1")]
    [TestCase("alternative", "\"less\"", "two-sided")]
    [TestCase("method", "\"auto\"", "exact or asymp")]
    [TestCase("adjustment", "\"fdr\"", "none, bonferroni, holm, bh")]
    [TestCase("alpha", "1", "between 0 and 1")]
    [TestCase("alpha", "null", "between 0 and 1")]
    [TestCase("top", "0", "whole number from 1")]
    [TestCase("shape", "[4]", "rows and width")]
    [TestCase("shape", "[4,0]", "shape[1]")]
    [TestCase("shape", "\"4\"", "JSON type Array")]
    [TestCase("tied", "1", "tied")]
    [TestCase("base_dtype", "\"F31\"", "no element type")]
    [TestCase("critical_h", "10", "0 to 9")]
    [TestCase("by_rank", "null", "true or false")]
    [TestCase("ids", "[3,1]", "must ascend")]
    [TestCase("ids", "[1,1]", "must ascend")]
    [TestCase("ids", "[1]", "not the ids of the entries")]
    [TestCase("ids", "[1,4]", "ids[1]")]
    [TestCase("ticket_rows", "3", "there are 2 ids")]
    [TestCase("ticket_parameters", "15", "2 rows of 8 have 16")]
    [TestCase("unchanged", "2", "4 rows")]
    [TestCase("base_fingerprint", "\"sha256:0\"", "signature")]
    [TestCase("version", "\"9.9.9\"", "signature: the other values give KS|d:8|")]
    [TestCase("entries", "{}", "JSON type Array")]
    [TestCase("entries", "[1]", "entries[0]: it must be a JSON object.")]
    public void A_value_that_is_wrong_or_contradicts_others_is_refused_by_name(string key, string value, string message)
    {
        using TemporaryFolder folder = new();
        TicketFile.Write(folder.File("t"), Make(new BelowAlpha()));
        JsonObject root = JsonNode.Parse(File.ReadAllText(folder.File("t")))!.AsObject();
        root[key] = JsonNode.Parse(value);
        File.WriteAllText(folder.File("t"), root.ToJsonString());
        Assert.That(() => TicketFile.Read(folder.File("t")), Throws.TypeOf<InvalidDataException>()
            .With.Message.Contains(message).And.Message.Contains(folder.File("t")).And.Message.Contains($"{Remedy.FindAgain}"));
    }

    [TestCase("D", "0.5", "entries[0].D: it must be h / d = 8 / 8.")]
    [TestCase("id", "2", "ids")]
    [TestCase("id", "4", "entries[0].id: it must be a whole number from 0 to 3.")]
    [TestCase("h", "9", "entries[0].h")]
    [TestCase("sign", "2", "entries[0].sign")]
    [TestCase("piece", "1", "entries[0].piece")]
    public void An_entry_that_is_wrong_is_refused_by_its_place(string key, string value, string message)
    {
        using TemporaryFolder folder = new();
        TicketFile.Write(folder.File("t"), Make(new BelowAlpha()));
        JsonObject root = JsonNode.Parse(File.ReadAllText(folder.File("t")))!.AsObject();
        root["entries"]![0]![key] = JsonNode.Parse(value);
        File.WriteAllText(folder.File("t"), root.ToJsonString());
        Assert.That(() => TicketFile.Read(folder.File("t")), Throws.TypeOf<InvalidDataException>().With.Message.Contains(message));
    }

    [TestCase("format", "\"other\"", "this is no ticket, which has \"kslottery-ticket\" there")]
    [TestCase("format_version", "3", "3 is newer than this version of kslottery, which reads 1 and 2")]
    [TestCase("alternative", "\"less\"", "it must be \"two-sided\"")]
    [TestCase("method", "\"auto\"", "it must be exact or asymp")]
    [TestCase("method", "\"best\"", "it must be exact or asymp")]
    [TestCase("adjustment", "\"fdr\"", "it must be one of none, bonferroni, holm, bh")]
    [TestCase("alpha", "0", "it must lie between 0 and 1")]
    [TestCase("shape", "[4,8,1]", "it must be two numbers, rows and width")]
    [TestCase("tied", "1", "it must be of JSON type True or False or Null")]
    [TestCase("tuned_dtype", "\"F31\"", "it is no element type of safetensors")]
    [TestCase("by_rank", "null", "it must be true or false")]
    [TestCase("tested", "5", "it must be a whole number from 0 to 4")]
    [TestCase("critical_h", "-1", "it must be a whole number from 0 to 9")]
    [TestCase("changed", "1.5", "it must be a whole number from 0 to 4")]
    [TestCase("ids", "[3,1]", "1 follows 3; they must ascend, each once")]
    [TestCase("ids", "[1,2]", "they are not the ids of the entries")]
    [TestCase("ticket_rows", "3", "there are 2 ids")]
    [TestCase("ticket_parameters", "17", "2 rows of 8 have 16")]
    [TestCase("unchanged", "2", "with changed, degenerate and non_finite it must come to 4 rows")]
    [TestCase("adapter", "1", "it must be of JSON type Object")]
    public void A_message_says_what_must_be_there(string key, string value, string problem)
    {
        using TemporaryFolder folder = new();
        TicketFile.Write(folder.File("t"), Make(new BelowAlpha()));
        JsonObject root = JsonNode.Parse(File.ReadAllText(folder.File("t")))!.AsObject();
        root[key] = JsonNode.Parse(value);
        File.WriteAllText(folder.File("t"), root.ToJsonString());
        Assert.That(() => TicketFile.Read(folder.File("t")), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo(
            $"{folder.File("t")}, {key}: {problem}. The file was changed by hand or cut short. {Remedy.FindAgain}."));
    }

    [TestCase("{\n}}", ": no JSON object with unique keys in line 2, column 2: '}' is invalid after a single JSON value. "
        + "Expected end of data. ")]
    [TestCase("[]", ", file: it must be a JSON object. The file was changed by hand or cut short. ")]
    [TestCase("{\"format\":\"\\ud800\"}", ": a lone surrogate in a string. ")]
    public void A_file_that_is_no_JSON_object_says_where(string text, string message)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("t"), text);
        Assert.That(() => TicketFile.Read(folder.File("t")),
            Throws.TypeOf<InvalidDataException>().With.Message.EqualTo($"{folder.File("t")}{message}{Remedy.FindAgain}."));
    }

    [Test]
    public void A_file_of_more_than_a_gigabyte_is_not_read()
    {
        using TemporaryFolder folder = new();
        using (FileStream empty = File.Create(folder.File("t"))) empty.SetLength((1L << 30) + 1);
        Assert.That(() => TicketFile.Read(folder.File("t")), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith(
            folder.File("t") + ", file: 1073741825 bytes, allowed are 1073741824. "));
    }

    [Test]
    public void The_limits_of_what_a_ticket_may_say_are_read()
    {
        using TemporaryFolder folder = new();
        float[] lowered = [.. SmallMatrices.Steps.Select(x => x - 100)], broken = [float.NaN, 1, 1, 1, 1, 1, 1, 1];
        RowScanResult scan = SmallMatrices.Scan(lowered, [8, 7, 6, 5, 4, 3, 2, 1], broken);
        TicketOrigin origin = SmallMatrices.Origin(scan) with { CheckpointParameters = 0 };
        Ticket ticket = Ticket.Select(new(scan, new BelowAlpha { Alpha = 1e-9 }), origin);
        Assert.That((ticket.CriticalCount, ticket.Tested, ticket.Changed, ticket.NonFinite), Is.EqualTo((9, 2, 2, 1)), "d + 1");
        foreach (Ticket some in (Ticket[])[ticket, ticket with { Entries = Ticket.Describe(new(scan), [1, 0]) }])
        {
            TicketFile.Write(folder.File("t"), some);
            Assert.That(TicketFile.Read(folder.File("t")) with { Entries = some.Entries }, Is.EqualTo(some));
        }
    }

    [Test]
    public void The_file_has_its_properties_in_this_order()
    {
        using TemporaryFolder folder = new();
        TicketFile.Write(folder.File("t"), Make(new BelowAlpha()));
        string text = File.ReadAllText(folder.File("t"));
        using JsonDocument document = JsonDocument.Parse(text);
        JsonElement root = document.RootElement;
        Assert.That(root.EnumerateObject().Select(p => p.Name), Is.EqualTo(new[]
        {
            "format", "format_version", "version", "signature", "tensor", "shape", "tied", "base_dtype", "tuned_dtype", "base_fingerprint",
            "tuned_fingerprint", "alternative", "method", "alpha", "adjustment", "adjusted_by", "top", "critical_h", "by_rank", "rows",
            "tested", "unchanged", "changed", "degenerate", "non_finite", "ticket_rows", "ticket_parameters", "checkpoint_parameters",
            "share_of_tensor", "share_of_checkpoint", "ids", "entries",
        }));
        Assert.That(root.GetProperty("entries")[1].EnumerateObject().Select(p => p.Name), Is.EqualTo(new[]
        {
            "rank", "id", "piece", "category", "h", "D", "p_value", "log10_p", "adjusted_p", "sign", "location", "l2_delta",
            "relative_delta", "cosine",
        }));
        Assert.That((root.GetProperty("rows").GetInt32(), root.GetProperty("adjusted_by").GetString()), Is.EqualTo((4, "bh")));
        Assert.That(root.GetProperty("share_of_tensor").GetDouble(), Is.EqualTo(0.5));
        Assert.That(root.GetProperty("share_of_checkpoint").GetDouble(), Is.EqualTo(0.016));
        Assert.That(root.GetProperty("entries")[1].GetProperty("rank").GetInt32(), Is.EqualTo(2));
        Assert.That(text, Does.StartWith("{\n  \"format\": \"kslottery-ticket\",\n").And.EndsWith("]\n}\n"));
    }

    [Test]
    public void Many_entries_are_flushed_on_the_way_and_can_be_cancelled_there()
    {
        TicketEntry entry = Make(new BelowAlpha()).Entries[0] with { Location = float.NaN, TunedId = 7 };
        using MemoryStream stream = new();
        using Utf8JsonWriter json = new(stream);
        json.WriteStartObject();
        TicketFile.WriteEntries(json, "few", [entry], new(canceled: true));
        Assert.That(json.BytesCommitted, Is.Zero);
        TicketEntry[] many = [.. Enumerable.Repeat(entry, 1000)];
        TicketFile.WriteEntries(json, "many", many);
        Assert.That(json.BytesCommitted, Is.GreaterThan(1 << 16));
        Assert.That(() => TicketFile.WriteEntries(json, "more", many, new(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
        json.Flush();
        string first = Encoding.UTF8.GetString(stream.ToArray()).Split('}')[0];
        Assert.That(first, Does.Contain("\"location\":null,").And.Not.Contain("tuned_id"));
    }

    [Test]
    public void Nothing_in_place_of_an_argument_is_refused()
    {
        using MemoryStream stream = new();
        using Utf8JsonWriter json = new(stream);
        Action[] calls =
        [
            () => TicketFile.Write("t", null!), () => TicketFile.Read(""), () => TicketFile.WriteProperties(null!, Make(new BelowAlpha())),
            () => TicketFile.WriteProperties(json, null!), () => TicketFile.WriteEntries(null!, "a", []),
            () => TicketFile.WriteEntries(json, "a", null!),
        ];
        foreach (Action call in calls)
            Assert.That(call, Throws.InstanceOf<ArgumentException>());
        using TemporaryFolder folder = new();
        Assert.That(() => TicketFile.PathOf(folder.Path), Throws.TypeOf<FileNotFoundException>().With.Message.EqualTo(
            $"{folder.Path}: there is no ticket.json in this folder. {Remedy.NameTicket}."));
    }

    [Test]
    public void Every_missing_property_and_every_cut_is_refused()
    {
        using TemporaryFolder folder = new();
        TicketFile.Write(folder.File("t"), Make(new BelowAlpha()));
        string text = File.ReadAllText(folder.File("t"));
        string[] derived = ["share_of_tensor", "share_of_checkpoint", "adjusted_by", "rows"];
        foreach (string key in JsonNode.Parse(text)!.AsObject().Select(p => p.Key).Except(derived).ToArray())
        {
            JsonObject root = JsonNode.Parse(text)!.AsObject();
            root.Remove(key);
            File.WriteAllText(folder.File("t"), root.ToJsonString());
            Assert.That(() => TicketFile.Read(folder.File("t")),
                Throws.TypeOf<InvalidDataException>().With.Message.Contains($"{key}: it is missing"), key);
        }
        for (int length = 0; length < text.TrimEnd().Length; length += 7)
        {
            File.WriteAllText(folder.File("t"), text[..length]);
            Assert.That(() => TicketFile.Read(folder.File("t")), Throws.TypeOf<InvalidDataException>(), $"cut at {length}");
        }
        File.WriteAllText(folder.File("t"), "{\"format\":\"kslottery-ticket\",\"format\":\"kslottery-ticket\"}");
        Assert.That(() => TicketFile.Read(folder.File("t")), Throws.TypeOf<InvalidDataException>().With.Message.Contains("unique keys"));
    }

    internal static Ticket Make(TicketSelection selection)
    {
        RowScanResult scan = SmallMatrices.Scan(SmallMatrices.Lifted(0), SmallMatrices.Lifted(6), SmallMatrices.Lifted(1),
            SmallMatrices.Lifted(8));
        return Ticket.Select(new(scan, selection with { Alpha = 0.1 }), SmallMatrices.Origin(scan));
    }
}
