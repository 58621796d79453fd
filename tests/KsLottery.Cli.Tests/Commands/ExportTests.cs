using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

public sealed class ExportTests
{
    [TestCase("--tied", true), TestCase("--untied", false), TestCase(null, true)]
    public void The_adapter_reads_back_and_has_the_form_that_was_asked_for(string? form, bool isTied)
    {
        using TemporaryFolder folder = new();
        (_, _, string patch) = ApplyTests.MakePatch(folder);
        string[] forms = form is null ? [] : [form];
        ToolRun run =
            KsLotteryTool.Run(["export", patch, "--to", "peft", "--base-model", "someone/a model", "--out", folder.File("adapter"),
                .. forms]);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines, Has.Some.Match($"^tied +{(isTied ? "yes" : "no")}").And.Some.Match("^rows +4 of 64 values, as F32$")
            .And.Some.Match("^base model +someone/a model$"));

        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder.File("adapter"), "adapter_model.safetensors"));
        Assert.That(file.Tensors, Has.Count.EqualTo(isTied ? 2 : 1));
        PeftRows rows = PeftAdapter.Read(folder.File("adapter"));
        Assert.That((rows.IsTied, rows.Width), Is.EqualTo((isTied, 64)));
        using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder.File("adapter"), "adapter_config.json")));
        Assert.That(config.RootElement.GetProperty("base_model_name_or_path").GetString(), Is.EqualTo("someone/a model"));
        Assert.That(config.RootElement.GetProperty("token_indices").EnumerateArray().Select(i => i.GetInt32()), Is.EqualTo(rows.Indices));
    }

    [Test]
    public void Without_a_base_model_the_tool_says_what_stands_in_its_place()
    {
        using TemporaryFolder folder = new();
        (_, _, string patch) = ApplyTests.MakePatch(folder);
        ToolRun run = KsLotteryTool.Run("export", patch, "--to", "peft", "--out", folder.File("adapter"), "--json");
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Error, Does.Contain("--base-model"));
        using JsonDocument json = JsonDocument.Parse(run.Output);
        Assert.That(json.RootElement.GetProperty("tied").GetBoolean(), Is.True);
        Assert.That(json.RootElement.GetProperty("rows").GetInt32(), Is.EqualTo(4));
    }

    [Test]
    public void A_patch_that_does_not_know_whether_its_base_is_tied_asks_for_it()
    {
        using TemporaryFolder folder = new();
        (_, _, string patch) = ApplyTests.MakePatch(folder, isTied: null);
        KsLotteryTool.Run("export", patch, "--to", "peft", "--out", folder.File("adapter")).AssertFailed(1, "--tied", "--untied");
        Assert.That(Directory.Exists(folder.File("adapter")), Is.False);
        Assert.That(KsLotteryTool.Run("export", patch, "--to", "peft", "--out", folder.File("adapter"), "--untied", "-q").ExitCode,
            Is.Zero);
    }

    [TestCase("--to", "gguf"), TestCase("--tied", "--untied")]
    public void Arguments_that_make_no_sense_are_errors_of_usage(params string[] extra)
    {
        using TemporaryFolder folder = new();
        (_, _, string patch) = ApplyTests.MakePatch(folder);
        string[] form = extra[0] == "--to" ? [] : ["--to", "peft"];
        ToolRun run = KsLotteryTool.Run(["export", patch, "--out", folder.File("adapter"), .. form, .. extra]);
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.Contain(extra[1]));
        Assert.That(Directory.Exists(folder.File("adapter")), Is.False);
    }

    [Test]
    public void A_file_that_is_no_patch_is_exit_code_2_and_nothing_is_written()
    {
        using TemporaryFolder folder = new();
        string model = SharedData.Path("models", "hf", "stories260K_hf", "model.safetensors");
        KsLotteryTool.Run("export", model, "--to", "peft", "--out", folder.File("adapter")).AssertFailed(2, "model.safetensors", "format");
        Assert.That(Directory.GetFileSystemEntries(folder.Path), Is.Empty);
    }
}
