using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

public sealed class ConvertTests
{
    private static string Model => SharedData.Path("models", "stories260K", "stories260K_v0.bin");

    private static string Reference => SharedData.Path("models", "hf", "stories260K_hf");

    [Test]
    public void A_model_becomes_a_folder_that_the_other_commands_read()
    {
        using TemporaryFolder folder = new();
        string tokenizer = SharedData.Path("tokenizers", "tok512", "tok512.model");
        ToolRun run = KsLotteryTool.Run("convert", Model, "--out", folder.File("out"), "--tokenizer", tokenizer);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines, Has.Some.Match(@"^form +llama2.c version 0 \(legacy\)$").And.Some
            .Match("^heads +8 of width 8, 4 for keys and values$")
            .And.Some.Match("^tied +yes$").And.Some.Match("^weights +260,032 in 47 tensors, as F32$")
            .And.Some.Match("^written +config.json, model.safetensors, tokenizer.model$"));
        foreach (string file in (string[])["config.json", "model.safetensors"])
            Assert.That(File.ReadAllBytes(Path.Combine(folder.File("out"), file)).AsSpan()
                .SequenceEqual(File.ReadAllBytes(Path.Combine(Reference, file))), file);
        Assert.That(KsLotteryTool.Run("find", folder.File("out"), Reference, "--quiet").ExitCode, Is.Zero);
    }

    [Test]
    public void Json_says_what_was_read_and_written()
    {
        using TemporaryFolder folder = new();
        JsonElement json = KsLotteryTool.Run("convert", Model, "-o", folder.File("out"), "--dtype", "bf16", "--no-mmap", "--json").Json();
        Assert.That((json.GetProperty("version").GetInt32(), json.GetProperty("width").GetInt32(), json.GetProperty("tensors").GetInt32()),
            Is.EqualTo((0, 64, 47)));
        Assert.That((json.GetProperty("dtype").GetString(), json.GetProperty("tied").GetBoolean()), Is.EqualTo(("BF16", true)));
        Assert.That(json.GetProperty("inexact_values").GetInt64(), Is.GreaterThan(0));
        Assert.That(json.GetProperty("files").EnumerateArray().Select(f => f.GetString()),
            Is.EqualTo(new[] { "config.json", "model.safetensors" }));
        using Checkpoint written = Checkpoint.Open(folder.File("out"));
        Assert.That(File.ReadAllBytes(written.Shards[0].Path),
            Is.EqualTo(File.ReadAllBytes(Path.Combine(Reference, "model.bf16.safetensors"))));
    }

    [Test]
    public void Bad_input_is_one_clear_line_and_exit_code_2()
    {
        using TemporaryFolder folder = new();
        string output = folder.File("out"), cut = folder.File("cut.bin"), quantised = folder.File("q80.bin");
        File.WriteAllBytes(cut, File.ReadAllBytes(Model)[..^4]);
        File.WriteAllBytes(quantised, [.. "24ka"u8, 2, 0, 0, 0, .. new byte[248]]);
        KsLotteryTool.Run("convert", "absent.bin", "--out", output).AssertFailed(2, "absent.bin");
        KsLotteryTool.Run("convert", cut, "--out", output).AssertFailed(2, "1056540", "1056536", "cut short");
        KsLotteryTool.Run("convert", quantised, "--out", output).AssertFailed(2, "version 2", "Q8_0");
        KsLotteryTool.Run("convert", Path.Combine(Reference, "config.json"), "--out", output).AssertFailed(2, "ak42");
        KsLotteryTool.Run("convert", Model, "--out", folder.Path).AssertFailed(2, "not empty");
        KsLotteryTool.Run("convert", Model, "--out", output, "--tokenizer", SharedData.Path("tokenizers", "tok4096", "tokenizer4096.bin"))
            .AssertFailed(2, "4096", "512");
        Assert.That(Directory.GetFileSystemEntries(folder.Path), Is.EquivalentTo(new[] { cut, quantised }));
    }

    [TestCase("--dtype", "f64", "f64")]
    [TestCase("--dtype", "bf16", "--out")]
    public void Wrong_arguments_are_errors_of_usage(string option, string value, string word)
    {
        ToolRun run = KsLotteryTool.Run("convert", "model.bin", option, value);
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.Contain(word));
    }
}
