using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

public sealed class ApplyTests
{
    private const string Embedding = "model.embed_tokens.weight";
    private static readonly int[] Ids = [3, 77, 261, 511];

    [Test]
    public void Apply_changes_the_rows_of_the_patch_and_revert_gives_the_exact_bytes_back()
    {
        using TemporaryFolder folder = new();
        (string model, string tuned, string patch) = MakePatch(folder);

        ToolRun apply = KsLotteryTool.Run("apply", model, patch, "--out", folder.File("patched"));
        Assert.That((apply.ExitCode, apply.Error.Contains("error", StringComparison.Ordinal)), Is.EqualTo((0, false)), apply.Error);
        Assert.That(apply.Lines, Has.Some.Match("^tied +yes$").And.Some.Match($"^tensor +{Embedding}$").And.Some
            .Match("^rows +4 of 64 values$")
            .And.Some.Match("^rewritten +model.safetensors$").And.Some.Match("^copied +.*config.json").And.Some
            .Match("^fingerprint +sha256:[0-9a-f]{64}$"));
        using (Checkpoint before = Checkpoint.Open(model), after = Checkpoint.Open(folder.File("patched")), source = Checkpoint.Open(tuned))
        {
            for (int row = 0; row < 512; row++)
                Assert.That(after.GetTensor(Embedding).GetRow<float>(row).ToArray(),
                    Is.EqualTo((Ids.Contains(row) ? source : before).GetTensor(Embedding).GetRow<float>(row).ToArray()), $"row {row}");
            Assert.That(apply.Output, Does.Contain(Fingerprint.OfTensor(after.GetTensor(Embedding))));
        }

        ToolRun revert = KsLotteryTool.Run("revert", folder.File("patched"), patch, "--out", folder.File("restored"), "--no-mmap");
        Assert.That(revert.ExitCode, Is.Zero, revert.Error);
        foreach (string file in Directory.EnumerateFiles(model))
            Assert.That(File.ReadAllBytes(Path.Combine(folder.File("restored"), Path.GetFileName(file))),
                Is.EqualTo(File.ReadAllBytes(file)), file);
    }

    [Test]
    public void The_folder_of_find_stands_for_the_patch_in_it()
    {
        using TemporaryFolder folder = new();
        string model = SharedData.Path("models", "hf", "stories260K_hf"), found = folder.File("found");
        string tuned = SharedData.Path("models", "tuned-pairs", "en-da_input_embedding_hot_seed1");
        Assert.That(KsLotteryTool.Run("find", model, tuned, "--out", found).ExitCode, Is.Zero);

        ToolRun applied = KsLotteryTool.Run("apply", model, found, "--out", folder.File("patched"));
        Assert.That((applied.ExitCode, applied.Lines.Any(line => line.EndsWith("94 of 64 values", StringComparison.Ordinal))),
            Is.EqualTo((0, true)), applied.Error);
        Assert.That(KsLotteryTool.Run("revert", folder.File("patched"), found + Path.DirectorySeparatorChar, "--out",
            folder.File("restored")).ExitCode, Is.Zero);
        Assert.That(File.ReadAllBytes(Path.Combine(folder.File("restored"), "model.safetensors")),
            Is.EqualTo(File.ReadAllBytes(Path.Combine(model, "model.safetensors"))));
        Assert.That(KsLotteryTool.Run("export", found, "--to", "peft", "--out", folder.File("adapter")).ExitCode, Is.Zero);
        ToolRun run = KsLotteryTool.Run("generate", model, "--prompt", "Once", "--max-new-tokens", "2", "--patch", found, "--tokenizer",
            SharedData.Path("tokenizers", "tok512", "tok512.model"));
        Assert.That(run.ExitCode, Is.Zero, run.Error);

        KsLotteryTool.Run("apply", model, found, "--out", found).AssertFailed(2, "input");
        KsLotteryTool.Run("apply", model, model, "--out", folder.File("x"))
            .AssertFailed(2, model, "patch.safetensors", "kslottery find --out");
        KsLotteryTool.Run("revert", model, folder.File("adapter"), "--out", folder.File("x"))
            .AssertFailed(2, "PEFT adapter", "kslottery find BASE ADAPTER");
        File.Delete(Path.Combine(found, "patch.safetensors"));
        KsLotteryTool.Run("apply", model, found, "--out", folder.File("x")).AssertFailed(2, found, "ticket.json", "--top K");
    }

    [Test]
    public void Json_says_what_was_done()
    {
        using TemporaryFolder folder = new();
        (string model, _, string patch) = MakePatch(folder);
        JsonElement applied = KsLotteryTool.Run("apply", model, patch, "--out", folder.File("patched"), "--json", "--quiet").Json();
        Assert.That(applied.GetProperty("tied").GetBoolean(), Is.True);
        Assert.That((applied.GetProperty("rows").GetInt32(), applied.GetProperty("width").GetInt32()), Is.EqualTo((4, 64)));
        Assert.That(applied.GetProperty("rewritten").GetString(), Is.EqualTo("model.safetensors"));
        Assert.That(applied.GetProperty("hard_linked").GetArrayLength() + applied.GetProperty("copied").GetArrayLength(),
            Is.EqualTo(Directory.GetFiles(model).Length - 1), "every other file goes along");

        JsonElement reverted = KsLotteryTool.Run("revert", folder.File("patched"), patch, "--out", folder.File("restored"), "--json",
            "--quiet").Json();
        using Checkpoint original = Checkpoint.Open(model);
        Assert.That(reverted.GetProperty("fingerprint").GetString(), Is.EqualTo(Fingerprint.OfTensor(original.GetTensor(Embedding))));
    }

    [Test]
    public void A_base_that_drifted_is_refused_with_exit_code_4_and_nothing_is_written()
    {
        using TemporaryFolder folder = new();
        (_, string tuned, string patch) = MakePatch(folder);
        KsLotteryTool.Run("apply", tuned, patch, "--out", folder.File("out")).AssertFailed(4, Embedding, "sha256:");
        Assert.That(Directory.GetFileSystemEntries(folder.Path), Is.EqualTo(new[] { patch }));
    }

    [Test]
    public void A_model_takes_the_tuned_vocabulary_with_the_patch_runs_and_gives_the_exact_bytes_back()
    {
        using TemporaryFolder folder = new();
        (string model, string tuned) = (folder.File("base"), folder.File("tuned"));
        Copy(SharedData.Path("models", "hf", "stories260K_hf"), model);
        Copy(model, tuned);
        using (Checkpoint source = Checkpoint.Open(model))
        {
            Tensor embedding = source.GetTensor(Embedding);
            int width = (int)embedding.Shape[1];
            byte[] rows =
                [.. Enumerable.Range(0, 520).SelectMany(row => row < 512 ? embedding.GetRow<float>(row).ToArray() : new float[width])
                .Select((value, i) => Ids.Contains(i / width) ? value + 3 : value).SelectMany(BitConverter.GetBytes)];
            SafetensorsWriter.Write(Path.Combine(tuned, "tuned.safetensors"), source.Tensors.Select(t =>
                t.Name == Embedding ? TensorSource.FromBytes(t.Name, t.ElementType, [520, width], rows) : TensorSource.FromTensor(t)));
        }
        foreach (string stale in Directory.GetFiles(tuned, "model*.safetensors")) File.Delete(stale);
        File.Move(Path.Combine(tuned, "tuned.safetensors"), Path.Combine(tuned, "model.safetensors"));
        string config = Path.Combine(tuned, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"vocab_size\": 512", "\"vocab_size\": 520", StringComparison.Ordinal));

        Assert.That(KsLotteryTool.Run("find", model, tuned, "--out", folder.File("found"), "--quiet").ExitCode, Is.Zero);
        string patch = Path.Combine(folder.File("found"), TicketPatch.FileName), resized = folder.File("resized");
        ToolRun apply = KsLotteryTool.Run("apply", model, patch, "--resize", tuned, "--out", resized);
        Assert.That(apply.ExitCode, Is.Zero, apply.Error);
        Assert.That(apply.Error, Does.Contain("The vocabulary has 520 rows in place of 512, 8 of them from"));
        Assert.That(KsLotteryTool.Run("find", resized, tuned, "--json").Json().GetProperty("unchanged").GetInt32(), Is.EqualTo(520));
        ToolRun generate = KsLotteryTool.Run("generate", resized, "--prompt", "Once", "--max-new-tokens", "3", "--tokenizer",
            SharedData.Path("tokenizers", "tok512", "tok512.model"));
        Assert.That(generate.ExitCode, Is.Zero, generate.Error);
        Assert.That(KsLotteryTool.Run("revert", resized, patch, "--out", folder.File("restored"), "--quiet").ExitCode, Is.Zero);
        Assert.That(Directory.GetFiles(folder.File("restored")).Select(Path.GetFileName),
            Is.EquivalentTo(Directory.GetFiles(model).Select(Path.GetFileName)));
        foreach (string file in Directory.EnumerateFiles(model))
            Assert.That(File.ReadAllBytes(Path.Combine(folder.File("restored"), Path.GetFileName(file))),
                Is.EqualTo(File.ReadAllBytes(file)), file);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from))
            File.WriteAllBytes(Path.Combine(to, Path.GetFileName(file)), File.ReadAllBytes(file));
    }

    [Test]
    public void Reverting_what_was_never_patched_is_refused_with_exit_code_4()
    {
        using TemporaryFolder folder = new();
        (string model, _, string patch) = MakePatch(folder);
        KsLotteryTool.Run("revert", model, patch, "--out", folder.File("out")).AssertFailed(4, Embedding);
        Assert.That(Directory.Exists(folder.File("out")), Is.False);
    }

    [Test]
    public void Bad_input_is_one_clear_line_and_exit_code_2()
    {
        using TemporaryFolder folder = new();
        (string model, string tuned, string patch) = MakePatch(folder);
        string output = folder.File("out");
        KsLotteryTool.Run("apply", "absent", patch, "--out", output).AssertFailed(2, "absent");
        KsLotteryTool.Run("apply", model, "absent.safetensors", "--out", output).AssertFailed(2, "absent.safetensors");
        KsLotteryTool.Run("apply", model, Path.Combine(tuned, "model.safetensors"), "--out", output).AssertFailed(2, "format");
        KsLotteryTool.Run("apply", model, patch, "--out", folder.Path).AssertFailed(2, "not empty");
        KsLotteryTool.Run("apply", model, patch, "--out", Path.Combine(output, "deep")).AssertFailed(2, "does not exist");
        KsLotteryTool.Run("revert", model, patch, "--out", model).AssertFailed(2, "input");
        Assert.That(Directory.GetFileSystemEntries(folder.Path), Is.EqualTo(new[] { patch }));
    }

    [Test]
    public void Arguments_that_are_missing_are_errors_of_usage()
    {
        ToolRun run = KsLotteryTool.Run("apply", "base", "patch.safetensors");
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.Contain("--out"));
    }

    [Test]
    public void A_patch_with_a_wrong_checksum_is_refused_wherever_it_is_read_unless_that_is_ignored()
    {
        using TemporaryFolder folder = new();
        (string model, _, string patch) = MakePatch(folder);
        byte[] bytes = File.ReadAllBytes(patch);
        // The last tensor is the set of rows; before it stand those of the base.
        bytes[^200] ^= 1;
        File.WriteAllBytes(patch, bytes);
        foreach (string[] command in (string[][])[["apply", model, patch, "--out", folder.File("a")],
            ["revert", model, patch, "--out", folder.File("b")], ["export", patch, "--to", "peft", "--out", folder.File("c")],
            ["generate", model, "--prompt", "One", "--patch", patch, "--tokenizer",
                SharedData.Path("tokenizers", "tok512", "tok512.model")]])
            KsLotteryTool.Run(command).AssertFailed(2, "checksum", "--ignore-checksum");
        ToolRun run = KsLotteryTool.Run("export", patch, "--to", "peft", "--out", folder.File("c"), "--ignore-checksum");
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Error, Does.Contain("It was ignored, as asked."));
    }

    [Test]
    public void A_patch_of_elements_of_several_tensors_is_applied_and_told_and_not_exported()
    {
        using TemporaryFolder folder = new();
        string patch = folder.File("patch.safetensors"), model = SharedData.Path("models", "hf", "stories260K_hf");
        using (Checkpoint before = Checkpoint.Open(model))
            TicketPatch.Write(patch, before, null, new(((string[])["q", "k"]).Select(p =>
            {
                Tensor tensor = before.GetTensor($"model.layers.0.self_attn.{p}_proj.weight");
                return new TensorMask(tensor.Name, TicketUnit.Elements.Cut(tensor), IndexSet.Of(tensor.ElementCount, [1, 5, 70]));
            })), TicketPayload.Drop, new() { Signature = "test", IsTied = true });
        JsonElement json = KsLotteryTool.Run("apply", model, patch, "--out", folder.File("out"), "--json", "--quiet").Json();
        Assert.That(json.GetProperty("tensors").EnumerateArray().Select(t => (t.GetProperty("payload").GetString(),
            t.GetProperty("unit").GetString(), t.GetProperty("units").GetInt32())), Is.EqualTo(new[] { ("drop", "element", 3),
            ("drop", "element", 3) }));
        ToolRun reverted = KsLotteryTool.Run("revert", folder.File("out"), patch, "--out", folder.File("back"));
        Assert.That(reverted.Output, Does.Contain("drop 6 elements of 2 tensors"));
        Assert.That(File.ReadAllBytes(folder.File("back/model.safetensors")),
            Is.EqualTo(File.ReadAllBytes(Path.Combine(model, "model.safetensors"))));
        KsLotteryTool.Run("export", patch, "--to", "peft", "--out", folder.File("peft")).AssertFailed(2, "to export it takes", "Apply it");
    }

    /// <summary>Makes a patch of a few rows through the library, from a real base and its real tuned model.</summary>
    internal static (string Base, string Tuned, string Patch) MakePatch(TemporaryFolder folder, bool? isTied = true)
    {
        string model = SharedData.Path("models", "hf", "stories260K_hf");
        string tuned = SharedData.Path("models", "tuned-pairs", "en-da_input_embedding_hot_seed1");
        string patch = folder.File("patch.safetensors");
        using Checkpoint before = Checkpoint.Open(model), after = Checkpoint.Open(tuned);
        PatchSource rows = PatchSource.OfRows(before.GetTensor(Embedding), IndexSet.Of(512, Ids));
        TicketPatch.Write(patch, [rows with { Tuned = after.GetTensor(Embedding) }],
            new PatchOrigin { Signature = "KS|test", IsTied = isTied });
        return (model, tuned, patch);
    }
}
