using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

public sealed class TuneTests : IDisposable
{
    private const string Embedding = "model.embed_tokens.weight";

    private readonly TrainingFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Test]
    public void A_training_that_ends_far_above_its_start_is_no_success_unless_that_is_allowed()
    {
        string[] hot = ["--steps", "12", "--learning-rate", "10", "--quiet"];
        ToolRun run = KsLotteryTool.Run([.. _fixture.Tune("hot", "full", hot), "--json"]);
        Assert.That(run.ExitCode, Is.EqualTo(4), run.Error);
        Assert.That(run.Error, Does.StartWith("kslottery: error: the training diverged: its loss began at ").And
            .Contain(_fixture.File("hot")).And.Contain("--allow-divergence"));
        using (JsonDocument json = JsonDocument.Parse(run.Output))
        {
            Assert.That(json.RootElement.GetProperty("diverged").GetBoolean(), Is.True);
            Assert.That(json.RootElement.GetProperty("next").ValueKind, Is.EqualTo(JsonValueKind.Null));
        }
        Assert.That(File.Exists(Path.Combine(_fixture.File("hot"), "model.safetensors")), Is.True, "the result is kept");
        JsonElement allowed = KsLotteryTool.Run([.. _fixture.Tune("allowed", "full", hot), "--json", "--allow-divergence"]).Json();
        Assert.That(allowed.GetProperty("diverged").GetBoolean(), Is.True);

        ToolRun infinite =
            KsLotteryTool.Run([.. _fixture.Tune("infinite", "full", "--steps", "12", "--learning-rate", "1e38", "--clip", "0", "--warmup",
                "0", "--quiet", "--json")]);
        infinite.AssertFailed(4, "The training diverged", Path.Combine(_fixture.File("infinite"), "state.safetensors"));
    }

    [Test]
    public void A_last_update_that_spoils_the_values_or_the_held_out_loss_is_no_success()
    {
        ToolRun infinite =
            KsLotteryTool.Run([.. _fixture.Tune("spoiled", "embedding", "--steps", "1", "--learning-rate", "1e39", "--warmup", "0",
                "--quiet", "--json")]);
        Assert.That((infinite.ExitCode, infinite.Error.Contains("trained values are infinite or NaN", StringComparison.Ordinal)),
            Is.EqualTo((4, true)), infinite.Error);
        ToolRun high = KsLotteryTool.Run([.. _fixture.Tune("high", "full", "--steps", "1", "--learning-rate", "1e3", "--warmup", "0",
            "--eval-share", "0.1", "--quiet", "--json")]);
        Assert.That(high.ExitCode, Is.EqualTo(4), high.Error);
        Assert.That(high.Error, Does.Contain("the training diverged").And.Contain("held out").And.Not.Contain("NaN").And
            .Contain("--allow-divergence"));
        using JsonDocument json = JsonDocument.Parse(high.Output);
        Assert.That(json.RootElement.GetProperty("diverged").GetBoolean(), Is.True);
    }

    [Test]
    public void From_an_embedding_over_its_ticket_to_a_patch_nothing_else_changes()
    {
        JsonElement tuned = _fixture.RunTune("embedding", "embedding", "--steps", "30", "--learning-rate", "3e-2", "--eval-share", "0.1");
        Assert.That(tuned.GetProperty("eval_loss_after").GetDouble(), Is.LessThan(tuned.GetProperty("eval_loss_before").GetDouble() - 0.2),
            "it learns");
        using Checkpoint baseModel = Checkpoint.Open(_fixture.Base), after = Checkpoint.Open(_fixture.File("embedding"));
        Assert.That((double)tuned.GetProperty("peak_bytes").GetInt64() / tuned.GetProperty("estimated_bytes").GetInt64(),
            Is.InRange(0.5, 1.1));
        Assert.That(tuned.GetProperty("trained_parameters").GetInt64(), Is.EqualTo(baseModel.GetTensor(Embedding).ElementCount));
        Assert.That(after.Tensors.Select(t => t.Name), Is.EqualTo(baseModel.Tensors.Select(t => t.Name)));
        foreach (Tensor tensor in baseModel.Tensors)
            Assert.That(Bytes(after.GetTensor(tensor.Name)).SequenceEqual(Bytes(tensor)), Is.EqualTo(tensor.Name != Embedding),
                tensor.Name);

        Assert.That(KsLotteryTool.Run("find", _fixture.Base, _fixture.File("embedding"), "--out", _fixture.File("ticket")).ExitCode,
            Is.Zero);
        string file = Path.Combine(_fixture.File("ticket"), TicketFile.FileName);
        Ticket ticket = TicketFile.Read(file);
        Assert.That(ticket.Entries, Has.Count.Matches(Is.GreaterThan(3)), "the embedding moved enough to find rows");

        JsonElement partial = _fixture.RunTune("partial", "ticket", "--ticket", _fixture.File("ticket"), "--only", "3", "--steps", "12");
        int[] best = [.. ticket.Entries.Take(3).Select(e => e.Id).Order()];
        Assert.That(partial.GetProperty("trained_parameters").GetInt64(), Is.EqualTo(3 * 32));
        Assert.That(partial.GetProperty("last_loss").GetDouble(), Is.LessThan(partial.GetProperty("first_loss").GetDouble()));
        Assert.That(File.ReadAllBytes(Path.Combine(_fixture.File("partial"), TicketFile.FileName)), Is.EqualTo(File.ReadAllBytes(file)));
        string patchFile = Path.Combine(_fixture.File("partial"), TicketPatch.FileName);
        Assert.That(KsLotteryTool.Run("apply", _fixture.Base, _fixture.File("partial"), "--out", _fixture.File("patched")).ExitCode,
            Is.Zero);
        using Checkpoint patched = Checkpoint.Open(_fixture.File("patched"));
        using TicketPatch patch = TicketPatch.Open(patchFile);
        Assert.That(patch.Rows!.Indices, Is.EqualTo(best));
        Assert.That(patch.Rows.TunedFingerprint, Is.EqualTo(Fingerprint.OfTensor(patched.GetTensor(Embedding))),
            "streamed, without the tuned tensor");
        foreach (Tensor tensor in baseModel.Tensors.Where(t => t.Name != Embedding))
            Assert.That(Bytes(patched.GetTensor(tensor.Name)), Is.EqualTo(Bytes(tensor)), tensor.Name);
        for (int row = 0; row < baseModel.GetTensor(Embedding).Shape[0]; row++)
            Assert.That(patched.GetTensor(Embedding).GetRow<float>(row).SequenceEqual(baseModel.GetTensor(Embedding).GetRow<float>(row)),
                Is.EqualTo(!best.Contains(row)), $"row {row}");
    }

    [Test]
    public void Full_tuning_changes_every_tensor()
    {
        JsonElement tuned = _fixture.RunTune("full", "full", "--steps", "4", "--learning-rate", "1e-3", "--warmup", "0");
        Assert.That(tuned.GetProperty("frozen_fingerprint").ValueKind, Is.EqualTo(JsonValueKind.Null));
        using Checkpoint baseModel = Checkpoint.Open(_fixture.Base), after = Checkpoint.Open(_fixture.File("full"));
        Assert.That(baseModel.Tensors.Where(t => Bytes(after.GetTensor(t.Name)).SequenceEqual(Bytes(t))).Select(t => t.Name), Is.Empty);
    }

    [Test]
    public void Random_rows_and_frequent_ones_can_take_the_place_of_a_ticket()
    {
        JsonElement random = _fixture.RunTune("random", "ticket", "--only", "random", "--rows", "5", "--steps", "1");
        JsonElement frequent = _fixture.RunTune("frequent", "ticket", "--only", "frequency", "--rows", "5", "--steps", "1");
        Assert.That((random.GetProperty("signature").GetString(), frequent.GetProperty("signature").GetString()),
            Is.EqualTo(("rows:random|k:5|seed:42", "rows:frequency|k:5")));
        File.WriteAllLines(_fixture.File("rows.txt"), ["# the first ones", "261 7", "9,8"]);
        Assert.That(_fixture.RunTune("list", "ticket", "--ticket", _fixture.File("rows.txt"), "--steps", "1").GetProperty("rows")
            .GetInt32(), Is.EqualTo(4));
        using TicketPatch list = TicketPatch.Open(Path.Combine(_fixture.File("list"), TicketPatch.FileName));
        Assert.That(list.Rows!.Indices, Is.EqualTo(new[] { 7, 8, 9, 261 }));
    }

    [Test]
    public void A_tokenizer_from_elsewhere_goes_along_and_the_paper_s_presets_hold()
    {
        string baseModel = SharedData.Path("models", "hf", "stories260K_hf"), data = _fixture.Pairs;
        KsLotteryTool.Run("tune", baseModel, "--data", data, "--train", "full", "--out", _fixture.File("none"))
            .AssertFailed(2, "--tokenizer");
        JsonElement embed = KsLotteryTool.Run("tune", baseModel, "--data", data, "--tokenizer",
            SharedData.Path("models", "stories260K", "tok512.bin"),
            "--preset", "paper-embed", "--source-language", "English", "--target-language", "Danish", "--limit", "6", "--steps", "1",
            "--out", _fixture.File("alpaca"), "--json", "--quiet").Json();
        Assert.That(embed.GetProperty("scope").GetString(), Is.EqualTo("embedding"));
        Assert.That(embed.GetProperty("idle_steps").GetInt64(), Is.EqualTo(1), "its only step is the first of a warmup");
        using JsonDocument training = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_fixture.File("alpaca"), "training.json")));
        JsonElement settings = training.RootElement.GetProperty("settings");
        Assert.That((settings.GetProperty("batch").GetString(), settings.GetProperty("learning-rate").GetString(),
            settings.GetProperty("warmup").GetString()),
            Is.EqualTo(("128", "2E-05", "0.03")));
        Assert.That(settings.GetProperty("template").GetString(), Does.StartWith("Below is an instruction").And.EndsWith("### Response:"));
        // The result is a base with its own tokenizer.
        JsonElement partial = KsLotteryTool.Run("tune", _fixture.File("alpaca"), "--data", data, "--preset", "paper-partial", "--only",
            "frequency", "--rows", "4",
            "--template", "plain", "--source-language", "English", "--target-language", "Danish", "--limit", "6", "--out",
                _fixture.File("plain"), "--json", "--quiet").Json();
        Assert.That((partial.GetProperty("steps").GetInt32(), partial.GetProperty("trained_parameters").GetInt32()),
            Is.EqualTo((5, 4 * 64)));
        ToolRun told = KsLotteryTool.Run("tune", baseModel, "--data", data, "--tokenizer",
            SharedData.Path("models", "stories260K", "tok512.bin"), "--train", "embedding", "--template", "plain", "--source-language",
            "English", "--target-language", "Danish", "--limit", "6", "--steps", "3", "--out", _fixture.File("warmed"), "--quiet");
        Assert.That(told.Lines, Has.Some.Match("^steps +3, of which the first of the warmup has the rate 0 and changes nothing$"),
            told.Error);
    }

    [Test]
    public void The_bytes_do_not_depend_on_the_number_of_threads()
    {
        _fixture.RunTune("one", "ticket", "--only", "random", "--rows", "9", "--steps", "3", "--threads", "1");
        _fixture.RunTune("three", "ticket", "--only", "random", "--rows", "9", "--steps", "3", "--threads", "3");
        Assert.That(Patch("three"), Is.EqualTo(Patch("one")));
        Assert.That(_fixture.Metrics("three"), Is.EqualTo(_fixture.Metrics("one")));
    }

    [Test]
    public void A_teacher_and_weights_of_tokens_join_the_loss_and_it_is_said_what_was_spent()
    {
        JsonElement teacher = _fixture.RunTune("teacher", "full", "--steps", "4", "--learning-rate", "1e-2");
        File.WriteAllText(_fixture.File("weights.tsv"), "3\t5\n");
        string[] how = ["--steps", "3", "--teacher", _fixture.File("teacher"), "--distill", "0.67", "--temperature", "2", "--cross-entropy",
            "0.33", "--token-weights", _fixture.File("weights.tsv"), "--l2-to-base", "0.5"];
        ToolRun run = KsLotteryTool.Run(_fixture.Tune("student", "full", how));
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Lines, Has.Some.Match(@"^loss +0\.33 cross-entropy by token weights \+ 0\.67 KL to .*teacher at T 2$")
            .And.Some.Match(@"^schedule .*, L2 to the base 0\.5$").And.Some.Match(@"^spent +[\d.e+]+ FLOPs over [\d,]+ tokens$"));
        JsonElement plain = _fixture.RunTune("untaught", "full", "--steps", "3");
        Assert.That(plain.GetProperty("flops").GetDouble(), Is.GreaterThan(1e6));
        Assert.That(plain.GetProperty("trained_tokens").GetDouble() * 4 / 3, Is
            .EqualTo(teacher.GetProperty("trained_tokens").GetDouble()).Within(20).Percent);
        Assert.That(_fixture.Metrics("student"), Is.Not.EqualTo(_fixture.Metrics("untaught")));
        KsLotteryTool.Run(_fixture.Tune("other", "full", "--steps", "1", "--token-weights", _fixture.Pairs)).AssertFailed(2, "line 1",
            "is no weight");
    }

    [Test]
    public void Data_that_are_damaged_are_refused_by_file_and_line()
    {
        string file = _fixture.File("damaged.tsv");
        File.WriteAllText(file, "one\ten\ntwo\n");
        KsLotteryTool.Run("tune", _fixture.Base, "--data", file, "--template", "minimal", "--train", "embedding", "--out",
            _fixture.File("none"))
            .AssertFailed(2, $"{file}: line 2", "columns");
        File.WriteAllText(file, "one\ten\n" + new string('x', 200) + "\ten\n");
        KsLotteryTool.Run("tune", _fixture.Base, "--data", file, "--template", "minimal", "--train", "embedding", "--out",
            _fixture.File("none"))
            .AssertFailed(2, $"{file}: line 2", "tokens");
        File.WriteAllText(file, "3\nseven\n");
        KsLotteryTool.Run(_fixture.Tune("none", "ticket", "--ticket", file)).AssertFailed(2, $"{file}: line 2", "seven");
        Assert.That(Directory.Exists(_fixture.File("none")), Is.False);
    }

    [Test]
    public void A_ticket_of_another_base_is_refused_with_exit_code_4()
    {
        _fixture.RunTune("other", "embedding", "--steps", "2", "--learning-rate", "1", "--warmup", "0");
        Assert.That(KsLotteryTool.Run("find", _fixture.File("other"), _fixture.Base, "--top", "3", "--out",
            _fixture.File("foreign")).ExitCode, Is.Zero);
        KsLotteryTool.Run(_fixture.Tune("none", "ticket", "--ticket", Path.Combine(_fixture.File("foreign"), TicketFile.FileName)))
            .AssertFailed(4, "sha256-tree:", Embedding);
    }

    [TestCase("Say what learns")]
    [TestCase("needs the rows", "--train", "ticket")]
    [TestCase("belong to --train ticket", "--train", "full", "--ticket", "x")]
    [TestCase("exclude each other", "--train", "full", "--epochs", "1", "--steps", "2")]
    [TestCase("--only is best", "--train", "ticket", "--ticket", "x", "--only", "best")]
    [TestCase("needs --rows", "--train", "ticket", "--only", "random")]
    [TestCase("--batch is 0", "--train", "full", "--batch", "0")]
    [TestCase("name it with --teacher", "--train", "full", "--distill", "0.5")]
    [TestCase("nothing of the loss", "--train", "full", "--cross-entropy", "0")]
    [TestCase("--l2-to-base is not for --train lora", "--train", "lora", "--l2-to-base", "1")]
    [TestCase("--temperature is 0", "--train", "full", "--teacher", "x", "--temperature", "0")]
    public void Arguments_that_do_not_fit_are_errors_of_usage(string message, params string[] arguments)
    {
        ToolRun run = KsLotteryTool.Run(["tune", "base", "--data", "pairs", "--out", "out", .. arguments]);
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")), run.Error);
        Assert.That(run.Error, Does.Contain(message));
    }

    private byte[] Patch(string output) => File.ReadAllBytes(Path.Combine(_fixture.File(output), TicketPatch.FileName));

    private static byte[] Bytes(Tensor tensor)
    {
        using MemoryStream stream = new();
        tensor.CopyTo(stream);
        return stream.ToArray();
    }
}
