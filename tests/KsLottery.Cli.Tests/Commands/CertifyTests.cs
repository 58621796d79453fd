using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using KsLottery.Engine.Certificates;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli.Tests.Commands;

public sealed class CertifyTests : IDisposable
{
    private static readonly string[] Forms = ["dataset", "max", "sum"];

    private readonly TrainingFixture _fixture = new(width: 64, steps: 250);

    public CertifyTests()
    {
        _fixture.RunTune("embed", "embedding", "--steps", "100", "--learning-rate", "1e-2");
        Assert.That(KsLotteryTool.Run("find", _fixture.Base, Tuned, "--out", _fixture.File("ticket")).ExitCode, Is.Zero);
        Assert.That(KsLotteryTool.Run(Certify("made")).ExitCode, Is.Zero);
    }

    public void Dispose() => _fixture.Dispose();

    private string Tuned => _fixture.File("embed");

    private string Ticket => Path.Combine(_fixture.File("ticket"), TicketFile.FileName);

    private string Made => Path.Combine(_fixture.File("made"), CertificateFile.FileName);

    private string[] Certify(string output, params string[] more) =>
        ["certify", _fixture.Base, Tuned, "--ticket", Ticket, "--data", _fixture.Pairs,
        "--template", "minimal", "--limit", "25", "--alphas", "0.01,0.05,0.5,0.9,0.99", "--out", _fixture.File(output), "--quiet", .. more];

    [Test]
    public void Every_number_of_a_certificate_follows_from_its_positions_and_from_theory()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Made));
        JsonElement made = document.RootElement;
        Ticket ticket = TicketFile.Read(Ticket);
        int width = ticket.Origin.Width;
        Assert.That(ticket.Entries, Is.Not.Empty, "the embedding moved enough");
        double tau = Math.Sqrt(-Math.Log(0.05 / 2) / 2) * Math.Sqrt(2.0 / width);
        Assert.That((made.GetProperty("alpha").GetDouble(), made.GetProperty("tau").GetDouble()), Is.EqualTo((0.05, tau)));
        Assert.That(made.GetProperty("position_columns").EnumerateArray().Select(c => c.GetString()),
            Is.EqualTo((string[])["pair", "target", "label", "top1", "p1", "top2", "p2", "ticket_top1", "base_top1", "largest_h",
                "sum_h"]));
        double[][] rows = [.. made.GetProperty("position_rows").EnumerateArray()
            .Select(row => row.EnumerateArray().Select(e => e.GetDouble()).ToArray())];
        Assert.That(made.GetProperty("positions").GetInt32(), Is.EqualTo(rows.Length) & Is.GreaterThan(100));
        Assert.That(rows.All(row => row[4] >= row[6] && row[6] >= 0 && row[4] + row[6] <= 1 + 1e-12 && row[10] >= row[9]), Is.True);

        Func<double[], double>[] bounds = [_ => tau, row => Math.Max(tau, row[9] / width), row => row[10] / width];
        foreach ((string name, Func<double[], double> bound) in Forms.Zip(bounds))
        {
            double[][] certified = [.. rows.Where(row => bound(row) < (row[4] - row[6]) / 2)];
            JsonElement form = made.GetProperty("forms").GetProperty(name);
            Assert.That(form.GetProperty("certified").GetInt32(), Is.EqualTo(certified.Length), name);
            Assert.That(form.GetProperty("certified_accuracy").GetDouble(),
                Is.EqualTo((double)certified.Count(row => row[2] == row[3]) / rows.Length), name);
            int violations = certified.Count(row => row[7] != row[3]);
            Assert.That(form.GetProperty("violations").GetInt32(), Is.EqualTo(violations), name);
            Assert.That(made.GetProperty("violations").EnumerateArray().Count(v => v.GetProperty("form").GetString() == name),
                Is.EqualTo(violations), name);
        }
        Assert.That(made.GetProperty("forms").GetProperty("dataset").GetProperty("certified").GetInt32(), Is.Positive,
            "or this test sees nothing");
        Assert.That(made.GetProperty("agreement").GetProperty("count").GetInt32(), Is.EqualTo(rows.Count(row => row[7] == row[3])));
        Assert.That(made.GetProperty("base_agreement").GetProperty("count").GetInt32(), Is.EqualTo(rows.Count(row => row[8] == row[3])));
        Assert.That(made.GetProperty("pair_agreement").GetProperty("count").GetInt32(),
            Is.EqualTo(rows.GroupBy(row => row[0]).Count(pair => pair.All(row => row[7] == row[3]))));
        Assert.That(made.GetProperty("pair_agreement").GetProperty("of").GetInt32(), Is.EqualTo(25));
        foreach (string word in (string[])["certifies", "theory", "assumptions"])
            Assert.That(made.GetProperty(word).ToString(),
                Does.Contain(word == "theory" ? "reconstructed" : word == "certifies" ? "not the quality" : "softmax"));
    }

    [Test]
    public void The_table_of_positions_is_that_of_the_max_form()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Made));
        string[] lines = File.ReadAllLines(Path.Combine(_fixture.File("made"), CertificateTables.PositionsName));
        Assert.That(lines[0], Is.EqualTo("idx\tlabel\tpredict\tmargin\tbound\tcertified\tagrees"));
        string[][] cells = [.. lines[1..].Select(line => line.Split('\t'))];
        Assert.That(cells.Select(c => c[0]),
            Is.EqualTo(Enumerable.Range(0, cells.Length).Select(i => i.ToString(CultureInfo.InvariantCulture))));
        Assert.That(cells.Count(c => c[5] == "1"),
            Is.EqualTo(document.RootElement.GetProperty("forms").GetProperty("max").GetProperty("certified").GetInt32()));
        Assert.That(cells.Count(c => c[6] == "1"),
            Is.EqualTo(document.RootElement.GetProperty("agreement").GetProperty("count").GetInt32()));
        Assert.That(cells.All(c => (c[5] == "1") == (Number(c[4]) < Number(c[3]) / 2)), Is.True);
    }

    [Test]
    public void Tickets_of_growing_alpha_are_nested_and_every_form_certifies_more()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Made));
        JsonElement[] sweep = [.. document.RootElement.GetProperty("sweep").EnumerateArray()];
        Assert.That(sweep.Select(point => point.GetProperty("alpha").GetDouble()), Is.EqualTo((double[])[.01, .05, .5, .9, .99]));
        int[] sizes = [.. sweep.Select(point => point.GetProperty("ticket_rows").GetInt32())];
        Assert.That(sizes, Is.Ordered);
        Assert.That(sizes[^1], Is.GreaterThan(sizes[0]));
        Assert.That(sizes[1], Is.EqualTo(TicketFile.Read(Ticket).Entries.Count));
        foreach (string form in Forms)
            Assert.That(sweep.Select(point => point.GetProperty(form).GetProperty("certified").GetInt32()), Is.Ordered, form);
        foreach (string form in Forms)
            Assert.That(sweep[1].GetProperty(form).GetRawText().Where(c => !char.IsWhiteSpace(c)),
                Is.EqualTo(document.RootElement.GetProperty("forms")
                .GetProperty(form).EnumerateObject().Skip(1).Aggregate("{", (text, p) => $"{text}\"{p.Name}\":{p.Value.GetRawText()},")
                .TrimEnd(',') + "}"), form);

        int[][] tickets =
            [.. ((double[])[.01, .5, .99]).Select(alpha => KsLotteryTool.Run("find", _fixture.Base, Tuned, "--json", "--quiet", "--alpha",
            alpha.ToString(CultureInfo.InvariantCulture)).Json().GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())
                .ToArray())];
        Assert.That(tickets.Select(ids => ids.Length), Is.EqualTo((int[])[sizes[0], sizes[2], sizes[4]]));
        Assert.That((tickets[0].Except(tickets[1]).Count(), tickets[1].Except(tickets[2]).Count()), Is.EqualTo((0, 0)));

        string[] table = File.ReadAllLines(Path.Combine(_fixture.File("made"), CertificateTables.SweepName));
        Assert.That(table, Has.Length.EqualTo(6));
        Assert.That(table[0], Does.StartWith("alpha\ttau\tcritical_h\trows\tparameters\tdataset_certified"));
        Assert.That(table[2].Split('\t')[3..5], Is.EqualTo((string[])[$"{sizes[1]}", $"{sizes[1] * 64}"]));
    }

    [Test]
    public void Without_alphas_the_sweep_takes_the_usual_ones_and_the_page_draws_it()
    {
        string page = _fixture.File("usual.html");
        Assert.That(KsLotteryTool.Run([.. Without(Certify("usual", "--html", page), "--alphas")]).ExitCode, Is.Zero);
        string[] lines = File.ReadAllLines(Path.Combine(_fixture.File("usual"), "alpha-sweep.tsv"));
        Assert.That(lines, Has.Length.EqualTo(1 + KsLottery.Engine.Certificates.CertificateOptions.DefaultAlphas.Count));
        Assert.That(File.ReadAllText(page), Does.Contain("<svg").And.Contain("alpha"));
    }

    [Test]
    public void A_ticket_of_every_changed_row_agrees_everywhere_and_the_sum_form_certifies_all_but_ties()
    {
        Assert.That(KsLotteryTool.Run("find", _fixture.Base, Tuned, "--alpha", "1e-300", "--top", "320", "--out",
            _fixture.File("all")).ExitCode, Is.Zero);
        Ticket all = TicketFile.Read(Path.Combine(_fixture.File("all"), TicketFile.FileName));
        Assert.That((all.IsByRank, all.Entries.Count), Is.EqualTo((true, (int)(all.Changed + all.Degenerate))));
        string[] arguments = Without(Certify("whole", "--json", "--no-sweep"), "--alphas");
        arguments[4] = Path.Combine(_fixture.File("all"), TicketFile.FileName);
        JsonElement json = KsLotteryTool.Run(arguments).Json();
        Assert.That(json.GetProperty("agreement").GetProperty("share").GetDouble(), Is.EqualTo(1));
        JsonElement sum = json.GetProperty("forms").GetProperty("sum");
        Assert.That((sum.GetProperty("certified_fraction").GetDouble(), sum.GetProperty("violations").GetInt32()), Is.EqualTo((1.0, 0)));
    }

    [Test]
    public void A_ticket_by_rank_is_called_so_and_never_by_an_alpha_that_its_rows_do_not_meet()
    {
        int below = TicketFile.Read(Ticket).Entries.Count;
        Assert.That(KsLotteryTool.Run("find", _fixture.Base, Tuned, "--top", $"{below + 5}", "--out", _fixture.File("ranked")).ExitCode,
            Is.Zero);
        string[] arguments =
            [.. Without(Certify("byrank", "--no-sweep", "--html", _fixture.File("byrank.html")), "--alphas").Where(a => a != "--quiet")];
        arguments[4] = Path.Combine(_fixture.File("ranked"), TicketFile.FileName);
        ToolRun run = KsLotteryTool.Run(arguments);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Lines,
            Has.Some.Match(
                $"^ticket +{below + 5} rows of 320, by rank, {below} of them below alpha 0\\.05; tau = [\\d.]+ for that alpha at d = 64$"));
        string file = Path.Combine(_fixture.File("byrank"), CertificateFile.FileName);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(file));
        Assert.That(json.RootElement.GetProperty("by_rank").GetBoolean(), Is.True);
        Assert.That(json.RootElement.GetProperty("ticket_signature").GetString(),
            Does.Contain($"|top:{below + 5}|").And.Not.Contain("alpha"));
        Assert.That(KsLotteryTool.Run("certify", "--check", file, "--quiet").ExitCode, Is.Zero);

        ToolRun report = KsLotteryTool.Run("report", _fixture.File("ranked"), "--out", _fixture.File("ranked-page"), "--json");
        string page = File.ReadAllText(report.Json().GetProperty("page").GetString()!);
        Assert.That(page, Does.Contain($"{below + 5} of largest h, chosen by rank ({below} of them below α = 0.05), make the ticket")
            .And.Contain($"by rank: the {below + 5} rows of largest h, whatever α").And.Not.Contain("stand out at"));
    }

    [TestCase("one added"), TestCase("reordered")]
    public void A_resized_vocabulary_is_certified_with_the_embed_tuned_one_in_all_models(string how)
    {
        string tuned = _fixture.File($"tuned {how}"), same = _fixture.File($"base {how}"),
            tokenizer = Path.Combine(tuned, "tokenizer.json");
        bool isReordered = how == "reordered";
        Resize(Tuned, tuned, isReordered);
        Resize(_fixture.Base, same, isReordered);
        JsonElement plain = Run(same, "id", "plain"), resized = Run(_fixture.Base, isReordered ? "text" : "auto", "resized");
        Assert.That(resized.GetProperty("ticket_signature").GetString(), Does.Contain("|rows:320/321|pairs:"));
        Assert.That(resized.GetProperty("assumptions").ToString(), Does.Contain("The vocabulary was resized"));
        // A base that had the vocabulary from the beginning gives the same certificate, position by position.
        foreach (string name in (string[])["position_rows", "forms", "sweep", "ticket_rows", "critical_h", "largest_h_outside", "agreement",
            "base_agreement",
            "pair_agreement", "tuned_right", "base_right"])
            Assert.That(resized.GetProperty(name).GetRawText(), Is.EqualTo(plain.GetProperty(name).GetRawText()), name);
        Assert.That(resized.GetProperty("forms").GetProperty("dataset").GetProperty("certified").GetInt32(), Is.Positive,
            "or this test sees nothing");

        JsonElement Run(string original, string pairs, string name)
        {
            string found = _fixture.File($"found {how} {name}"), made = _fixture.File($"made {how} {name}");
            Assert.That(KsLotteryTool.Run("find", original, tuned, "--pair-rows", pairs, "--out", found).ExitCode, Is.Zero);
            string[] arguments = Certify($"made {how} {name}", "--tokenizer", tokenizer);
            (arguments[1], arguments[2], arguments[4]) = (original, tuned, Path.Combine(found, TicketFile.FileName));
            ToolRun run = KsLotteryTool.Run(arguments);
            Assert.That(run.ExitCode, Is.Zero, run.Error);
            string file = Path.Combine(made, CertificateFile.FileName);
            Assert.That(KsLotteryTool.Run("certify", "--check", file, "--quiet").ExitCode, Is.Zero);
            if (pairs == "text")
            {
                arguments[^1] = Path.Combine(_fixture.Base, "tokenizer.json");
                KsLotteryTool.Run([.. arguments.Select(a => a == made ? _fixture.File("wrong") : a)])
                    .AssertFailed(2, "reordered", "--tokenizer");
            }
            return JsonDocument.Parse(File.ReadAllText(file)).RootElement;
        }
    }

    /// <summary>Copies a model with one token more, and some tokens in another order where asked for.</summary>
    private static void Resize(string source, string target, bool isReordered)
    {
        Directory.CreateDirectory(target);
        JsonObject tokenizer = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "tokenizer.json")))!.AsObject();
        JsonObject vocabulary = tokenizer["model"]!["vocab"]!.AsObject();
        // Special tokens and single bytes stay: others change places two by two.
        int New(int id) => isReordered && id is >= 300 and < 318 ? id ^ 1 : id;
        foreach ((string token, JsonNode? id) in vocabulary.ToArray()) vocabulary[token] = New(id!.GetValue<int>());
        vocabulary["<never>"] = 320;
        File.WriteAllText(Path.Combine(target, "tokenizer.json"), tokenizer.ToJsonString());
        foreach (string name in (string[])["tokenizer_config.json"])
            if (File.Exists(Path.Combine(source, name))) File.Copy(Path.Combine(source, name), Path.Combine(target, name));
        JsonObject config = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "config.json")))!.AsObject();
        config["vocab_size"] = 321;
        File.WriteAllText(Path.Combine(target, "config.json"), config.ToJsonString());
        using Checkpoint checkpoint = Checkpoint.Open(source);
        SafetensorsWriter.Write(Path.Combine(target, "model.safetensors"),
            checkpoint.Tensors.Select(t => t.Shape[0] != 320 ? TensorSource.FromTensor(t)
            : TensorSource.FromBytes(t.Name, t.ElementType, [321, t.Shape[1]], Enumerable.Range(0, 321)
                .SelectMany(row => row == 320 ? new float[t.Shape[1]] : t.GetRow<float>(New(row)).ToArray())
                .SelectMany(BitConverter.GetBytes).ToArray())));
    }

    [Test]
    public void Partial_Tuning_is_certified_from_its_patch_and_from_the_checkpoint_that_holds_it()
    {
        _fixture.RunTune("partial", "ticket", "--ticket", Ticket, "--steps", "8");
        string patch = Path.Combine(_fixture.File("partial"), "patch.safetensors");
        Assert.That(KsLotteryTool.Run("apply", _fixture.Base, patch, "--out", _fixture.File("applied"), "--quiet").ExitCode, Is.Zero);
        JsonElement[] runs = [.. ((string[])[patch, _fixture.File("partial"), _fixture.File("applied")]).Select((path, i) =>
            KsLotteryTool.Run(Certify($"tuned{i}", "--json", "--mode", "tuned", path)).Json())];
        Assert.That(runs[0].GetProperty("mode").GetString(), Is.EqualTo("tuned"));
        Assert.That(runs[0].GetProperty("assumptions").ToString(), Does.Contain("no form bounds"));
        foreach (JsonElement other in runs[1..])
            foreach (string name in (string[])["forms", "agreement", "pair_agreement", "violations", "sweep"])
                Assert.That(other.GetProperty(name).GetRawText(), Is.EqualTo(runs[0].GetProperty(name).GetRawText()), name);
        foreach (int i in (int[])[0, 2])
            Assert.That(KsLotteryTool.Run("certify", "--check", Path.Combine(_fixture.File($"tuned{i}"), CertificateFile.FileName),
                "--quiet").ExitCode, Is.Zero);

        string elements = _fixture.File("elements.safetensors"), more = _fixture.File("more.safetensors");
        using (Checkpoint before = Checkpoint.Open(_fixture.Base), after = Checkpoint.Open(_fixture.File("applied")))
        {
            TicketMask mask = TicketFile.Read(Ticket).Mask;
            PatchOrigin origin = new() { Signature = "test" };
            TicketPatch.Write(elements, before, after, mask.ToElements(), TicketPayload.Replace, origin);
            TicketPatch.Write(more, before, after, mask.Union(TicketMask.OfRows("model.norm.weight", 1, 64, [0])),
                TicketPayload.Replace, origin);
        }

        JsonElement ofElements = KsLotteryTool.Run(Certify("elements", "--json", "--mode", "tuned", elements)).Json();
        foreach (string name in (string[])["forms", "agreement", "violations"])
            Assert.That(ofElements.GetProperty(name).GetRawText(), Is.EqualTo(runs[0].GetProperty(name).GetRawText()), name);
        KsLotteryTool.Run(Certify("x", "--mode", "tuned", more)).AssertFailed(2, "the patch changes \"model.norm.weight\"", "--only");
        _fixture.RunTune("fewer", "ticket", "--ticket", Ticket, "--only", "1", "--steps", "2");
        KsLotteryTool.Run(Certify("x", "--mode", "tuned", _fixture.File("fewer"))).AssertFailed(2, "the patch holds 1 rows", "--only");
        KsLotteryTool.Run(Certify("x", "--mode", "tuned", Tuned)).AssertFailed(2, "is not in the ticket");
    }

    [Test]
    public void A_tied_model_reads_every_row_at_every_position()
    {
        string tied = _fixture.File("tied"), tuned = _fixture.File("tied-embed"), ticket = _fixture.File("tied-ticket");
        Assert.That(KsLotteryTool.Run("pretrain", "--text", _fixture.Pairs + ":1", "--out", tied, "--tokenizer",
            Path.Combine(_fixture.Base, "tokenizer.json"), "--tied",
            "--width", "32", "--layers", "1", "--heads", "4", "--length", "32", "--batch", "4", "--steps", "5").ExitCode, Is.Zero);
        Assert.That(KsLotteryTool.Run("tune", tied, "--data", _fixture.Pairs, "--template", "minimal", "--train", "embedding", "--steps",
            "20", "--learning-rate", "1e-2",
            "--max-length", "32", "--out", tuned).ExitCode, Is.Zero);
        Assert.That(KsLotteryTool.Run("find", tied, tuned, "--out", ticket).ExitCode, Is.Zero);
        string[] arguments = ["certify", tied, tuned, "--ticket", ticket, "--data", _fixture.Pairs, "--template", "minimal", "--limit", "5",
            "--alphas", "0.05", "--out", _fixture.File("tied-made")];
        Assert.That(KsLotteryTool.Run(arguments).Output, Does.Contain("the output head is the input embedding"));
        using JsonDocument document =
            JsonDocument.Parse(File.ReadAllText(Path.Combine(_fixture.File("tied-made"), CertificateFile.FileName)));
        Ticket found = TicketFile.Read(Path.Combine(ticket, "ticket.json"));
        long sum = File.ReadLines(Path.Combine(ticket, RowsFile.FileName)).Skip(1).Select(line => line.Split('\t'))
            .Where(row => !found.Ids.Contains(int.Parse(row[0], CultureInfo.InvariantCulture)))
            .Sum(row => long.Parse(row[3], CultureInfo.InvariantCulture));
        Assert.That(document.RootElement.GetProperty("position_rows").EnumerateArray().Select(row => row[10].GetInt64()),
            Is.All.EqualTo(sum));
        KsLotteryTool.Run([.. arguments[..2], Tuned, .. arguments[3..^1], _fixture.File("x")]).AssertFailed(2, "tie_word_embeddings");
    }

    [Test]
    public void Threads_and_ways_of_reading_change_no_byte()
    {
        Assert.That(KsLotteryTool.Run(Certify("again", "--threads", "1", "--no-mmap")).ExitCode, Is.Zero);
        foreach (string name in (string[])[CertificateFile.FileName, CertificateTables.PositionsName, CertificateTables.SweepName])
            Assert.That(File.ReadAllText(Path.Combine(_fixture.File("again"), name)),
                Is.EqualTo(File.ReadAllText(Path.Combine(_fixture.File("made"), name))), name);
    }

    [Test]
    public void A_check_derives_every_number_again()
    {
        ToolRun run = KsLotteryTool.Run("certify", "--check", Made, "--threads", "1");
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Output, Does.Contain("every number follows from its files").And.Contain("not the quality of a translation").And
            .Contain("reconstructed"));
        Assert.That(KsLotteryTool.Run("certify", "--check", Made, "--json", "--quiet").Json().GetProperty("checked").GetString(),
            Is.EqualTo(Made));
    }

    [Test]
    public void A_check_names_the_first_number_that_differs()
    {
        string text = File.ReadAllText(Made), changed = Path.Combine(_fixture.File("made"), "changed.json");
        JsonNode Parsed() => JsonNode.Parse(text)!;
        void Refused(JsonNode root, params string[] words)
        {
            File.WriteAllText(changed, root.ToJsonString());
            KsLotteryTool.Run("certify", "--check", changed, "--quiet").AssertFailed(4, words);
        }

        JsonNode one = Parsed();
        File.WriteAllText(changed, one.ToJsonString());
        Assert.That(KsLotteryTool.Run("certify", "--check", changed, "--quiet").ExitCode, Is.Zero, "white space says nothing");
        one["forms"]!["max"]!["violations"] = 99_999;
        Refused(one, "forms.max.violations", "99999", "the files give");
        JsonNode two = Parsed();
        two["position_rows"]![7]![4] = 0.123456;
        two["forms"]!["max"]!["certified"] = 1;
        Refused(two, "position_rows[7].p1", "0.123456", "--tolerance");
        JsonNode three = Parsed();
        three["position_rows"]!.AsArray().RemoveAt(0);
        Refused(three, "position_rows has");
        JsonNode four = Parsed();
        four["sweep"]![1]!.AsObject().Remove("tau");
        Refused(four, "sweep[1].tau is missing");
        JsonNode five = Parsed();
        five["certifies"] = "the quality of a translation";
        Refused(five, "certifies", "not the quality");
        JsonNode six = Parsed();
        six["files"]!.AsArray().RemoveAt(0);
        Refused(six, "no fingerprint");
    }

    [Test]
    public void A_tolerance_lets_probabilities_round_otherwise_and_nothing_else()
    {
        JsonNode root = JsonNode.Parse(File.ReadAllText(Made))!;
        JsonNode row = root["position_rows"]![3]!;
        row[4] = row[4]!.GetValue<double>() * (1 - 1e-9);
        string changed = Path.Combine(_fixture.File("made"), "rounded.json");
        File.WriteAllText(changed, root.ToJsonString());
        KsLotteryTool.Run("certify", "--check", changed, "--quiet").AssertFailed(4, "position_rows[3].p1");
        Assert.That(KsLotteryTool.Run("certify", "--check", changed, "--quiet", "--tolerance", "1e-6").ExitCode, Is.Zero);
        row[7] = row[7]!.GetValue<int>() + 1;
        File.WriteAllText(changed, root.ToJsonString());
        KsLotteryTool.Run("certify", "--check", changed, "--quiet", "--tolerance", "1e-6").AssertFailed(4, "position_rows[3].ticket_top1");
    }

    [Test]
    public void A_certificate_whose_files_changed_or_went_is_refused_with_both_fingerprints()
    {
        string data = _fixture.File("data.tsv");
        File.WriteAllText(data, "one and two\ten og to\n");
        string[] arguments = Certify("own", "--no-sweep");
        arguments[Array.IndexOf(arguments, _fixture.Pairs)] = data;
        Assert.That(KsLotteryTool.Run(Without(arguments, "--alphas")).ExitCode, Is.Zero);
        string certificate = Path.Combine(_fixture.File("own"), CertificateFile.FileName), before = Fingerprint.OfFile(data);
        File.WriteAllText(data, "one and two\ten og tre\n");
        KsLotteryTool.Run("certify", "--check", certificate, "--quiet")
            .AssertFailed(4, "data.tsv", before, Fingerprint.OfFile(data), "changed");
        File.Delete(data);
        KsLotteryTool.Run("certify", "--check", certificate, "--quiet").AssertFailed(4, "data.tsv", "not there", before);
        KsLotteryTool.Run("certify", "--check", Ticket).AssertFailed(2, "no certificate");
        File.WriteAllText(data, "{\"format\":");
        KsLotteryTool.Run("certify", "--check", data).AssertFailed(2, "data.tsv");
        KsLotteryTool.Run("certify", "--check", "absent.json").AssertFailed(2, "absent.json");
    }

    [Test]
    public void A_ticket_of_other_checkpoints_or_of_other_rows_is_refused()
    {
        _fixture.RunTune("other", "embedding", "--steps", "3", "--learning-rate", "3e-2");
        string[] other = Certify("x");
        other[2] = _fixture.File("other");
        KsLotteryTool.Run(other).AssertFailed(4, "tuned checkpoint", "sha256-tree:", "run kslottery find");
        other[1] = _fixture.File("other");
        KsLotteryTool.Run(other).AssertFailed(4, "with a base of the fingerprint", "sha256-tree:");

        Ticket ticket = TicketFile.Read(Ticket);
        string changed = _fixture.File("changed.json");
        TicketFile.Write(changed, ticket with { Entries = [.. ticket.Entries.Skip(1)] });
        string[] arguments = Certify("x");
        arguments[4] = changed;
        KsLotteryTool.Run(arguments).AssertFailed(4, "changed by hand", $"row {ticket.Entries[0].Id} is missing");
        Assert.That(Directory.Exists(_fixture.File("x")), Is.False, "nothing is written");
    }

    [Test]
    public void Models_that_differ_in_shape_or_outside_the_embedding_are_refused()
    {
        _fixture.RunTune("full", "full", "--steps", "2", "--learning-rate", "1e-3", "--warmup", "0");
        Assert.That(KsLotteryTool.Run("find", _fixture.Base, _fixture.File("full"), "--top", "3", "--out",
            _fixture.File("full-ticket")).ExitCode, Is.Zero);
        string[] full = Certify("x");
        full[2] = _fixture.File("full");
        full[4] = Path.Combine(_fixture.File("full-ticket"), "ticket.json");
        KsLotteryTool.Run(full).AssertFailed(2, "holds other values", "--train embedding");

        string wide = _fixture.File("wide");
        Assert.That(KsLotteryTool.Run("pretrain", "--text", _fixture.Pairs + ":1", "--out", wide, "--tokenizer",
            Path.Combine(_fixture.Base, "tokenizer.json"), "--width",
            "16", "--layers", "1", "--heads", "4", "--length", "32", "--batch", "2", "--steps", "1").ExitCode, Is.Zero);
        string[] shapes = Certify("x");
        shapes[2] = wide;
        KsLotteryTool.Run(shapes).AssertFailed(2, "rows of 16", "of 64");
    }

    [Test]
    public void A_tokenizer_that_does_not_fit_is_refused()
    {
        string other = _fixture.File("other-text.tsv"), model = _fixture.File("other-words");
        File.WriteAllText(other, string.Concat(Enumerable.Range(0, 400).Select(i => $"zebra quux {i} wyvern jaguar\n")));
        Assert.That(KsLotteryTool.Run("pretrain", "--text", other, "--out", model, "--vocabulary", "300", "--width", "16", "--layers", "1",
            "--heads", "4",
            "--length", "16", "--batch", "2", "--steps", "1").ExitCode, Is.Zero);
        Assert.That(KsLotteryTool.Run("pretrain", "--text", _fixture.Pairs + ":1", _fixture.Pairs + ":2", "--out", model + "2",
            "--vocabulary", "328", "--width", "16",
            "--layers", "1", "--heads", "4", "--length", "16", "--batch", "2", "--steps", "1").ExitCode, Is.Zero);
        KsLotteryTool.Run(Certify("x", "--tokenizer", model)).AssertFailed(2, "the ticket calls row", "this tokenizer calls it");
        KsLotteryTool.Run(Certify("x", "--tokenizer", model + "2")).AssertFailed(2, "328 tokens", "320 rows");
    }

    [Test]
    public void Data_and_arguments_that_say_nothing_are_refused_with_the_next_step()
    {
        string empty = _fixture.File("empty.tsv");
        File.WriteAllText(empty, "one\ten\ntwo\t\n");
        string[] arguments = Certify("incomplete");
        arguments[Array.IndexOf(arguments, _fixture.Pairs)] = empty;
        KsLotteryTool.Run(arguments).AssertFailed(2, "line 2", "target is empty", "skip incomplete");
        JsonElement json = KsLotteryTool.Run([.. arguments, "--skip-incomplete", "--json"]).Json();
        Assert.That((json.GetProperty("pairs").GetInt32(), json.GetProperty("pairs_left_out").GetInt32()), Is.EqualTo((1, 1)));

        string[] usual = Without(Certify("y"), "--alphas");
        foreach ((string[] more, string word) in ((string[], string)[])[(["--alphas", "0.1,1"], "between 0 and 1"),
            (["--alphas", "0"], "between 0 and 1"),
            (["--confidence", "1"], "between 0 and 1"), (["--mode", "tuned"], "Partial Tuning"), (["--mode", "both"], "must be transfer"),
            (["--check", Made], "give it alone"), (["--tolerance", "1e-3"], "--check"), (["--no-sweep", "--score"], "--no-sweep")])
            AssertUsage(KsLotteryTool.Run([.. usual, .. more]), word);
        AssertUsage(KsLotteryTool.Run("certify", _fixture.Base, Tuned), "--ticket");
        KsLotteryTool.Run(Certify("made")).AssertFailed(2, "not empty");
    }

    [Test]
    public void Scores_of_the_sweep_are_those_of_eval()
    {
        JsonElement json =
            KsLotteryTool.Run([.. Without(Certify("scored", "--json", "--score", "--max-new-tokens", "8"), "--alphas"), "--alphas", "0.05"])
            .Json();
        JsonElement eval = KsLotteryTool.Run("eval", _fixture.Base, "--patch", Path.Combine(_fixture.File("ticket"), "patch.safetensors"),
            "--data", _fixture.Pairs,
            "--template", "minimal", "--limit", "25", "--max-new-tokens", "8", "--json", "--quiet").Json();
        foreach (string form in (string[])["raw", "first_line", "response"])
            foreach (string score in (string[])["bleu", "chrf", "exact_match_rate"])
                Assert.That(json.GetProperty("sweep")[0].GetProperty("scores").GetProperty(form).GetProperty(score).GetRawText(),
                    Is.EqualTo(eval.GetProperty("scores").GetProperty(form).GetProperty(score).GetRawText()), $"{form} {score}");
        Assert.That(KsLotteryTool.Run("certify", "--check", Path.Combine(_fixture.File("scored"), CertificateFile.FileName),
            "--quiet").ExitCode, Is.Zero);
    }

    [Test, Platform("Linux", Reason = "script gives the tool a terminal")]
    public void Violations_are_red_on_a_terminal_unless_NO_COLOR_asks_otherwise()
    {
        if (!File.Exists("/usr/bin/script")) Assert.Ignore("there is no script command to make a terminal with");
        string[] arguments = Violated("red");
        Assert.That(KsLotteryTool.RunOnTerminal([("TERM", "xterm")], arguments),
            Does.Contain("\e[31mVIOLATIONS").And.Contain("falsifies").And.Contain("outside the ticket moved further than tau"));
        string[] check = ["certify", "--check", Path.Combine(_fixture.File("red"), CertificateFile.FileName), "--quiet"];
        Assert.That(KsLotteryTool.RunOnTerminal([("TERM", "xterm"), ("NO_COLOR", "1")], check),
            Does.Not.Contain("\e[31m").And.Contain("VIOLATIONS"));
    }

    [Test]
    public void Violations_are_counted_listed_and_said_to_falsify_their_form()
    {
        ToolRun run = KsLotteryTool.Run(Violated("violated"));
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        using JsonDocument document =
            JsonDocument.Parse(File.ReadAllText(Path.Combine(_fixture.File("violated"), CertificateFile.FileName)));
        JsonElement[] violations = [.. document.RootElement.GetProperty("violations").EnumerateArray()];
        int[] counts =
            [.. Forms.Select(form => document.RootElement.GetProperty("forms").GetProperty(form).GetProperty("violations").GetInt32())];
        Assert.That(Forms.Select(form => violations.Count(v => v.GetProperty("form").GetString() == form)), Is.EqualTo(counts));
        Assert.That(counts[0], Is.Positive, "or this test sees nothing");
        JsonElement[][] rows =
            [.. document.RootElement.GetProperty("position_rows").EnumerateArray().Select(row => row.EnumerateArray().ToArray())];
        foreach (JsonElement violation in violations)
        {
            JsonElement[] row = rows[violation.GetProperty("idx").GetInt32()];
            Assert.That(violation.GetProperty("predict").GetInt32(),
                Is.EqualTo(row[3].GetInt32()).And.Not.EqualTo(violation.GetProperty("ticket_predict").GetInt32()));
            Assert.That(violation.GetProperty("bound").GetDouble(), Is.LessThan(violation.GetProperty("half_margin").GetDouble()));
            Assert.That(violation.GetProperty("line").GetInt32(), Is.EqualTo(row[0].GetInt32() + 1), "one pair a line");
        }
        Assert.That(run.Output, Does.Contain($"VIOLATIONS: {counts[0]} positions certified").And.Contain("falsifies the forms dataset")
            .And.Contain("these data do not show that the ticket does anything"));
        Assert.That(document.RootElement.GetProperty("rows_above_tau_outside").GetInt32(), Is.Positive);
    }

    /// <summary>A correction for many tests leaves rows that moved far out of the ticket, which then does too little.</summary>
    private string[] Violated(string output)
    {
        string ticket = _fixture.File(output + "-ticket");
        Assert.That(KsLotteryTool.Run("find", _fixture.Base, Tuned, "--adjust", "bonferroni", "--out", ticket, "--quiet").ExitCode,
            Is.Zero);
        string[] arguments = Without(Certify(output, "--no-sweep"), "--alphas");
        arguments[4] = Path.Combine(ticket, TicketFile.FileName);
        return arguments;
    }

    private static void AssertUsage(ToolRun run, string word)
    {
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")), word);
        Assert.That(run.Error, Does.Contain(word));
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>The arguments without an option and its value.</summary>
    private static string[] Without(string[] arguments, string option)
    {
        int at = Array.IndexOf(arguments, option);
        return [.. arguments[..at], .. arguments[(at + 2)..]];
    }
}
