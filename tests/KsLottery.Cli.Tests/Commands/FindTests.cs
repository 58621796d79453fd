using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

public sealed class FindTests
{
    private static readonly string[] Keys =
    [
        "format", "format_version", "version", "signature", "tensor", "shape", "tied", "base_dtype", "tuned_dtype", "base_fingerprint",
        "tuned_fingerprint", "alternative", "method", "alpha", "adjustment", "adjusted_by", "top", "critical_h", "by_rank", "rows",
            "tested",
        "unchanged", "changed", "degenerate", "non_finite", "ticket_rows", "ticket_parameters", "checkpoint_parameters", "share_of_tensor",
        "share_of_checkpoint", "ids", "entries", "non_finite_rows", "warnings", "tuned_tensor", "tuned_tied", "tokenizer", "kernel",
            "threads", "rows_per_second",
        "scan_seconds", "compile_seconds", "seconds", "files",
    ];

    private static readonly string[] EntryKeys =
    [
        "rank", "id", "piece", "category", "h", "D", "p_value", "log10_p", "adjusted_p", "sign", "location", "l2_delta", "relative_delta",
            "cosine",
    ];

    private static string Base => SharedData.Path("models", "hf", "stories260K_hf");

    private static string Hot => SharedData.Path("models", "tuned-pairs", "en-da_input_embedding_hot_seed1");

    private static string Ordinary => SharedData.Path("models", "tuned-pairs", "en-da_input_embedding_seed1");

    private static string Tokenizer => SharedData.Path("tokenizers", "tok512", "tok512.model");

    [Test]
    public void The_ticket_is_a_table_on_stdout_and_stderr_stays_empty()
    {
        ToolRun run = KsLotteryTool.Run("find", Base, Hot, "--tokenizer", Tokenizer, "--limit", "3");
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines[0], Is.EqualTo("model.embed_tokens.weight: 512 rows of 64, F32"));
        Assert.That(run.Lines[1], Does.StartWith("base tied").And.Contain("tuned checkpoint not tied"));
        Assert.That(run.Lines[2], Is.EqualTo("tokens from tok512.model"));
        Assert.That(run.Lines[3], Does.StartWith("warning: the base is tied, the tuned checkpoint is not: in the base the rows of "
            + "model.embed_tokens.weight are the output head's too").And.EndWith("a tensor of its own"));
        Assert.That(run.Lines[4], Does.Match("^rank +id +token +h +D +p +sign +location +change +category$"));
        Assert.That(run.Lines[5], Does.Match(@"^ +1 +470 +V +27 +0\.4219 +1\.73e-5 +- +-0\.3329 +166\.22 % +changed$"));
        Assert.That(run.Lines[8], Is.EqualTo("… and 91 more: see --out DIR, or --limit 0"));
        Assert.That(run.Lines, Has.Some.Match("^rows +512: 250 changed, 262 identical$")
            .And.Some.Match(@"^ticket +94 rows: 6,016 parameters, 18\.36 % of the tensor, 2\.31 % of the checkpoint$")
            .And.Some.Match(@"^alpha +0\.05: h ≥ 16, that is D ≥ 0\.2500$")
            .And.Some.Match(@"^scan +[\d.]+ s, \w+, \d+ threads?, with fingerprints; [\d.]+ s in all$"));
        Assert.That(run.Lines[^1], Does.Match(
            @"^KS\|d:64\|alt:two-sided\|method:exact\|alpha:0\.05\|adj:none\|rows:512"
            + @"\|dtype:F32/F32\|base:sha256-tree:[0-9a-f]{8}\|tuned:sha256-tree:[0-9a-f]{8}\|v:"));
        Assert.That(run.Output, Does.Not.Contain("\e"));
    }

    [Test]
    public void A_tokenizer_that_cannot_be_read_costs_the_names_alone()
    {
        using TemporaryFolder folder = new();
        foreach (string file in Directory.GetFiles(Base).Where(file => Path.GetFileName(file) is "config.json" or "model.safetensors"))
            File.Copy(file, folder.File(Path.GetFileName(file)));
        File.WriteAllText(folder.File("tokenizer.model"), "AA== 0\nAQ== 1\n");
        ToolRun run = KsLotteryTool.Run("find", folder.Path, Hot);
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Lines[2], Is.EqualTo("no tokenizer: ids alone"));
        Assert.That(run.Error, Does.StartWith("kslottery: note: rows go without this tokenizer's names, since it cannot be read: ")
            .And.Contain("tokenizer.model: byte 0").And.Contain("tiktoken"));
        KsLotteryTool.Run("generate", folder.Path, "--prompt", "a").AssertFailed(2, "tokenizer.model: byte 0", "tiktoken");

        File.Move(folder.File("tokenizer.model"), folder.File("a.model"));
        File.Copy(folder.File("a.model"), folder.File("b.model"));
        ToolRun several = KsLotteryTool.Run("find", folder.Path, Hot);
        Assert.That((several.ExitCode, several.Lines[2]), Is.EqualTo((0, "no tokenizer: ids alone")));
        Assert.That(several.Error, Does.Contain("several tokenizers there, a.model, b.model"));
        KsLotteryTool.Run("generate", folder.Path, "--prompt", "a")
            .AssertFailed(2, "several tokenizers there, a.model, b.model", "--tokenizer");
    }

    [Test]
    public void Where_nothing_passes_it_says_that_short_rows_have_little_power_and_ranks()
    {
        ToolRun run = KsLotteryTool.Run("find", Base, Ordinary);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Lines, Has.Some.EqualTo("no row is below alpha: at d = 64 a row needs h ≥ 16, that is D ≥ 0.2500 "
            + "(so few values have little power); the largest D is 0.2344"));
        Assert.That(run.Lines, Has.Some.StartsWith("the 20 rows of largest h, which are no ticket"));
        Assert.That(run.Lines.Count(l => l.EndsWith("  changed,special", StringComparison.Ordinal)
            || l.EndsWith("  changed", StringComparison.Ordinal)),
            Is.EqualTo(20));
        Assert.That(run.Lines, Has.Some.Match("^ticket +0 rows"));
    }

    [Test]
    public void Top_makes_the_best_rows_the_ticket_whatever_alpha()
    {
        using TemporaryFolder folder = new();
        JsonElement found = KsLotteryTool.Run("find", Base, Ordinary, "--top", "5", "--json", "--out", folder.File("out")).Json();
        Assert.That((found.GetProperty("by_rank").GetBoolean(), found.GetProperty("ids").GetArrayLength()), Is.EqualTo((true, 5)));
        Assert.That(found.GetProperty("signature").GetString(), Does.Contain("|top:5|"));
        Assert.That(File.Exists(Path.Combine(folder.File("out"), "patch.safetensors")), Is.True);
        JsonElement hot = KsLotteryTool.Run("find", Base, Hot, "--top", "5", "--json").Json();
        Assert.That((hot.GetProperty("by_rank").GetBoolean(), hot.GetProperty("ids").GetArrayLength()), Is.EqualTo((true, 5)));
        int[] best = [.. KsLotteryTool.Run("find", Base, Hot, "--json").Json().GetProperty("entries").EnumerateArray().Take(5)
            .Select(e => e.GetProperty("id").GetInt32())];
        Assert.That(hot.GetProperty("entries").EnumerateArray().Select(e => e.GetProperty("id").GetInt32()), Is.EqualTo(best));
    }

    [Test]
    public void A_ticket_by_rank_says_how_many_of_its_rows_are_below_alpha_and_where_too_few_changed()
    {
        ToolRun few = KsLotteryTool.Run("find", Base, Hot, "--top", "100");
        Assert.That(few.Lines,
            Has.Some.StartsWith("by --top, the 100 rows of largest h make the ticket, 94 of them below alpha = 0.05: at d = 64"));
        Assert.That(few.Lines, Has.None.Match("^alpha "));
        ToolRun all = KsLotteryTool.Run("find", Base, Hot, "--top", "100000");
        Assert.That(all.Lines, Has.Some.EqualTo("--top asks for 100,000, but no more rows changed their distribution"));
    }

    [Test]
    public void Json_is_one_object_with_the_documented_keys()
    {
        ToolRun run = KsLotteryTool.Run("find", Base, Hot, "--method", "asymp", "--json");
        JsonElement found = run.Json();
        Assert.That(found.EnumerateObject().Select(p => p.Name), Is.EqualTo(Keys));
        Assert.That(found.GetProperty("entries")[0].EnumerateObject().Select(p => p.Name), Is.EqualTo(EntryKeys));
        Assert.That((found.GetProperty("ticket_rows").GetInt32(), found.GetProperty("method").GetString()), Is.EqualTo((118, "asymp")));
        Assert.That(run.Lines, Has.Length.EqualTo(1));
        JsonElement none = KsLotteryTool.Run("find", Base, Ordinary, "--json").Json();
        Assert.That(none.GetProperty("ids").GetArrayLength(), Is.Zero);
        Assert.That(none.GetProperty("ranking").GetArrayLength(), Is.EqualTo(20));
    }

    [Test]
    public void Out_writes_a_ticket_all_rows_and_a_patch_that_applies()
    {
        using TemporaryFolder folder = new();
        string output = folder.File("out");
        ToolRun run = KsLotteryTool.Run("find", Base, Hot, "--out", output, "--tokenizer", Tokenizer, "--no-mmap", "--threads", "2");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Ticket ticket = TicketFile.Read(Path.Combine(output, "ticket.json"));
        Assert.That(ticket.Entries, Has.Count.EqualTo(94));
        string[] lines = File.ReadAllLines(Path.Combine(output, "rows.tsv"));
        Assert.That(lines, Has.Length.EqualTo(513));
        Assert.That(lines[0], Is.EqualTo(RowsFile.Header));
        Assert.That(lines[2], Does.StartWith("1\t<s>\tchanged,special\t13\t0.203125\t0.142947584671"));
        Assert.That(KsLotteryTool.Run("apply", Base, Path.Combine(output, "patch.safetensors"), "--out", folder.File("patched")).ExitCode,
            Is.Zero);

        KsLotteryTool.Run("find", Base, Hot, "--out", output).AssertFailed(2, "--force");
        Assert.That(KsLotteryTool.Run("find", Base, Ordinary, "--out", output, "--force").ExitCode, Is.Zero);
        Assert.That(Directory.GetFiles(output), Has.Length.EqualTo(2), "no patch, for there is no ticket");
        Assert.That(Directory.GetFileSystemEntries(folder.Path), Is.EquivalentTo(new[] { output, folder.File("patched") }));
    }

    [Test]
    public void Shards_and_odd_offsets_give_the_same_ticket()
    {
        using TemporaryFolder folder = new();
        string odd = folder.File("odd.safetensors");
        WriteAtOddOffset(Path.Combine(Base, "model.safetensors"), odd);
        string sharded = WriteInShards(Base, folder.File("sharded"));
        string expected = KsLotteryTool.Run("find", Base, Hot, "--json").Json().GetProperty("entries").GetRawText();
        foreach (string path in (string[])[odd, sharded])
            Assert.That(KsLotteryTool.Run("find", path, Hot, "--json").Json().GetProperty("entries").GetRawText(), Is.EqualTo(expected),
                path);
    }

    [Test]
    public void A_tensor_that_the_two_name_differently_has_a_name_for_each()
    {
        using TemporaryFolder folder = new();
        string renamed = folder.File("renamed.safetensors"), equals = folder.File("equals.safetensors");
        using (Checkpoint tuned = Checkpoint.Open(Hot))
        {
            TensorSource rows = TensorSource.FromTensor(tuned.GetTensor("model.embed_tokens.weight"));
            SafetensorsWriter.Write(renamed, [rows with { Name = "a" }, Zeros("b", ElementType.F32, 2, 4)]);
        }
        SafetensorsWriter.Write(equals, [Zeros("a=b", ElementType.F32, 2, 4)]);
        JsonElement found = KsLotteryTool.Run("find", Base, renamed, "--tensor", "model.embed_tokens.weight=a", "--json").Json();
        Assert.That((found.GetProperty("tensor").GetString(), found.GetProperty("tuned_tensor").GetString(),
            found.GetProperty("ids").GetArrayLength()),
            Is.EqualTo(("model.embed_tokens.weight", "a", 94)));
        KsLotteryTool.Run("find", Base, renamed, "--tensor", "model.embed_tokens.weight")
            .AssertFailed(2, renamed, "--tensor BASE_NAME=TUNED_NAME");
        KsLotteryTool.Run("find", Base, renamed, "--tensor", "model.embed_tokens.weight=c").AssertFailed(2, renamed, "no tensor \"c\"");
        KsLotteryTool.Run("find", renamed, Base, "--tensor", "c=model.embed_tokens.weight").AssertFailed(2, renamed, "no tensor \"c\"");
        Assert.That(KsLotteryTool.Run("find", equals, equals, "--tensor", "a=b").Lines[0], Does.StartWith("a=b: 2 rows of 4"),
            "a name may hold any character");
    }

    [Test]
    public void Names_that_hold_equals_signs_are_split_where_both_are_tensors()
    {
        using TemporaryFolder folder = new();
        string before = folder.File("before.safetensors"), after = folder.File("after.safetensors");
        SafetensorsWriter.Write(before,
            [Zeros("a=b.weight", ElementType.F32, 2, 4), Zeros("x", ElementType.F32, 2, 4), Zeros("x=y", ElementType.F32, 2, 4)]);
        SafetensorsWriter.Write(after,
            [Zeros("c=d.weight", ElementType.F32, 2, 4), Zeros("y=z", ElementType.F32, 2, 4), Zeros("z", ElementType.F32, 2, 4)]);
        JsonElement found = KsLotteryTool.Run("find", before, after, "--tensor", "a=b.weight=c=d.weight", "--json").Json();
        Assert.That((found.GetProperty("tensor").GetString(), found.GetProperty("tuned_tensor").GetString()),
            Is.EqualTo(("a=b.weight", "c=d.weight")));
        found = KsLotteryTool.Run("find", before, after, "--tensor", "x=c=d.weight", "--json").Json();
        Assert.That((found.GetProperty("tensor").GetString(), found.GetProperty("tuned_tensor").GetString()),
            Is.EqualTo(("x", "c=d.weight")));
        KsLotteryTool.Run("find", before, after, "--tensor", "x=y=z")
            .AssertFailed(2, before, after, "\"x\" and \"y=z\"", "\"x=y\" and \"z\"", "2 readings");
        KsLotteryTool.Run("find", before, after, "--tensor", "x=y=w")
            .AssertFailed(2, before, after, "no reading", "\"x\" and \"y=w\"", "\"x=y\" and \"w\"");
    }

    [Test]
    public void The_map_of_the_reference_shards_skips_every_type_that_cannot_be_tested()
    {
        string sharded = SharedData.Path("safetensors", "sharded");
        ToolRun run = KsLotteryTool.Run("find", sharded, sharded, "--all-tensors");
        Assert.That(run.Lines, Has.Some.Match("^bfloat16_35 +BF16 +3 +5 +0 +0 ").And.Some
            .Match("^float64_35 +F64 +3 +5 +0 +0 ").And.Some.EqualTo("int64_35: skipped: rows of I64 cannot be tested")
            .And.Some.EqualTo("8 matrices, 0 with changed rows; 24 other tensors, 0 changed; 4 not compared"));
        Assert.That(run.Error, Does.Contain("read from F64 as F32"));
    }

    [Test]
    public void A_correction_and_alpha_decide_who_wins()
    {
        JsonElement holm = KsLotteryTool.Run("find", Base, Hot, "--adjust", "holm", "--alpha", "0.5", "--json").Json();
        Assert.That(holm.GetProperty("signature").GetString(), Does.Contain("|alpha:0.5|adj:holm|"));
        Assert.That(holm.GetProperty("ids").GetArrayLength(), Is.InRange(1, 93));
        Assert.That(holm.GetProperty("entries").EnumerateArray().Select(e => e.GetProperty("adjusted_p").GetDouble()),
            Has.All.Matches(Is.LessThan(0.5)));
    }

    [Test]
    public void All_tensors_is_a_map_with_a_line_for_every_matrix()
    {
        ToolRun run = KsLotteryTool.Run("find", Base, Hot, "--all-tensors");
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines, Has.Some.Match(@"^model\.embed_tokens\.weight +F32 +512 +64 +250 +94 +0\.4219 +0\.2500$")
            .And.Some.Match(@"^model\.layers\.4\.mlp\.down_proj\.weight +F32 +64 +172 +0 +0 +0\.0000 +0\.1512$")
            .And.Some.EqualTo("lm_head.weight: only in the tuned")
            .And.Some.EqualTo("36 matrices, 1 with changed rows; 11 other tensors, 0 changed; 1 not compared"));

        JsonElement map = KsLotteryTool.Run("find", Base, Hot, "--all-tensors", "--json").Json();
        Assert.That(map.GetProperty("tensors").GetArrayLength(), Is.EqualTo(36));
        Assert.That(map.GetProperty("tensors")[0].GetProperty("ticket_rows").GetInt32(), Is.EqualTo(94));
        Assert.That(map.GetProperty("not_compared")[0].GetProperty("tensor").GetString(), Is.EqualTo("lm_head.weight"));
        Assert.That(run.Lines.SkipWhile(l => !l.StartsWith("tensor ", StringComparison.Ordinal)).ElementAt(1),
            Does.StartWith("model.embed_tokens.weight "), "what changed comes first");

        map = KsLotteryTool.Run("find", Base, Hot, "--all-tensors", "--changed-only", "--json").Json();
        Assert.That(map.GetProperty("tensors").EnumerateArray().Select(t => t.GetProperty("tensor").GetString()),
            Is.EqualTo((string[])["model.embed_tokens.weight"]));
        ToolRun refused = KsLotteryTool.Run("find", Base, Hot, "--changed-only");
        Assert.That(refused.ExitCode, Is.EqualTo(1));
        Assert.That(refused.Error, Does.Contain("--changed-only is about the map of --all-tensors"));
    }

    [Test]
    public void The_map_names_what_cannot_be_compared_and_other_tensors_that_changed()
    {
        using TemporaryFolder folder = new();
        string before = folder.File("a.safetensors"), after = folder.File("b.safetensors");
        SafetensorsWriter.Write(before,
            [Zeros("m", ElementType.F32, 2, 4), Zeros("n", ElementType.F32, 4), Zeros("i", ElementType.I64, 2, 2),
                Zeros("s", ElementType.F32, 3, 3)]);
        SafetensorsWriter.Write(after,
        [
            Zeros("m", ElementType.BF16, 2, 4), TensorSource.FromBytes("n", ElementType.F32, [4], (byte[])[.. new byte[15], 1]),
            Zeros("i", ElementType.I64, 2, 2), Zeros("s", ElementType.F32, 3, 4),
        ]);
        ToolRun run = KsLotteryTool.Run("find", before, after, "--all-tensors");
        Assert.That(run.Lines, Has.Some.Match(@"^m +F32/BF16 +2 +4 +0 +0 ").And.Some.EqualTo("n: changed")
            .And.Some.EqualTo("i: skipped: rows of I64 cannot be tested").And.Some.EqualTo("s: [3,3] in the base, [3,4] in the tuned")
            .And.Some.EqualTo("1 matrix, 0 with changed rows; 1 other tensor, 1 changed; 2 not compared"));
    }

    [Test]
    public void Hostile_names_and_tokens_stay_inert_and_on_one_line()
    {
        using TemporaryFolder folder = new();
        string before = folder.File("a.safetensors"), after = folder.File("b.safetensors");
        string name = "w\u202e\e[2J\n";
        byte[] rows = [.. Enumerable.Range(0, 64).SelectMany(i => BitConverter.GetBytes((float)i))];
        byte[] moved = [.. Enumerable.Range(0, 64).SelectMany(i => BitConverter.GetBytes(i + 1000f))];
        SafetensorsWriter.Write(before, [TensorSource.FromBytes(name, ElementType.F32, [2, 32], rows)]);
        SafetensorsWriter.Write(after, [TensorSource.FromBytes(name, ElementType.F32, [2, 32], moved)]);
        File.WriteAllText(folder.File("tokenizer.json"), """{"model":{"vocab":{"a\u001b]0;x\u0007\n\u202eb":0,"שלום":1}}}""");
        foreach (string[] options in (string[][])[["--tensor", name], ["--all-tensors"], ["--tensor", name, "--json"]])
        {
            ToolRun run = KsLotteryTool.Run(["find", before, after, "--tokenizer", folder.File("tokenizer.json"), .. options]);
            Assert.That(run.ExitCode, Is.Zero, run.Error);
            Assert.That(run.Output, Does.Not.Contain("\e").And.Not.Contain("\u202e").And.Not.Contain("\u0007"));
            if (options.Length == 2)
                Assert.That(run.Lines, Has.Some.Match(@"^ +\d +0 +a\\x1b\]0;x\\x07\\n\\u\{202E\}b ").And.Some
                    .Match("^ +\\d +1 +שלום\u200E "));
        }
        KsLotteryTool.Run("find", before, after, "--tensor", "\e[31mx").AssertFailed(2, "no tensor");
    }

    [Test]
    public void Bad_input_is_one_clear_line_and_nothing_is_written()
    {
        using TemporaryFolder folder = new();
        string output = folder.File("out"), damaged = folder.File("damaged.safetensors"), integers = folder.File("i.safetensors");
        File.WriteAllBytes(damaged, File.ReadAllBytes(Path.Combine(Base, "model.safetensors"))[..5000]);
        SafetensorsWriter.Write(integers, [Zeros("m", ElementType.I32, 2, 4), Zeros("v", ElementType.F32, 0, 4)]);
        string[] Find(params string[] arguments) => ["find", .. arguments, "--out", output];

        KsLotteryTool.Run(Find("absent", Hot)).AssertFailed(2, "absent", "no such file");
        KsLotteryTool.Run(Find(Base, damaged)).AssertFailed(2, damaged);
        KsLotteryTool.Run(Find(Base, SharedData.Path("models", "hf", "babyllama_tok105_hf"))).AssertFailed(2, "512", "105", "64", "128");
        KsLotteryTool.Run(Find(Base, Hot, "--tensor", "model.embed_token.weight")).AssertFailed(2, "model.embed_tokens.weight");
        KsLotteryTool.Run(Find(integers, integers)).AssertFailed(2, "--tensor", "m");
        KsLotteryTool.Run(Find(integers, integers, "--tensor", "m")).AssertFailed(2, "I32");
        KsLotteryTool.Run(Find(Base, Hot, "--tokenizer", damaged)).AssertFailed(2, damaged);
        KsLotteryTool.Run("find", Base, Hot, "--out", Path.Combine(output, "deep")).AssertFailed(2, "does not exist");
        KsLotteryTool.Run("find", Base, Hot, "--out", damaged).AssertFailed(2, "this is a file");
        KsLotteryTool.Run("find", Base, Hot, "--out", folder.Path, "--force").AssertFailed(2, "not empty");
        KsLotteryTool.Run(Find(Base, Hot, "--device", "cuda")).AssertFailed(3, "cuda");
        Assert.That(Directory.GetFileSystemEntries(folder.Path), Is.EquivalentTo(new[] { damaged, integers }));
    }

    [TestCase("--alpha", "0", "between 0 and 1"), TestCase("--alpha", "1", "between 0 and 1"), TestCase("--alpha", "x", "between 0 and 1")]
    [TestCase("--alpha", "nan", "between 0 and 1"), TestCase("--top", "0", "a whole number from 1 to 2147483647.")]
    [TestCase("--top", "99999999999", "--top is 99999999999; it must be a whole number from 1 to 2147483647.")]
    [TestCase("--limit", "-1", "from 0 to 2147483647, and is "), TestCase("--threads", "1.5", "from 0 to 2147483647, and is 0 by default.")]
    [TestCase("--method", "approx", "--method is approx; allowed are auto (the default), exact, asymp.")]
    [TestCase("--adjust", "fdr", "--adjust is fdr; allowed are none (the default), bonferroni, holm, bh.")]
    [TestCase("--no-such", "1", "--no-such is no option of find.")]
    public void A_wrong_argument_is_an_error_of_usage(string option, string value, string message)
    {
        ToolRun run = KsLotteryTool.Run("find", "a", "b", option, value);
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")), run.Error);
        Assert.That(run.Error, Does.Contain(message).And.Contain("See kslottery find --help.").And.Not.Contain("   at "));
    }

    [TestCase("--tensor", "x"), TestCase("--html", "x"), TestCase("--top", "3")]
    public void All_tensors_excludes_what_is_about_one_tensor(string option, string value)
    {
        ToolRun run = KsLotteryTool.Run("find", "a", "b", "--all-tensors", option, value);
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.Contain("--all-tensors").And.Contain(option));
    }

    [Test, Platform(Exclude = "Win", Reason = "sends SIGINT")]
    public void Ctrl_C_ends_with_130_and_leaves_nothing_partial()
    {
        using TemporaryFolder folder = new();
        // Zeros that take no space on a disk, and seconds to read.
        string huge = folder.File("huge.safetensors");
        WriteSparse(huge, 3_000_000, 1024);
        using Process process = KsLotteryTool.StartInterruptible("find", huge, huge, "--tensor", "m", "--out", folder.File("out"));
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        // The folder that grows in place of the output shows that the work began.
        while (Directory.GetDirectories(folder.Path).Length == 0 && !process.HasExited) Thread.Sleep(5);
        KsLotteryTool.Interrupt(process);
        Assert.That(process.WaitForExit(TimeSpan.FromMinutes(1)), Is.True, "it does not end");
        Assert.That((process.ExitCode, output.Result), Is.EqualTo((130, "")), error.Result);
        Assert.That(error.Result, Does.Contain("cancelled"));
        Assert.That(Directory.GetFileSystemEntries(folder.Path), Is.EqualTo(new[] { huge }));
    }

    private static TensorSource Zeros(string name, ElementType type, params long[] shape) =>
        TensorSource.FromBytes(name, type, shape, new byte[shape.Aggregate(type.ByteSize(), (bytes, d) => bytes * (int)d)]);

    /// <summary>Copies a file and lengthens its header by a space, so that no tensor is aligned.</summary>
    private static void WriteAtOddOffset(string source, string target)
    {
        byte[] bytes = File.ReadAllBytes(source);
        int length = (int)BitConverter.ToInt64(bytes);
        File.WriteAllBytes(target,
            [.. BitConverter.GetBytes(length + 1L), .. bytes.AsSpan(8, length), (byte)' ', .. bytes.AsSpan(8 + length)]);
    }

    /// <summary>Writes a checkpoint again, every third tensor into another shard.</summary>
    private static string WriteInShards(string source, string folder)
    {
        Directory.CreateDirectory(folder);
        using Checkpoint checkpoint = Checkpoint.Open(source);
        List<string> places = [];
        var all = checkpoint.Tensors.Select((tensor, i) => (Tensor: tensor, Name: $"model-0000{i % 3 + 1}-of-00003.safetensors"));
        foreach (var shard in all.GroupBy(t => t.Name))
        {
            SafetensorsWriter.Write(Path.Combine(folder, shard.Key), shard.Select(t => TensorSource.FromTensor(t.Tensor)));
            places.AddRange(shard.Select(t => $"\"{t.Tensor.Name}\":\"{shard.Key}\""));
        }
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), "{\"weight_map\":{" + string.Join(',', places) + "}}");
        return folder;
    }

    private static void WriteSparse(string path, long rows, long width)
    {
        string header = string.Create(CultureInfo.InvariantCulture,
            $$$"""{"m":{"dtype":"BF16","shape":[{{{rows}}},{{{width}}}],"data_offsets":[0,{{{2 * rows * width}}}]}}""");
        header = header.PadRight((header.Length + 7) / 8 * 8);
        using FileStream stream = File.Create(path);
        stream.Write(BitConverter.GetBytes((long)header.Length));
        stream.Write(System.Text.Encoding.ASCII.GetBytes(header));
        stream.SetLength(stream.Position + 2 * rows * width);
    }

    [Test]
    public void Rows_that_are_not_finite_are_named_with_their_tokens_and_never_win()
    {
        using TemporaryFolder folder = new();
        (string before, string after) = WriteNonFinite(folder);
        ToolRun run = KsLotteryTool.Run("find", before, after, "--out", folder.File("out"));
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Lines, Has.Some.EqualTo("3 rows with values that are not finite, which never win: "
            + "1 t1 (NaN in the tuned), 3 t3 (infinite in the tuned), 4 t4 (NaN in the base, infinite in the tuned)"));
        Assert.That(run.Lines, Has.Some.Match("^rows +8: 1 changed, 4 identical, 3 not finite$").And.Some.Match("^ticket +1 row:"));
        string[][] rows = [.. File.ReadLines(Path.Combine(folder.File("out"), "rows.tsv")).Skip(1).Select(l => l.Split('\t'))];
        Assert.That(rows.Where(r => r[2] == "non-finite").Select(r => (r[0], r[1])),
            Is.EqualTo(new[] { ("1", "t1"), ("3", "t3"), ("4", "t4") }));

        JsonElement json = KsLotteryTool.Run("find", before, after, "--json", "--top", "8").Json();
        Assert.That(json.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()), Is.EqualTo(new[] { 6 }), "not even by rank");
        Assert.That(json.GetProperty("non_finite_rows").EnumerateArray()
            .Select(r => (r.GetProperty("id").GetInt32(), r.GetProperty("piece").GetString(),
            r.GetProperty("base").GetString(), r.GetProperty("tuned").GetString())), Is.EqualTo(new[]
            {
                (1, "t1", "finite", "NaN"), (3, "t3", "finite", "infinite"), (4, "t4", "NaN", "infinite"),
            }));
    }

    [TestCase(false, true, "the tuned checkpoint is tied, the base is not"), TestCase(true, true, null), TestCase(false, false, null)]
    public void Tying_that_differs_is_warned_of(bool isBaseTied, bool isTunedTied, string? warning)
    {
        using TemporaryFolder folder = new();
        (string before, string after) = WriteNonFinite(folder);
        foreach ((string model, bool tied) in new[] { (before, isBaseTied), (after, isTunedTied) })
            File.WriteAllText(Path.Combine(model, "config.json"), tied ? """{"tie_word_embeddings":true}"""
                : """{"tie_word_embeddings":false}""");
        JsonElement warnings = KsLotteryTool.Run("find", before, after, "--json").Json().GetProperty("warnings");
        Assert.That(warnings.EnumerateArray().Select(w => w.GetString()), warning is null ? Is.Empty : Has.One.Contains(warning));
        Assert.That(KsLotteryTool.Run("find", before, after).Output, warning is null ? Does.Not.Contain("warning") : Does.Contain(warning));
    }

    /// <summary>Eight rows of 32 values: row 6 moved, rows 1, 3 and 4 hold a NaN or an infinity.</summary>
    private static (string Base, string Tuned) WriteNonFinite(TemporaryFolder folder)
    {
        float[] before = [.. Enumerable.Range(0, 8 * 32).Select(i => MathF.Sin(i))], after = [.. before];
        for (int i = 0; i < 32; i++) after[(6 * 32) + i] += 3;
        (after[35], after[100], before[130], after[131]) = (float.NaN, float.NegativeInfinity, float.NaN, float.PositiveInfinity);
        return (Write("base", before), Write("tuned", after));

        string Write(string name, float[] values)
        {
            string model = Directory.CreateDirectory(folder.File(name)).FullName;
            byte[] bytes = [.. values.SelectMany(BitConverter.GetBytes)];
            SafetensorsWriter.Write(Path.Combine(model, "model.safetensors"),
                [TensorSource.FromBytes("model.embed_tokens.weight", ElementType.F32, [8, 32], bytes)]);
            File.WriteAllText(Path.Combine(model, "tokenizer.json"),
                "{\"model\":{\"type\":\"BPE\",\"vocab\":{" + string.Join(',', Enumerable.Range(0, 8).Select(i => $"\"t{i}\":{i}"))
                    + "},\"merges\":[]}}");
            return model;
        }
    }

    [Test]
    public void Rows_that_a_fine_tune_added_are_listed_and_the_common_ones_compared()
    {
        using TemporaryFolder folder = new();
        string before = WriteVocabulary(folder, "base", 12, []), after = WriteVocabulary(folder, "tuned", 14, [4], "[PAD]");
        ToolRun run = KsLotteryTool.Run("find", before, after, "--out", folder.File("out"));
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines, Has.Some.EqualTo("vocabulary: 12 rows in the base, 14 in the tuned; 12 compared, paired by id")
            .And.Some.Match(@"^2 rows added, with norms: 12 \[PAD\] \([\d.]+\), 13 \([\d.]+\)$").And.Some
            .Match("^rows +12: 1 changed, 11 identical$"));
        Assert.That(run.Lines[^1], Does.Contain("|rows:12/14|pairs:id|"));
        JsonElement json = KsLotteryTool.Run("find", before, after, "--json").Json();
        Assert.That(json.GetProperty("ids").EnumerateArray().Single().GetInt32(), Is.EqualTo(4));
        Assert.That((json.GetProperty("compared_rows").GetInt32(), json.GetProperty("added").GetInt32(),
            json.GetProperty("pairs").GetString()), Is.EqualTo((12, 2, "id")));
        JsonElement[] added = [.. json.GetProperty("added_rows").EnumerateArray()];
        Assert.That(added.Select(r => (r.GetProperty("id").GetInt32(), r.GetProperty("piece").GetString())),
            Is.EqualTo(new[] { (12, "[PAD]"), (13, "") }));
        Assert.That(added[0].GetProperty("norm").GetDouble() is > 3 and < 5, Is.True);

        ToolRun back = KsLotteryTool.Run("find", after, before);
        Assert.That(back.Lines, Has.Some.Match(@"^2 rows dropped, with norms: 12 \[PAD\] ").And.Some
            .Match("^rows +14: 1 changed, 11 identical, 2 dropped$"));
    }

    [Test]
    public void A_resized_vocabulary_whose_tokens_moved_is_refused_until_it_is_said_how_to_pair()
    {
        using TemporaryFolder folder = new();
        string before = WriteVocabulary(folder, "base", 12, []), after = WriteVocabulary(folder, "tuned", 13, [4], "[PAD]", reversed: true);
        KsLotteryTool.Run("find", before, after)
            .AssertFailed(2, "11 of 12 common ids are named differently", "0 't0' and '[PAD]'", "--pair-rows text");
        Assert.That(KsLotteryTool.Run("find", before, after, "--pair-rows", "names").ExitCode, Is.EqualTo(1));
        JsonElement json = KsLotteryTool.Run("find", before, after, "--pair-rows", "text", "--json").Json();
        JsonElement entry = json.GetProperty("entries").EnumerateArray().Single();
        Assert.That((entry.GetProperty("id").GetInt32(), entry.GetProperty("tuned_id").GetInt32(), entry.GetProperty("piece").GetString()),
            Is.EqualTo((4, 8, "t4")));
        Assert.That((json.GetProperty("pairs").GetString(), json.GetProperty("unchanged").GetInt32()), Is.EqualTo(("text", 11)));
        ToolRun byId = KsLotteryTool.Run("find", before, after, "--pair-rows", "id");
        Assert.That(byId.ExitCode, Is.Zero);
        Assert.That(byId.Error, Does.Contain("note: 11 of 12 common ids are named differently"));
        Assert.That(byId.Lines, Has.Some.Contain("12 compared, paired by id, 11 of them named differently"));
    }

    [Test]
    public void A_tokenizer_that_cannot_be_read_is_named_once_where_the_vocabulary_was_resized()
    {
        using TemporaryFolder folder = new();
        string before = WriteVocabulary(folder, "base", 12, []), after = WriteVocabulary(folder, "tuned", 13, [4], "[PAD]");
        File.WriteAllText(Path.Combine(before, "tokenizer.json"), "{");
        ToolRun run = KsLotteryTool.Run("find", before, after);
        Assert.That((run.ExitCode, run.Error.Split("tokenizer.json: ").Length - 1), Is.EqualTo((0, 1)), run.Error);
        Assert.That(run.Error, Does.Contain("rows go without this tokenizer's names").And.Contain("12 rows are compared by id"));
    }

    [Test]
    public void The_map_compares_embedding_and_head_of_a_resized_vocabulary()
    {
        using TemporaryFolder folder = new();
        string before = WriteVocabulary(folder, "base", 12, []), after = WriteVocabulary(folder, "tuned", 14, [4, 5], "[PAD]");
        ToolRun run = KsLotteryTool.Run("find", before, after, "--all-tensors", "--out", folder.File("out"));
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines, Has.Some.Match("^model.embed_tokens.weight +F32 +12 +32 +2 +2 ").And.Some
            .Match("^lm_head.weight +F32 +12 +32 +0 +0 ")
            .And.Some.EqualTo("lm_head.weight: 12 rows of 12 and 14 compared, paired by id; 2 added, 0 dropped").And.Some
            .Contain("0 not compared"));
        JsonElement json = KsLotteryTool.Run("find", before, after, "--all-tensors", "--json").Json();
        Assert.That(json.GetProperty("not_compared").GetArrayLength(), Is.Zero);
        Assert.That(json.GetProperty("resized").EnumerateArray()
            .Select(r => (r.GetProperty("compared_rows").GetInt32(), r.GetProperty("added").GetInt32())),
            Is.EqualTo(new[] { (12, 2), (12, 2) }));
        Assert.That(File.ReadLines(Path.Combine(folder.File("out"), "tensors.tsv"))
            .Count(l => l.Contains("\t12\t32\t", StringComparison.Ordinal)), Is.EqualTo(2));
    }

    [Test]
    public void The_cases_of_real_folders_are_compared_over_their_common_rows([Values("f03pad1", "f03pad64")] string name)
    {
        using TemporaryFolder folder = new();
        int added = name == "f03pad1" ? 1 : 64;
        string before = WriteVocabulary(folder, "base", 320, []), after = WriteVocabulary(folder, name, 320 + added, [5, 70, 200]);
        JsonElement json = KsLotteryTool.Run("find", before, after, "--json").Json();
        Assert.That(json.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()), Is.EqualTo(new[] { 5, 70, 200 }));
        Assert.That((json.GetProperty("tested").GetInt32(), json.GetProperty("added_rows").GetArrayLength()), Is.EqualTo((320, added)));
    }

    /// <summary>An untied model of rows of 32 values that depend on their token alone, moved ones apart; the tokens are t0, t1, …</summary>
    private static string WriteVocabulary(TemporaryFolder folder, string name, int rows, int[] moved, string? added = null,
        bool reversed = false)
    {
        string model = Directory.CreateDirectory(folder.File(name)).FullName;
        string[] tokens = [.. Enumerable.Range(0, Math.Min(rows, added is null ? 12 : rows - 1)).Select(i => $"t{i}").Take(12)];
        if (added is not null) tokens = [.. tokens, added];
        if (reversed) Array.Reverse(tokens);
        float[] Row(int id, bool isHead)
        {
            int token = id < tokens.Length && tokens[id] != added ? int.Parse(tokens[id][1..], CultureInfo.InvariantCulture) : id;
            return [.. Enumerable.Range(0, 32).Select(i => MathF.Sin((token * 37) + (i * i)) + (isHead || !moved.Contains(token) ? 0 : 3))];
        }
        TensorSource Matrix(string tensor, bool isHead) => TensorSource.FromBytes(tensor, ElementType.F32, [rows, 32],
            (byte[])[.. Enumerable.Range(0, rows).SelectMany(id => Row(id, isHead)).SelectMany(BitConverter.GetBytes)]);
        SafetensorsWriter.Write(Path.Combine(model, "model.safetensors"),
            [Matrix("model.embed_tokens.weight", false), Matrix("lm_head.weight", true)]);
        File.WriteAllText(Path.Combine(model, "tokenizer.json"), "{\"model\":{\"type\":\"BPE\",\"vocab\":{"
            + string.Join(',', tokens.Select((token, id) => $"\"{token}\":{id}")) + "},\"merges\":[]}}");
        return model;
    }
}
