using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

/// <summary>A PEFT adapter in the place of a tuned checkpoint, and one that a training writes.</summary>
public sealed class AdapterTests
{
    private const string Query = "model.layers.0.self_attn.q_proj";

    private static string Base => SharedData.Path("models", "hf", "stories260K_hf");

    private static string Hot => SharedData.Path("models", "tuned-pairs", "en-da_input_embedding_hot_seed1");

    private static string Tokenizer => SharedData.Path("tokenizers", "tok512", "tok512.model");

    [Test]
    public void Replaced_tokens_are_found_as_in_the_checkpoint_that_holds_them()
    {
        using TemporaryFolder folder = new();
        string found = folder.File("found"), adapter = folder.File("adapter"), patched = folder.File("patched"),
            again = folder.File("again");
        foreach (string[] command in (string[][])
            [["find", Base, Hot, "--out", found], ["export", found, "--to", "peft", "--out", adapter, "--base-model", "hub/base"],
                ["apply", Base, found, "--out", patched]])
            Assert.That(KsLotteryTool.Run(command).ExitCode, Is.Zero);

        JsonElement merged = KsLotteryTool.Run("find", Base, patched, "--json").Json(),
            virtually = KsLotteryTool.Run("find", Base, adapter, "--json", "--out", again).Json();
        foreach (string name in (string[])["signature", "entries", "tuned_fingerprint", "unchanged", "tuned_tied", "tuned_dtype"])
            Assert.That(virtually.GetProperty(name).GetRawText(), Is.EqualTo(merged.GetProperty(name).GetRawText()), name);
        Assert.That(virtually.GetProperty("adapter").GetProperty("peft_type").GetString(), Is.EqualTo("TRAINABLE_TOKENS"));
        Assert.That(virtually.GetProperty("adapter").GetProperty("weights_fingerprint").GetString(),
            Is.EqualTo(Fingerprint.OfFile(Path.Combine(adapter, "adapter_model.safetensors"))));
        Assert.That(merged.TryGetProperty("adapter", out _), Is.False);
        using (TicketPatch first = TicketPatch.Open(found), second = TicketPatch.Open(again))
            Assert.That(second.Rows!.TunedRows.GetRow<float>(5).SequenceEqual(first.Rows!.TunedRows.GetRow<float>(5)), Is.True,
                "the patch holds the adapter's rows");
        Assert.That(KsLotteryTool.Run("apply", Base, again, "--out", folder.File("applied")).ExitCode, Is.Zero);
        Assert.That(KsLotteryTool.Run("find", Base, adapter).Lines[2], Is.EqualTo(
            "tuned is an adapter (TRAINABLE_TOKENS, made for hub/base), merged into the base in memory: 1 tensor changed"));

        JsonElement written = KsLotteryTool.Run("apply", Base, adapter, "--out", folder.File("merged"), "--json", "--quiet").Json();
        Assert.That((written.GetProperty("adapter").GetString(), written.GetProperty("changed").GetArrayLength()),
            Is.EqualTo(("TRAINABLE_TOKENS", 1)));
        Assert.That(File.ReadAllBytes(Path.Combine(folder.File("merged"), "model.safetensors")).Length,
            Is.EqualTo(File.ReadAllBytes(Path.Combine(patched, "model.safetensors")).Length));
        Assert.That(KsLotteryTool.Run("find", patched, folder.File("merged"), "--all-tensors").Lines,
            Has.Some.StartsWith("36 matrices, 0 with changed rows; 11 other tensors, 0 changed"));
        Assert.That(KsLotteryTool.Run("apply", Base, adapter, "--out", folder.File("again2"), "--resize", Hot).ExitCode, Is.EqualTo(1));

        string[] evaluation = ["--data", SharedData.Path("corpora", "tatoeba", "eng-dan.attributed.tsv"), "--tokenizer", Tokenizer,
            "--template", "plain",
            "--source-language", "English", "--target-language", "Danish", "--limit", "8", "--max-new-tokens", "4", "--json", "--quiet"];
        JsonElement byPatch = KsLotteryTool.Run(["eval", Base, "--patch", found, .. evaluation]).Json();
        JsonElement byAdapter = KsLotteryTool.Run(["eval", Base, "--adapter", adapter, .. evaluation]).Json();
        foreach (string name in (string[])["loss", "scores"])
            Assert.That(byAdapter.GetProperty(name).GetRawText(), Is.EqualTo(byPatch.GetProperty(name).GetRawText()), name);
        Assert.That(byAdapter.GetProperty("signature").GetString(), Does.Contain("|patch:no|adapter:TRAINABLE_TOKENS,sha256:"));
        ToolRun both = KsLotteryTool.Run(["eval", Base, "--adapter", adapter, "--patch", found, .. evaluation]);
        Assert.That((both.ExitCode, both.Error.Contains("exclude each other", StringComparison.Ordinal)), Is.EqualTo((1, true)));
    }

    [Test]
    public void An_adapter_that_leaves_the_embedding_alone_says_so_and_its_map_shows_what_it_changes()
    {
        using TemporaryFolder folder = new();
        string adapter = WriteLora(folder, 1);
        ToolRun found = KsLotteryTool.Run("find", Base, adapter);
        Assert.That((found.ExitCode, found.Error), Is.EqualTo((0, "")));
        Assert.That(found.Lines,
            Has.Some.EqualTo(
                "tuned is an adapter (LORA), merged into the base in memory: 1 tensor changed, but not this one; --all-tensors shows them")
            .And.Some.EqualTo("no row changed: there is no ticket"));
        ToolRun map = KsLotteryTool.Run("find", Base, adapter, "--all-tensors");
        Assert.That(map.Lines, Has.Some.EqualTo("tuned is an adapter (LORA), merged into the base in memory: 1 tensor changed")
            .And.Some.Match($@"^{Query}\.weight +F32 +64 +64 +64 ").And.Some
            .StartWith("36 matrices, 1 with changed rows; 11 other tensors, 0 changed"));
        Assert.That(KsLotteryTool.Run("find", Base, adapter, "--tensor", Query + ".weight", "--no-mmap").Lines,
            Has.Some.EqualTo("rows    64: 64 changed, 0 identical"));
        Assert.That(KsLotteryTool.Run("find", Base, adapter, "--all-tensors", "--json").Json().GetProperty("adapter").GetString(),
            Is.EqualTo("LORA"));
        KsLotteryTool.Run("find", adapter, Base).AssertFailed(2, adapter, "PEFT adapter", "Give its base first");
        KsLotteryTool.Run("generate", adapter, "--prompt", "Once", "--tokenizer", Tokenizer).AssertFailed(2, "PEFT adapter", "--adapter");
        KsLotteryTool.Run("find", Base, WriteLora(folder, 2, "\"use_dora\":true,"))
            .AssertFailed(2, "adapter_config.json", "DoRA", "merge_and_unload");
        KsLotteryTool.Run("find", Base, WriteLora(folder, 3, "\"layers\":3,", module: "model.layers.77.self_attn.q_proj"))
            .AssertFailed(2, "model.layers.77", "Give the base");
    }

    [Test]
    public void Adapters_that_learned_are_kept_as_PEFT_loads_them_and_make_the_merged_model_again()
    {
        using TrainingFixture fixture = new();
        JsonElement tuned = fixture.RunTune("lora", "lora", "--steps", "12", "--learning-rate", "3e-2", "--rank", "3");
        string adapter = Path.Combine(fixture.File("lora"), "adapter");
        Assert.That(tuned.GetProperty("next").GetString(), Does.EndWith("--all-tensors").And.StartWith("kslottery find "));
        Assert.That(tuned.GetProperty("files").EnumerateArray().Select(f => f.GetString()), Has.Some.EqualTo("adapter"));
        using JsonDocument config = JsonDocument.Parse(File.ReadAllText(Path.Combine(adapter, "adapter_config.json")));
        Assert.That(config.RootElement.ToString().ReplaceLineEndings(""), Does.Match("""
            ^\{ *"peft_type": "LORA", *"task_type": "CAUSAL_LM", *"base_model_name_or_path": "[^"]+base", *"r": 3, *"lora_alpha": 3, *"lora_dropout": 0, *"target_modules": \[ *"q_proj", *"v_proj" *\], *"bias": "none",
            """.Trim()));
        using (SafetensorsFile weights = SafetensorsFile.Open(Path.Combine(adapter, "adapter_model.safetensors")))
        {
            Assert.That(weights.Tensors.Select(t => $"{t.Name} {t.DtypeName} [{string.Join(',', t.Shape)}]"),
                Is.EquivalentTo(Enumerable.Range(0, 2).SelectMany(layer =>
                (string[])[$"base_model.model.model.layers.{layer}.self_attn.q_proj.lora_A.weight F32 [3,32]",
                    $"base_model.model.model.layers.{layer}.self_attn.q_proj.lora_B.weight F32 [32,3]",
                    $"base_model.model.model.layers.{layer}.self_attn.v_proj.lora_A.weight F32 [3,32]",
                        $"base_model.model.model.layers.{layer}.self_attn.v_proj.lora_B.weight F32 [16,3]"])));
            Assert.That(weights.Metadata["format"], Is.EqualTo("pt"));
        }

        using Checkpoint baseModel = Checkpoint.Open(fixture.Base), merged = Checkpoint.Open(fixture.File("lora"));
        using AdaptedCheckpoint adapted = AdaptedCheckpoint.Open(baseModel, adapter);
        Assert.That(adapted.Changed, Has.Count.EqualTo(4));
        foreach (Tensor tensor in merged.Tensors)
        {
            float[] expected = Values(tensor), actual = Values(adapted.Checkpoint.GetTensor(tensor.Name)),
                before = Values(baseModel.GetTensor(tensor.Name));
            double worst = expected.Zip(actual).Aggregate(0.0, (largest, pair) => Math.Abs(pair.First - pair.Second) is var error
                && error <= largest ? largest : error);
            Assert.That(worst <= 1e-6, Is.True, $"{tensor.Name}: {worst}");
            Assert.That(actual.SequenceEqual(before), Is.EqualTo(!adapted.Changed.Contains(tensor.Name)), tensor.Name);
        }
        JsonElement byModel = KsLotteryTool.Run("find", fixture.Base, fixture.File("lora"), "--all-tensors", "--json").Json();
        JsonElement byAdapter = KsLotteryTool.Run("find", fixture.Base, adapter, "--all-tensors", "--json").Json();
        foreach ((JsonElement a, JsonElement b) in byModel.GetProperty("tensors").EnumerateArray()
            .Zip(byAdapter.GetProperty("tensors").EnumerateArray()))
            foreach (string name in (string[])["tensor", "unchanged", "changed", "ticket_rows", "largest_h"])
                Assert.That(b.GetProperty(name).GetRawText(), Is.EqualTo(a.GetProperty(name).GetRawText()),
                    $"{a.GetProperty("tensor")}: {name}");
    }

    private static string WriteLora(TemporaryFolder folder, int number, string config = "", string module = Query)
    {
        string path = Directory.CreateDirectory(folder.File($"lora{number}")).FullName;
        byte[] factor = [.. Enumerable.Range(1, 128).SelectMany(i => BitConverter.GetBytes(i % 7 * 0.125f + 0.1f))];
        SafetensorsWriter.Write(Path.Combine(path, "adapter_model.safetensors"),
        [
            TensorSource.FromBytes($"base_model.model.{module}.lora_A.weight", ElementType.F32, [2, 64], factor),
            TensorSource.FromBytes($"base_model.model.{module}.lora_B.weight", ElementType.F32, [64, 2], factor),
        ]);
        File.WriteAllText(Path.Combine(path, "adapter_config.json"), $$"""{{{config}}"peft_type":"LORA","r":2}""");
        return path;
    }

    private static float[] Values(Tensor tensor) =>
        [.. Enumerable.Range(0, (int)tensor.RowShape.Rows).SelectMany(row => tensor.GetRow<float>(row).ToArray())];
}
