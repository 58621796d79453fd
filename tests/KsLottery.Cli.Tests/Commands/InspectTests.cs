using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

public sealed class InspectTests
{
    [Test]
    public void A_real_model_shows_what_it_is_and_the_norms_of_its_embedding()
    {
        ToolRun run = KsLotteryTool.Run("inspect", SharedData.Path("models", "hf", "stories260K_hf"));
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines, Has.Some.Match("^architecture +LlamaForCausalLM, 5 layers, hidden size 64$"));
        Assert.That(run.Lines, Has.Some.Match("^tied +yes$"));
        Assert.That(run.Lines, Has.Some.Match("^vocabulary +512 rows$"));
        Assert.That(run.Lines, Has.Some.Match("^special ids +bos 1, eos 2$"));
        Assert.That(run.Lines, Has.Some.Match("^total +47 tensors, 260,032 parameters, 1015.8 KiB$"));
        Assert.That(run.Lines, Has.Some.Match(@"^model\.embed_tokens\.weight +F32 +\[512, 64\] +128\.0 KiB$"));
        Assert.That(run.Lines, Has.Some.Match(@"^model\.embed_tokens\.weight +512 +1\.43 +2\.678 +3\.152 +0 +0 +0$"));
        Assert.That(run.Lines.Select(l => l.Length), Has.All.Matches(Is.LessThanOrEqualTo(80)));
    }

    [Test]
    public void Tensors_that_layers_have_alike_stand_in_one_line()
    {
        string path = SharedData.Path("models", "hf", "stories260K_hf");
        ToolRun run = KsLotteryTool.Run("inspect", path);
        Assert.That(run.Lines, Has.Some.Match(@"^types +F32 260,032 in 47 tensors$"));
        Assert.That(run.Lines, Has.Some.Match(@"^model\.layers\.\{0-4\}\.mlp\.up_proj\.weight +F32 +\[172, 64\] +215\.0 KiB$"));
        Assert.That(run.Lines.Count(l => l.StartsWith("model.layers.", StringComparison.Ordinal)), Is.EqualTo(9));
        ToolRun all = KsLotteryTool.Run("inspect", path, "--unfolded");
        Assert.That(all.Lines.Count(l => l.StartsWith("model.layers.", StringComparison.Ordinal)), Is.EqualTo(45));
        using TemporaryFolder folder = new();
        Write(folder.File("model.safetensors"), [.. from name in (string[])["h.0.a", "h.1.a", "h.3.a", "h.4.a.0.b", "h.5.a.0.b", "1.x"]
            select TensorSource.FromBytes(name, ElementType.F32, [name == "h.1.a" ? 1 : 2], new byte[name == "h.1.a" ? 4 : 8])],
            new() { ["made by"] = "a \u001b test" });
        string[] lines = KsLotteryTool.Run("inspect", folder.Path).Lines;
        Assert.That(lines, Has.Some.Match(@"^h\.\{0,3\}\.a +F32 +\[2\] +16 B$").And.Some.Match(@"^h\.1\.a +F32 +\[1\] +4 B$")
            .And.Some.Match(@"^h\.\{4-5\}\.a\.0\.b +F32").And.Some.Match(@"^1\.x +F32"));
        Assert.That(lines, Has.Some.Match(@"^metadata +made.by: a \\x1b test$"));
        Assert.That(KsLotteryTool.Run("inspect", folder.Path, "--json").Json().GetProperty("shards")[0].GetProperty("metadata")
            .GetProperty("made by").GetString(), Is.EqualTo("a \u001b test"));
    }

    [Test]
    public void Another_checkpoint_lies_a_distance_and_an_angle_away()
    {
        using TemporaryFolder folder = new();
        string model = SharedData.Path("models", "hf", "stories260K_hf", "model.safetensors");
        Assert.That(KsLotteryTool.Run("prune", model, "--sparsity", "50%", "--out", folder.File("pruned"), "--ticket",
            folder.File("ticket")).ExitCode, Is.Zero);
        JsonElement json = KsLotteryTool.Run("inspect", model, "--against", folder.File("pruned"), "--json").Json();
        JsonElement whole = json.GetProperty("distance");
        // What is pruned stands at a right angle to what is kept.
        double norm = whole.GetProperty("norm").GetDouble(), other = whole.GetProperty("other_norm").GetDouble();
        Assert.That(whole.GetProperty("l2").GetDouble(), Is.EqualTo(Math.Sqrt((norm * norm) - (other * other))).Within(1e-9).Percent);
        Assert.That(whole.GetProperty("cosine").GetDouble(), Is.EqualTo(other / norm).Within(1e-9));
        Assert.That(json.GetProperty("tensors").EnumerateArray().Single(t =>
            t.GetProperty("name").GetString() == "model.embed_tokens.weight")
            .GetProperty("distance").GetProperty("angle_degrees").GetDouble(), Is.Zero);
        ToolRun run = KsLotteryTool.Run("inspect", model, "--against", folder.File("pruned"), "--ticket", folder.File("ticket"));
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines, Has.Some.Match(@"^all +113,280 +[\d.]+ +[\d.]+ +0 +0 +0°$"), "what is kept is the same");
        ToolRun refused = KsLotteryTool.Run("inspect", model, "--ticket", folder.File("ticket"));
        Assert.That((refused.ExitCode, refused.Error.Contains("give --against OTHER", StringComparison.Ordinal)), Is.EqualTo((1, true)));
    }

    [Test]
    public void A_patch_an_adapter_a_certificate_and_a_training_are_known()
    {
        using TemporaryFolder folder = new();
        (string model, _, string patch) = ApplyTests.MakePatch(folder);
        ToolRun run = KsLotteryTool.Run("inspect", patch);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines, Has.Some.Match(@"^units +\d+ rows$").And.Some.Match("^checksum +holds$"));
        JsonElement told = KsLotteryTool.Run("inspect", Path.GetDirectoryName(patch)!, "--json").Json();
        Assert.That(told.GetProperty("kind").GetString(), Is.EqualTo("patch"));
        Assert.That(told.GetProperty("tensors")[0].GetProperty("base_fingerprint").GetString(),
            Is.EqualTo(KsLotteryTool.Run("inspect", model, "--tensor", told.GetProperty("tensors")[0].GetProperty("name").GetString()!,
                "--fingerprints", "--json").Json().GetProperty("tensors")[0].GetProperty("fingerprint").GetString()));
        Assert.That(KsLotteryTool.Run("inspect", patch, "--unfolded").Lines, Has.Some.StartsWith("units/"), "the tensors of the file");

        Assert.That(KsLotteryTool.Run("export", patch, "--to", "peft", "--out", folder.File("peft")).ExitCode, Is.Zero);
        JsonElement adapter = KsLotteryTool.Run("inspect", folder.File("peft"), "--json").Json();
        Assert.That((adapter.GetProperty("kind").GetString(), adapter.GetProperty("type").GetString()),
            Is.EqualTo(("adapter", "TRAINABLE_TOKENS")));

        SafetensorsWriter.Write(folder.File("state.safetensors"), [TensorSource.FromBytes("a", ElementType.F32, [1], new byte[4])],
            new Dictionary<string, string> { ["step"] = "7" });
        Assert.That(KsLotteryTool.Run("inspect", folder.File("state.safetensors")).Lines, Has.Some.Match("^step +7$"));
    }

    [TestCase("model.safetensors"), TestCase("model.f16.safetensors"), TestCase("model.bf16.safetensors")]
    public void Norms_equal_those_computed_row_by_row(string name)
    {
        string path = SharedData.Path("models", "hf", "stories260K_hf", name);
        JsonElement[] tensors = [.. KsLotteryTool.Run("inspect", path, "--norms", "--json").Json().GetProperty("tensors").EnumerateArray()];
        using Checkpoint checkpoint = Checkpoint.Open(path);
        int compared = 0;
        foreach ((Tensor tensor, JsonElement shown) in checkpoint.Tensors.Zip(tensors))
        {
            Assert.That(shown.GetProperty("name").GetString(), Is.EqualTo(tensor.Name));
            if (tensor.Shape.Count != 2)
            {
                Assert.That(shown.TryGetProperty("norms", out _), Is.False, "a vector has no rows");
                continue;
            }
            double[] norms = [.. Enumerable.Range(0, (int)tensor.Shape[0]).Select(r => Norm(tensor, r)).Order()];
            JsonElement told = shown.GetProperty("norms");
            Assert.That(told.GetProperty("min").GetDouble(), Is.EqualTo(norms[0]).Within(1e-12));
            Assert.That(told.GetProperty("median").GetDouble(), Is.EqualTo(norms[norms.Length / 2]).Within(1e-12));
            Assert.That(told.GetProperty("max").GetDouble(), Is.EqualTo(norms[^1]).Within(1e-12));
            compared++;
        }
        Assert.That(compared, Is.EqualTo(36));
    }

    [Test]
    public void Sparsity_is_told_of_every_matrix()
    {
        string path = SharedData.Path("models", "hf", "stories260K_hf", "model.safetensors");
        ToolRun run = KsLotteryTool.Run("inspect", path, "--sparsity");
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines, Has.Some.Match(
            @"^model\.embed_tokens\.weight +32,768 +0\.00 % +0\.1\d+ +0\.1\d+ +[\d,]+ +0\.4\d+ +0$"));
        JsonElement[] tensors = [.. KsLotteryTool.Run("inspect", path, "--sparsity", "--json").Json().GetProperty("tensors")
            .EnumerateArray()];
        Assert.That(tensors.Count(t => t.TryGetProperty("sparsity", out _)), Is.EqualTo(36));
        using Checkpoint checkpoint = Checkpoint.Open(path);
        JsonElement told = tensors.First(t => t.GetProperty("name").GetString() == "model.embed_tokens.weight").GetProperty("sparsity");
        TensorSparsity found = TensorSparsity.Of(checkpoint.GetTensor("model.embed_tokens.weight"));
        Assert.That((told.GetProperty("pq_index").GetDouble(), told.GetProperty("gini").GetDouble(),
            told.GetProperty("prunable").GetInt64()), Is.EqualTo((found.Index, found.Gini, found.Prunable)));
    }

    [Test]
    public void Shards_are_listed_and_fingerprints_are_the_library_s([Values] bool isMapped)
    {
        string path = SharedData.Path("safetensors", "sharded");
        string[] how = isMapped ? [] : ["--no-mmap"];
        JsonElement result = KsLotteryTool.Run(["inspect", path, "--fingerprints", "--json", .. how]).Json();
        Assert.That(result.GetProperty("shards").GetArrayLength(), Is.EqualTo(6));
        Assert.That(result.GetProperty("tied").ValueKind, Is.EqualTo(JsonValueKind.Null));
        using Checkpoint checkpoint = Checkpoint.Open(path);
        Assert.That(result.GetProperty("tensors").EnumerateArray().Select(t => t.GetProperty("fingerprint").GetString()),
            Is.EqualTo(checkpoint.Tensors.Select(t => Fingerprint.OfTensor(t))));
    }

    [Test]
    public void One_tensor_alone_shows_its_norms_and_its_whole_fingerprint()
    {
        string path = SharedData.Path("models", "hf", "babyllama_tok105_hf");
        ToolRun run = KsLotteryTool.Run("inspect", path, "--tensor", "model.layers.0.mlp.up_proj.weight", "--fingerprints");
        Assert.That(run.Lines.Count(l => l.StartsWith("model.layers.0.mlp.up_proj.weight", StringComparison.Ordinal)), Is.EqualTo(3));
        Assert.That(run.Lines, Has.Some.Match("sha256:[0-9a-f]{64}$"));
        Assert.That(run.Lines, Has.None.StartsWith("model.norm"));
    }

    [Test]
    public void Dead_and_damaged_rows_are_counted()
    {
        using TemporaryFolder folder = new();
        float[][] rows = [[3, 4], [0, 0], [0, -0f], [1e-6f, 0], [float.NaN, 1], [float.NegativeInfinity, 1], [6, 8], [3, 4]];
        Write(folder.File("model.safetensors"), "model.embed_tokens.weight", rows);
        JsonElement norms = KsLotteryTool.Run("inspect", folder.Path, "--json").Json().GetProperty("tensors")[0].GetProperty("norms");
        Assert.That(norms.GetProperty("rows").GetInt64(), Is.EqualTo(8));
        Assert.That(norms.GetProperty("zero").GetInt64(), Is.EqualTo(2));
        Assert.That(norms.GetProperty("nearly_zero").GetInt64(), Is.EqualTo(1));
        Assert.That(norms.GetProperty("non_finite").GetInt64(), Is.EqualTo(2));
        Assert.That(norms.GetProperty("median").GetDouble(), Is.EqualTo(5));
    }

    [Test]
    public void An_odd_offset_is_flagged()
    {
        using TemporaryFolder folder = new();
        const string Header = """{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}""";
        Assert.That(Header.Length % 2, Is.EqualTo(1), "the header must make the offset odd");
        File.WriteAllBytes(folder.File("odd.safetensors"),
            [.. BitConverter.GetBytes((long)Header.Length), .. Encoding.ASCII.GetBytes(Header), .. new byte[16]]);
        ToolRun run = KsLotteryTool.Run("inspect", folder.File("odd.safetensors"), "--norms");
        Assert.That(run.Lines, Has.Some.Match($@"^a +F32 +\[2, 2\] +16 B +odd offset {8 + Header.Length}$"), run.Error);
    }

    [Test]
    public void Rows_past_the_tokenizer_are_named_padding()
    {
        using TemporaryFolder folder = new();
        File.Copy(SharedData.Path("models", "stories260K", "tok512.bin"), folder.File("tokenizer.bin"));
        Write(folder.File("model.safetensors"), "model.embed_tokens.weight", [.. Enumerable.Repeat(new float[] { 1, 2 }, 520)]);
        Assert.That(KsLotteryTool.Run("inspect", folder.Path).Lines,
            Has.Some.Match("^tokenizer +tokenizer.bin, 512 tokens; the last 8 rows are padding$"));
        Assert.That(KsLotteryTool.Run("inspect", folder.Path, "--json").Json().GetProperty("padded_rows").GetInt64(), Is.EqualTo(8));
    }

    [Test]
    public void A_damaged_tokenizer_does_not_hide_the_tensors()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("tokenizer.json"), "{");
        Write(folder.File("model.safetensors"), "a", [[1, 2]]);
        ToolRun run = KsLotteryTool.Run("inspect", folder.Path);
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Lines, Has.Some.Match("^tokenizer +cannot be read: .*tokenizer.json").And.Some.Match("^a +F32"));
    }

    [Test]
    public void A_hostile_name_is_shown_and_not_obeyed()
    {
        using TemporaryFolder folder = new();
        Write(folder.File("model.safetensors"), "x\u001b[31m\u202Ey\n", [[1, 2]]);
        ToolRun run = KsLotteryTool.Run("inspect", folder.Path, "--norms", "--fingerprints");
        Assert.That(run.Output, Does.Not.Contain("\u001b").And.Not.Contain("\u202E"));
        Assert.That(run.Lines, Has.Exactly(3).StartsWith(@"x\x1b[31m\u{202E}y\n "));
    }

    [Test]
    public void Bad_input_is_one_clear_line_and_exit_code_2()
    {
        KsLotteryTool.Run("inspect", "absent").AssertFailed(2, "absent", "no such file or folder");
        KsLotteryTool.Run("inspect", SharedData.Path("safetensors", "invalid", "hf_missing_2_bytes.safetensors"))
            .AssertFailed(2, "byte 82", "cut short");
        KsLotteryTool.Run("inspect", SharedData.Path("models", "hf", "stories260K_hf"), "--tensor", "model.embed_token.weight", "--json")
            .AssertFailed(2, "model.embed_tokens.weight");
        using TemporaryFolder folder = new();
        KsLotteryTool.Run("inspect", folder.Path).AssertFailed(2, "neither model.safetensors nor");
    }

    private static double Norm(Tensor tensor, int row)
    {
        double[] values = tensor.ElementType switch
        {
            ElementType.F32 => Array.ConvertAll(tensor.GetRow<float>(row).ToArray(), v => (double)v),
            ElementType.F16 => Array.ConvertAll(tensor.GetRow<Half>(row).ToArray(), v => (double)v),
            ElementType.BF16 => Array.ConvertAll(tensor.GetRow<ushort>(row).ToArray(), v => (double)HalfPrecision.FromBFloat16(v)),
            _ => throw new NotSupportedException(tensor.DtypeName),
        };
        return Math.Sqrt(values.Sum(v => v * v));
    }

    private static void Write(string path, string name, float[][] rows)
    {
        byte[] bytes = MemoryMarshal.AsBytes(rows.SelectMany(r => r).ToArray().AsSpan()).ToArray();
        Write(path, [TensorSource.FromBytes(name, ElementType.F32, [rows.Length, rows[0].Length], bytes)], []);
    }

    private static void Write(string path, TensorSource[] tensors, Dictionary<string, string> metadata) =>
        SafetensorsWriter.Write(path, tensors, metadata);
}
