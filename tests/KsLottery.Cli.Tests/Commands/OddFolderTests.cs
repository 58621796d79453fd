using System.Text.Json;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

/// <summary>Folders as people have them, through every command that opens one.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class OddFolderTests : IDisposable
{
    private const int BadInput = 2;

    private readonly TemporaryFolder _folder = new();

    public OddFolderTests()
    {
        new TinyLlama().Write(Base);
        File.WriteAllText(Pairs, "the cat\tkatten\nan onion\tet loeg\n");
    }

    private string Base => _folder.File("base");

    private string Pairs => _folder.File("pairs.tsv");

    public void Dispose() => _folder.Dispose();

    [Test]
    public void A_silent_config_has_one_answer_in_every_command()
    {
        TinyLlama llama = new();
        llama.Config.Remove("tie_word_embeddings");
        string silent = llama.Write(_folder.File("silent")), tuned = _folder.File("tuned"), ticket = _folder.File("ticket");
        AssertRemark(Run("inspect", silent, "--json"), "taken as tied", json => Assert.That(json.GetProperty("tied").GetBoolean()));
        AssertRemark(Generate(silent), "taken as tied", null);
        AssertRemark(Evaluate(silent), "taken as tied", null);
        AssertRemark(Tune(silent, tuned, "embedding"), "taken as tied", null);
        AssertRemark(Run("find", silent, tuned, "--alpha", "0.9999", "--out", ticket, "--json"), "taken as tied",
            json => Assert.That(json.GetProperty("tied").GetBoolean()));
        string patch = Path.Combine(ticket, "patch.safetensors");
        AssertRemark(Run("apply", silent, patch, "--out", _folder.File("applied"), "--json"), "taken as tied",
            json => Assert.That(json.GetProperty("tied").GetBoolean()));
        Assert.That(Run("export", patch, "--to", "peft", "--out", _folder.File("peft"), "--json", "--quiet").Json().GetProperty("tied")
            .GetBoolean());
        AssertRemark(Run("certify", silent, tuned, "--ticket", Path.Combine(ticket, "ticket.json"), "--data", Pairs, "--template",
            "minimal",
            "--out", _folder.File("certificate"), "--json"), "taken as tied", null);
    }

    [Test]
    public void A_wrapped_model_is_the_same_in_every_command()
    {
        string wrapped = new TinyLlama().Prefixed("module._orig_mod.").Write(_folder.File("wrapped")), tuned = _folder.File("tuned");
        string changed = new TinyLlama().Tuned(5, 70).Write(_folder.File("changed"));
        Assert.That(Generate(wrapped).Output, Is.EqualTo(Generate(Base).Output));
        JsonElement found = Run("find", wrapped, changed, "--out", _folder.File("ticket"), "--json", "--quiet").Json();
        Assert.That(found.GetProperty("rows").GetInt32(), Is.EqualTo(TinyLlama.Vocabulary));
        string patch = Path.Combine(_folder.File("ticket"), "patch.safetensors");
        Assert.That(Evaluate(wrapped, "--patch", patch, "--quiet").Json().GetProperty("loss").GetDouble(),
            Is.EqualTo(Evaluate(changed, "--quiet").Json().GetProperty("loss").GetDouble()));
        foreach (string baseModel in (string[])[wrapped, Base])
        {
            string applied = Path.Combine(_folder.File("applied"), Path.GetFileName(baseModel)),
                reverted = Path.Combine(_folder.File("reverted"), Path.GetFileName(baseModel));
            Directory.CreateDirectory(_folder.File("applied"));
            Directory.CreateDirectory(_folder.File("reverted"));
            Assert.That(Run("apply", baseModel, patch, "--out", applied, "--quiet").ExitCode, Is.Zero);
            Assert.That(Run("revert", applied, patch, "--out", reverted, "--quiet").ExitCode, Is.Zero);
            Assert.That(File.ReadAllBytes(Path.Combine(reverted, "model.safetensors")),
                Is.EqualTo(File.ReadAllBytes(Path.Combine(baseModel, "model.safetensors"))));
        }
        Assert.That(Tune(wrapped, tuned, "embedding").ExitCode, Is.Zero);
        Assert.That(Names(tuned), Is.EqualTo(Names(wrapped)), "the names of its base");
        Tune(Base, tuned + "-plain", "embedding");
        Assert.That(Generate(tuned).Output, Is.EqualTo(Generate(tuned + "-plain").Output));
        Assert.That(Run("export", patch, "--to", "peft", "--out", _folder.File("peft"), "--quiet").ExitCode, Is.Zero);
        JsonElement adapter = Run("inspect", Path.Combine(_folder.File("peft"), "adapter_model.safetensors"), "--json", "--quiet").Json();
        Assert.That(adapter.GetProperty("tensors").EnumerateArray().Select(t => t.GetProperty("name").GetString()),
            Has.Member("base_model.model.model.embed_tokens.trainable_tokens_delta"));
    }

    [Test]
    public void Weights_that_are_no_numbers_are_bad_input_wherever_a_model_runs()
    {
        TinyLlama llama = new TinyLlama().Tuned(5);
        llama.Tensors[TinyLlama.Embedding].Values[10 * TinyLlama.Width] = float.NaN;
        llama.Tensors[TinyLlama.Embedding].Values[12 * TinyLlama.Width] = float.NegativeInfinity;
        string bad = llama.Write(_folder.File("bad")), ticket = _folder.File("ticket");
        Assert.That(Run("find", Base, bad, "--out", ticket).ExitCode, Is.Zero);
        foreach (ToolRun run in (ToolRun[])[Generate(bad), Evaluate(bad), Evaluate(bad, "--no-generate"),
            Tune(bad, _folder.File("tuned"), "embedding"),
            Run("certify", Base, bad, "--ticket", Path.Combine(ticket, "ticket.json"), "--data", Pairs, "--template", "minimal", "--out",
                _folder.File("c"))])
            run.AssertFailed(BadInput, "error");
        Generate(bad).AssertFailed(BadInput, "model.safetensors", TinyLlama.Embedding, "row 10, column 0 is NaN or infinite");
    }

    [Test]
    public void An_unfinished_training_says_how_to_go_on()
    {
        string run = Directory.CreateDirectory(_folder.File("run")).FullName;
        File.WriteAllText(Path.Combine(run, "training.json"),
            """{"format":"kslottery-training","format_version":1,"finished":false,"settings":{}}""");
        File.Copy(Path.Combine(Base, "model.safetensors"), Path.Combine(run, "state.safetensors"));
        foreach (ToolRun tried in (ToolRun[])[Generate(run), Evaluate(run), Run("find", Base, run),
            Run("inspect", run, "--norms"), Tune(run, _folder.File("tuned"), "full")])
            tried.AssertFailed(BadInput, "a training that is not finished", "kslottery tune", "--resume");
        Assert.That(Run("inspect", run).Lines, Has.Some.Match("^finished +no: kslottery tune … --resume"));
    }

    [Test]
    public void Odd_folders_are_read_with_a_remark_or_refused_by_their_cause()
    {
        string[] names = [.. new TinyLlama().Tensors.Keys];
        string old = new TinyLlama().Tuned(5)
            .WriteShards(_folder.File("old"), ("model-1.safetensors", names[..4]), ("model-2.safetensors", names[4..]));
        new TinyLlama().Write(old);
        string overlay = new TinyLlama().WriteShards(_folder.File("overlay"), ("model-1.safetensors", names),
            ("model-2.safetensors", names[..1]));
        string pointer = new TinyLlama().Write(_folder.File("pointer"));
        File.WriteAllText(Path.Combine(pointer, "model.safetensors"),
            $"version https://git-lfs.github.com/spec/v1\noid sha256:{new string('0', 64)}\nsize 12345\n");
        TinyLlama zero3 = new(), twice = new();
        zero3.Tensors[TinyLlama.Embedding] = ([0], []);
        twice.Tensors.Add("ema.embed_tokens.weight", twice.Tensors[TinyLlama.Embedding]);
        string empty = zero3.Write(_folder.File("empty")), both = twice.Write(_folder.File("both"));
        foreach (Func<string, ToolRun> command in (Func<string, ToolRun>[])[Generate, f => Evaluate(f), f => Run("find", Base, f),
            f => Run("inspect", f)])
        {
            AssertRemark(command(old), "as Transformers reads it, and not the 2 shards", null);
            AssertRemark(command(overlay), "model-1.safetensors holds a copy of \"model.embed_tokens.weight\" that is not read", null);
            command(pointer).AssertFailed(BadInput, "a Git LFS pointer", "git lfs pull");
        }
        foreach (ToolRun run in (ToolRun[])[Generate(empty), Evaluate(empty), Run("find", Base, empty), Run("find", empty, Base)])
            run.AssertFailed(BadInput, "ZeRO-3", "model.safetensors", TinyLlama.Embedding);
        AssertRemark(Run("find", Base, both), "\"ema.embed_tokens.weight\" might be meant as well. Name the one that is with --tensor",
            null);
        Run("find", Base, both, "--tensor", "ema.embed_tokens.weight").AssertFailed(BadInput, "no tensor \"ema.embed_tokens.weight\"");
    }

    private static ToolRun Run(params string[] arguments) => KsLotteryTool.Run(arguments);

    private static ToolRun Generate(string model) => Run("generate", model, "--prompt", "the cat", "--max-new-tokens", "4");

    private ToolRun Evaluate(string model, params string[] more) =>
        Run(["eval", model, "--data", Pairs, "--template", "minimal", "--max-new-tokens", "4", "--json", .. more]);

    private ToolRun Tune(string model, string output, string scope) =>
        Run("tune", model, "--data", Pairs, "--template", "minimal", "--train", scope,
        "--out", output, "--batch", "2", "--steps", "2", "--learning-rate", "0.1");

    private static string[] Names(string folder) =>
        [.. Run("inspect", folder, "--json", "--quiet").Json().GetProperty("tensors").EnumerateArray()
        .Select(t => t.GetProperty("name").GetString()!).Order(StringComparer.Ordinal)];

    private static void AssertRemark(ToolRun run, string remark, Action<JsonElement>? check)
    {
        Assert.That((run.ExitCode, run.Error.Contains($"note: ", StringComparison.Ordinal)), Is.EqualTo((0, true)), run.Error);
        Assert.That(run.Error, Does.Contain(remark));
        if (check is null) return;
        using JsonDocument document = JsonDocument.Parse(run.Output);
        check(document.RootElement);
    }
}
