using System.Text.Json;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

/// <summary>Tickets of units: found, applied, taken out again, trained.</summary>
public sealed class UnitTests
{
    private const string Layers = "*.mlp.*,*.self_attn.*,!*layers.0.*";

    private static string Base => SharedData.Path("models", "hf", "stories260K_hf", "model.safetensors");

    private static string Tuned => SharedData.Path("models", "tuned-pairs", "en-da_input_embedding_hot_seed1");

    private static string Tokenizer => SharedData.Path("tokenizers", "tok512", "tok512.model");

    [Test]
    public void A_share_of_elements_goes_in_and_comes_out_again()
    {
        using TemporaryFolder folder = new();
        string ticket = folder.File("ticket"), patched = folder.File("patched"), again = folder.File("again");
        ToolRun found = KsLotteryTool.Run("find", Base, Tuned, "--unit", "elements", "--score", "movement", "--share", "1%",
            "--out", ticket);
        Assert.That((found.ExitCode, found.Error), Is.EqualTo((0, "")));
        Assert.That(found.Lines, Has.Some.Match(@"^model\.embed_tokens\.weight +F32 +\[512,64\] +32,768 +327 +1\.00 % +327$")
            .And.Some.Match(@"^ticket +327 of 32,768 units: 327 parameters, 0\.13 % of the checkpoint$"));
        Assert.That(found.Lines[^1],
            Does.Match(@"^movement\|unit:elements\|tensors:embedding\|share:1%\|of:1\|base:sha256:\w{8}\|tuned:sha256:\w{8}\|v:"));
        Assert.That(KsLotteryTool.Run("apply", Base, ticket, "--out", patched).ExitCode, Is.Zero);
        Assert.That(KsLotteryTool.Run("revert", patched, ticket, "--out", again).ExitCode, Is.Zero);
        byte[] before = File.ReadAllBytes(Base);
        Assert.That(File.ReadAllBytes(Path.Combine(again, "model.safetensors")), Is.EqualTo(before));
        Assert.That(File.ReadAllBytes(Path.Combine(patched, "model.safetensors")).Zip(before).Count(b => b.First != b.Second),
            Is.InRange(327, 4 * 327));
    }

    [Test]
    public void A_training_changes_the_units_of_a_ticket_and_leaves_their_patch()
    {
        using TemporaryFolder folder = new();
        string ticket = folder.File("ticket"), run = folder.File("run"), pairs = folder.File("pairs.tsv");
        File.WriteAllText(pairs, "hello\thej\nyes\tja\n");
        string[] random = ["--unit", "elements", "--score", "random", "--seed", "3", "--top", "200", "--tensors", Layers];
        JsonElement found = Json(["find", Base, Tuned, .. random, "--out", ticket]);
        Assert.That(found.GetProperty("ticket_units").GetInt64(), Is.EqualTo(200));
        Assert.That(found.GetProperty("recipe").GetString(), Is.EqualTo($"random|unit:elements|tensors:{Layers}|top:200|seed:3"));
        JsonElement tuned = Json("tune", Base, "--train", "ticket", "--ticket", ticket, "--data", pairs, "--tokenizer", Tokenizer,
            "--steps", "2", "--source-language", "English", "--target-language", "Danish", "--out", run);
        Assert.That((tuned.GetProperty("scope").GetString(), tuned.GetProperty("units").GetInt64()), Is.EqualTo(("mask", 200L)));
        string patched = folder.File("patched");
        Assert.That(KsLotteryTool.Run("apply", Base, run, "--out", patched).ExitCode, Is.Zero);
        JsonElement moved = Json("find", Base, patched, "--unit", "elements", "--score", "movement", "--top", "201", "--tensors", "*",
            "--payload", "delta", "--out", folder.File("moved"));
        using TicketPatch ofTicket = TicketPatch.Open(ticket), ofMoved = TicketPatch.Open(folder.File("moved"));
        Assert.That(ofMoved.Mask.Except(ofTicket.Mask).Count, Is.EqualTo(1), "one element that did not move fills up the number");
        Assert.That(moved.GetProperty("ticket_units").GetInt64(), Is.EqualTo(201));

        string second = folder.File("second");
        KsLotteryTool.Run(["find", Base, patched, .. random, "--without", ticket, "--out", ticket, "--force"])
            .AssertFailed(2, "this is an input");
        JsonElement other = Json(["find", Base, patched, .. random, "--without", ticket, "--out", second]);
        Assert.That(other.GetProperty("recipe").GetString(), Does.Contain($"|without:{found.GetProperty("mask_fingerprint").GetString()}"));
    }

    /// <summary>LoTTO's two ways to a second task, and a task on top of a language, each as a recipe would write it.</summary>
    [Test]
    public void Tickets_are_trained_side_by_side_on_the_rest_and_on_top_of_each_other()
    {
        using TemporaryFolder folder = new();
        string pairs = folder.File("pairs.tsv"), texts = folder.File("text.txt"), model = Path.GetDirectoryName(Base)!;
        File.WriteAllText(pairs, "hello\thej\nyes\tja\n");
        File.WriteAllText(texts, "Once upon a time there was a little dog.\nIt ran.\n");
        string[] scope = ["--unit", "elements", "--tensors", Layers], elements = [.. scope, "--score", "movement"],
            tune = ["tune", model, "--tokenizer", Tokenizer, "--train", "ticket", "--steps", "2"],
            learn = ["--data", pairs, "--template", "minimal"];
        Json(["find", model, Tuned, .. scope, "--score", "random", "--top", "300", "--out", folder.File("a")]);
        Json(["find", model, Tuned, .. elements, "--top", "200", "--without", folder.File("a"), "--out", folder.File("b")]);
        Json(["find", model, Tuned, .. elements, "--top", "100", "--without", folder.File("a"), "--without", folder.File("b"), "--out",
            folder.File("c")]);
        using TicketPatch a = TicketPatch.Open(folder.File("a")), b = TicketPatch.Open(folder.File("b")),
            c = TicketPatch.Open(folder.File("c"));
        Assert.That((a.Mask.Intersect(b.Mask).Count, a.Mask.Union(b.Mask).Intersect(c.Mask).Count), Is.EqualTo((0L, 0L)));

        JsonElement both = Json([.. tune, .. learn, "--ticket", folder.File("a"), "--ticket", folder.File("b"), "--optimizer", "rmsprop",
            "--beta2", "0.98", "--clip-per-tensor", "--l1-to-base", "0.5", "--warmup", "1", "--out", folder.File("both")]);
        Assert.That(both.GetProperty("units").GetInt64(), Is.EqualTo(500));
        using (JsonDocument run = JsonDocument.Parse(File.ReadAllBytes(folder.File("both/training.json"))))
            Assert.That(((string[])["optimizer", "alpha", "clip-per-tensor", "l1-to-base"])
                .Select(key => run.RootElement.GetProperty("settings").GetProperty(key).GetString()),
                Is.EqualTo(new[] { "rmsprop", "0.98", "true", "0.5" }));
        JsonElement rest = Json([.. tune, .. learn, "--ticket", folder.File("a"), "--complement", "--out", folder.File("rest")]),
            gates = Json([.. tune, .. learn, "--ticket", folder.File("a"), "--complement", "--tensors", "*.gate_proj.*", "--out",
                folder.File("gates")]);
        using (TicketPatch others = TicketPatch.Open(folder.File("rest")), some = TicketPatch.Open(folder.File("gates")))
        {
            Assert.That((others.Mask.Intersect(a.Mask).Count, others.Mask.Count), Is.EqualTo((0L, a.Mask.ElementCount - 300)));
            Assert.That(some.Mask.Tensors.Select(t => t.Name), Is.All.EndWith("gate_proj.weight").And.Exactly(5).Items);
            Assert.That(some.Mask.Intersect(a.Mask).Count, Is.Zero);
        }

        Json([.. tune, "--text", texts, "--max-length", "8", "--eval-share", "0.3", "--ticket", folder.File("a"), "--out",
            folder.File("language")]);
        Assert.That(KsLotteryTool.Run("apply", model, folder.File("language"), "--out", folder.File("spoken")).ExitCode, Is.Zero);
        Json(["find", folder.File("spoken"), Tuned, .. elements, "--top", "50", "--out", folder.File("task-ticket")]);
        JsonElement task = Json([.. tune, .. learn, "--ticket", folder.File("task-ticket"), "--with", folder.File("language"), "--out",
            folder.File("task")]);
        Assert.That(task.GetProperty("next").GetString(), Does.StartWith("kslottery merge ").And.Contain("--how add"));
        using (TicketPatch patch = TicketPatch.Open(folder.File("task")))
            Assert.That(patch.Tensors.Select(t => t.Payload), Is.All.EqualTo(TicketPayload.Delta));
        Assert.That(KsLotteryTool.Run("merge", model, folder.File("language"), folder.File("task"), "--how", "add", "--out",
            folder.File("merged")).ExitCode, Is.Zero);
    }

    [TestCase("--complement needs the --ticket", "--train", "ticket", "--complement")]
    [TestCase("--tensors names the tensors of a --complement", "--train", "ticket", "--ticket", "x", "--tensors", "*")]
    [TestCase("--beta1 and --weight-decay are AdamW's", "--train", "full", "--optimizer", "rmsprop", "--beta1", "0.9")]
    [TestCase("--train spiel trains --values K", "--train", "spiel")]
    [TestCase("--regrow-rate belong to --train spiel", "--train", "full", "--values", "3")]
    [TestCase("--with is for --train ticket", "--train", "full", "--with", "x")]
    [TestCase("--l1-to-base is not for --train lora", "--train", "lora", "--l1-to-base", "1")]
    [TestCase("--template: plain text has no pairs", "--train", "full", "--text", "x", "--template", "minimal")]
    [TestCase("Say what to learn from", "--train", "full")]
    public void A_training_that_contradicts_itself_is_refused(string message, params string[] arguments)
    {
        string[] data = arguments.Contains("--text") || message.StartsWith("Say what", StringComparison.Ordinal) ? [] : ["--data", "x"];
        ToolRun run = KsLotteryTool.Run(["tune", Base, .. data, .. arguments, "--out", "x"]);
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.Contain(message));
    }

    [Test]
    public void A_ticket_of_units_is_used_as_a_patch_is_and_refused_where_rows_by_their_test_are_needed()
    {
        using TemporaryFolder folder = new();
        string model = Path.GetDirectoryName(Base)!, ticket = folder.File("ticket"), patched = folder.File("patched"),
            pairs = folder.File("pairs.tsv"), file = Path.Combine(ticket, "ticket.json");
        File.WriteAllText(pairs, "hello\thej\nyes\tja\n");
        string[] data = ["--data", pairs, "--tokenizer", Tokenizer, "--template", "minimal"];
        Json("find", Base, Tuned, "--unit", "elements", "--score", "movement", "--share", "20%", "--out", ticket);
        Assert.That(KsLotteryTool.Run("apply", model, ticket, "--out", patched, "--quiet").ExitCode, Is.Zero);

        string[] score = ["eval", .. data, "--max-new-tokens", "4"], write = ["generate", "--prompt", "Once upon a time", "--tokenizer",
            Tokenizer, "--max-new-tokens", "8"];
        JsonElement[] scored = [.. ((string[][])[[model, "--patch", ticket], [patched], [model]]).Select(of => Json([.. score, .. of]))];
        string[] losses = [.. scored.Select(json => json.GetProperty("loss").GetRawText())];
        Assert.That(losses[0], Is.EqualTo(losses[1]).And.Not.EqualTo(losses[2]));
        string[] texts = [.. ((string[][])[[model, "--patch", ticket], [patched], [model]]).Select(of =>
            KsLotteryTool.Run([.. write, .. of, "--quiet"]).Output)];
        Assert.That(texts[0], Is.EqualTo(texts[1]).And.Not.EqualTo(texts[2]));

        string[] runs = [.. ((string[])[ticket, file, Path.Combine(ticket, "patch.safetensors")]).Select((path, i) =>
        {
            string run = folder.File($"run{i}");
            Json(["tune", model, "--train", "ticket", "--ticket", path, .. data, "--steps", "1", "--out", run]);
            return Convert.ToHexString(File.ReadAllBytes(Path.Combine(run, "patch.safetensors")));
        })];
        Assert.That(runs.Distinct().Count(), Is.EqualTo(1), "by its folder, its file or its patch");
        KsLotteryTool.Run(["tune", patched, "--train", "ticket", "--ticket", ticket, .. data, "--out", folder.File("no")])
            .AssertFailed(4, "this patch is applied already");
        KsLotteryTool.Run(["tune", model, "--train", "ticket", "--ticket", ticket, "--only", "3", .. data, "--out", folder.File("no")])
            .AssertFailed(1, "chooses rows", "a ticket of units");

        foreach (string path in (string[])[ticket, file])
            KsLotteryTool.Run(["certify", model, Tuned, "--ticket", path, .. data, "--out", folder.File("no")])
                .AssertFailed(2, "this is a ticket of units", "rows of the input embedding", "run kslottery find on these");
        KsLotteryTool.Run("experiment", ticket, "--out", folder.File("no")).AssertFailed(2, "there is no experiment.json in this folder");
        File.WriteAllText(folder.File("plan.json"), $$"""
            { "base": "ticket", "tokenizer": "{{Tokenizer}}", "template": "minimal",
              "tasks": [{ "name": "T", "train": "pairs.tsv", "test": "pairs.tsv" }] }
            """);
        KsLotteryTool.Run("experiment", folder.File("plan.json"), "--out", folder.File("no"))
            .AssertFailed(2, "this is a patch of kslottery, no model", "kslottery apply BASE");
        Assert.That(Directory.Exists(folder.File("no")), Is.False);
    }

    [Test]
    public void Rows_by_frequency_are_those_that_a_text_holds_most()
    {
        using TemporaryFolder folder = new();
        string text = folder.File("text.txt");
        File.WriteAllText(text, "aaaa b\n");
        string[] find = ["find", Base, Tuned, "--score", "frequency", "--tokenizer", Tokenizer];
        JsonElement found = Json([.. find, "--text", text, "--top", "500"]);
        Assert.That(found.GetProperty("ticket_units").GetInt64(), Is.InRange(2, 8).And.EqualTo(found.GetProperty("ids").GetArrayLength()));
        Assert.That(KsLotteryTool.Run([.. find, "--top", "5"]).ExitCode, Is.EqualTo(1));
    }

    /// <summary>The rows that moved farthest, by Python's sums of squares over the same files.</summary>
    [Test]
    public void Rows_by_their_shift_are_named()
    {
        ToolRun run = KsLotteryTool.Run("find", Base, Tuned, "--score", "shift", "--top", "3", "--tokenizer", Tokenizer);
        Assert.That(run.Lines, Has.Some.Match("^rows +169 <0xA6>, 412 a, 459 E$"));
    }

    [TestCase(2, "smallest p-value", "--unit", "elements")]
    [TestCase(2, "no p-values", "--unit", "elements", "--score", "movement")]
    [TestCase(1, "Write 10% or 0.1", "--share", "10")]
    [TestCase(1, "--top and --pattern exclude each other", "--top", "3", "--pattern", "2:4")]
    [TestCase(1, "--per-tensor is about a share", "--per-tensor")]
    [TestCase(1, "'row' is none of", "--unit", "row")]
    [TestCase(1, "no pattern N:M", "--pattern", "5:4")]
    [TestCase(1, "begins by taking", "--tensors", "!*norm*")]
    [TestCase(2, "no tensor fits the pattern *.bias", "--tensors", "*.bias", "--top", "3")]
    [TestCase(1, "--tensor and --tensors exclude each other", "--tensor", "a", "--tensors", "b")]
    [TestCase(1, "belongs to a ticket", "--all-tensors", "--unit", "elements")]
    [TestCase(1, "only --score ks has p-values", "--score", "movement", "--top", "1", "--alpha", "0.1")]
    [TestCase(1, "--seed decides --score random", "--score", "movement", "--top", "1", "--seed", "2")]
    [TestCase(1, "leave --unit out", "--part", "1/2", "--out", "x", "--unit", "elements")]
    [TestCase(1, "--payload asks another thing", "--payload", "delta", "--tensor", "model.norm.weight")]
    [TestCase(1, "--merge", "--merge", "x", "--unit", "elements")]
    public void What_contradicts_itself_is_refused(int exitCode, string message, params string[] arguments)
    {
        ToolRun run = KsLotteryTool.Run(["find", Base, Tuned, .. arguments]);
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((exitCode, "")));
        Assert.That(run.Error, Does.Contain(message));
    }

    private static JsonElement Json(params string[] arguments)
    {
        ToolRun run = KsLotteryTool.Run([.. arguments, "--json"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        using JsonDocument document = JsonDocument.Parse(run.Output);
        return document.RootElement.Clone();
    }

    [Test]
    public void The_map_takes_the_tensors_that_were_chosen() =>
        Assert.That(Json("find", Base, Tuned, "--all-tensors", "--tensors", "*embed*").GetProperty("tensors").GetArrayLength(),
            Is.EqualTo(1));
}
