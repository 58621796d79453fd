using System.Runtime.InteropServices;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

/// <summary>Checkpoints of types that no kernel takes, through every command that opens them.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class StoredTypesTests : IDisposable
{
    private const int BadInput = 2, Rows = 200, Width = 64;
    private const string Name = "model.embed_tokens.weight";

    private readonly TemporaryFolder _folder = new();

    private string Base => _folder.File("base.safetensors");

    private string Tuned => _folder.File("tuned.safetensors");

    private string Ticket => _folder.File("ticket");

    public void Dispose() => _folder.Dispose();

    /// <summary>The same rows win as in F32, and their bytes go in and out.</summary>
    [Test]
    public void A_ticket_of_codes_is_found_applied_and_reverted()
    {
        float[] before = Values(1), after = Moved(before);
        Write(Base, ElementType.F8E4M3, before, 0.25f);
        Write(Tuned, ElementType.F8E4M3, after, 0.25f);
        ToolRun run = KsLotteryTool.Run("find", Base, Tuned, "--out", Ticket, "--json");
        Assert.That(run.Error, Does.Contain($"the values of \"{Name}\" are its F8_E4M3 codes times \"{Name}_scale\", one a row.")
            .And.Not.Contain("no patch"));
        JsonElement found = JsonElement.Parse(run.Output);
        Assert.That(Ids(found), Is.EqualTo(new[] { 3, 70 }));
        Assert.That(found.GetProperty("signature").GetString(), Does.Contain("|dtype:F8_E4M3/F8_E4M3|").And.Contain("|base_scale:sha256:")
            .And.Contain("|tuned_scale:sha256:"));
        Assert.That(TicketFile.Read(Ticket).Signature.ToString(), Is.EqualTo(found.GetProperty("signature").GetString()));
        Assert.That(KsLotteryTool.Run("apply", Base, Ticket, "--out", _folder.File("applied"), "--quiet").ExitCode, Is.Zero);
        string applied = Path.Combine(_folder.File("applied"), Path.GetFileName(Base));
        Assert.That(KsLotteryTool.Run("revert", applied, Ticket, "--out", _folder.File("reverted"), "--quiet").ExitCode, Is.Zero);
        Assert.That(File.ReadAllBytes(Path.Combine(_folder.File("reverted"), Path.GetFileName(Base))),
            Is.EqualTo(File.ReadAllBytes(Base)));
        Assert.That(File.ReadAllBytes(applied), Is.EqualTo(File.ReadAllBytes(Tuned)), "all rows that moved are in the ticket");
        Assert.That(KsLotteryTool.Run("find", Base, Tuned, "--html", _folder.File("page.html"), "--quiet").ExitCode, Is.Zero);
        Assert.That(KsLotteryTool.Run("report", Ticket, "--out", _folder.File("report"), "--quiet").ExitCode, Is.Zero);
        Assert.That(File.ReadAllText(_folder.File("page.html")), Does.Contain("What moved inside the rows"));
        Assert.That(File.ReadAllText(Path.Combine(_folder.File("report"), "report.html")), Does.Not.Contain("What moved inside the rows"),
            "the scale lies beside the base, not in the patch");
        KsLotteryTool.Run("report", Ticket, "--out", _folder.File("row"), "--row", "3").AssertFailed(BadInput, "row 3", "holds codes");
    }

    [Test]
    public void Scaled_codes_stand_against_numbers_and_codes_alone_are_refused()
    {
        float[] before = Values(1);
        Write(Base, ElementType.F8E4M3, before, 0.25f);
        Write(Tuned, ElementType.BF16, Moved(before), null);
        ToolRun run = KsLotteryTool.Run("find", Base, Tuned, "--out", Ticket, "--json");
        Assert.That(Ids(JsonElement.Parse(run.Output)), Is.EqualTo(new[] { 3, 70 }));
        Assert.That(run.Error, Does.Contain("note: no patch.safetensors: rows of BF16 cannot be stored as F8_E4M3"));
        Assert.That(File.Exists(Path.Combine(Ticket, "patch.safetensors")), Is.False);
        Assert.That(KsLotteryTool.Run("find", Base, Tuned, "--all-tensors").Lines,
            Has.Some.Match("^model.embed_tokens.weight +F8_E4M3/BF16 "));

        Write(Base, ElementType.F8E4M3, before, null);
        KsLotteryTool.Run("find", Base, Tuned).AssertFailed(BadInput, "F8_E4M3 without a scale in the base, BF16 in the tuned",
            "every row would differ", Name + "_scale_inv");
        Assert.That(KsLotteryTool.Run("find", Base, Tuned, "--all-tensors").Lines,
            Has.Some.StartsWith($"{Name}: F8_E4M3 without a scale in the base, BF16 in the tuned"));
        Write(Base, ElementType.F8E8M0, before, null);
        KsLotteryTool.Run("find", Base, Base).AssertFailed(BadInput, "rows of F8_E8M0 cannot be tested", "Convert the tensor");
    }

    [Test]
    public void Doubles_are_compared_as_F32_with_a_remark()
    {
        float[] before = Values(1);
        Write(Base, ElementType.F64, before, null);
        Write(Tuned, ElementType.F32, Moved(before), null);
        ToolRun run = KsLotteryTool.Run("find", Base, Tuned, "--json");
        Assert.That(run.Error, Does.Contain("read from F64 as F32, rounded to nearest, ties to even").And.Contain("are ties"));
        Assert.That(Ids(JsonElement.Parse(run.Output)), Is.EqualTo(new[] { 3, 70 }));
    }

    [Test]
    public void Norms_are_those_of_the_values()
    {
        Write(Base, ElementType.I8, [.. Enumerable.Repeat(2f, Rows * Width)], 0.5f);
        JsonElement norms = KsLotteryTool.Run("inspect", Base, "--norms", "--json").Json().GetProperty("tensors").EnumerateArray()
            .Single(tensor => tensor.GetProperty("name").GetString() == Name).GetProperty("norms");
        Assert.That(norms.GetProperty("median").GetDouble(), Is.EqualTo(2 * Math.Sqrt(Width)));
    }

    /// <summary>Readable is not native: where a model runs, the refusal names tensor, type and what to do.</summary>
    [Test]
    public void No_model_runs_on_weights_that_are_only_readable()
    {
        string model = new TinyLlama().Write(_folder.File("model")), file = Path.Combine(model, "model.safetensors");
        const string Projection = "model.layers.0.mlp.up_proj.weight";
        byte[] bytes = File.ReadAllBytes(file);
        File.WriteAllText(_folder.File("pairs.tsv"), "the cat\tkatten\nan onion\tet loeg\n");
        string copy = _folder.File("copy.safetensors");
        File.WriteAllBytes(copy, bytes);
        using (SafetensorsFile given = SafetensorsFile.Open(copy))
            SafetensorsWriter.Write(file, given.Tensors.Select(tensor => tensor.Name != Projection ? TensorSource.FromTensor(tensor)
                : TensorSource.FromBytes(Projection, ElementType.F8E4M3, tensor.Shape, new byte[tensor.ElementCount])));
        string[] data = ["--data", _folder.File("pairs.tsv"), "--template", "minimal"];
        foreach (string[] command in (string[][])[["generate", model, "--prompt", "a"], ["eval", model, .. data],
            ["tune", model, .. data, "--train", "embedding", "--out", _folder.File("tuned")]])
            KsLotteryTool.Run(command).AssertFailed(BadInput, Projection, "F8_E4M3", "no model computes with them",
                "Convert the checkpoint");
    }

    private static IEnumerable<int> Ids(JsonElement found) => found.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32());

    private static float[] Values(int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, Rows * Width).Select(_ => (float)((random.NextDouble() - 0.5) * 40))];
    }

    private static float[] Moved(float[] before) =>
        [.. before.Select((value, i) => i / Width is 3 or 70 ? Math.Abs(value) + 15 : value)];

    private static void Write(string path, ElementType type, float[] values, float? scale)
    {
        byte[] bytes = type == ElementType.F8E8M0 ? new byte[values.Length]
            : RowRounding.ToBytes([.. values.Select(value => value / (scale ?? 1))], type);
        float[] scales = [.. Enumerable.Repeat(scale ?? 0, Rows)];
        SafetensorsWriter.Write(path, [TensorSource.FromBytes(Name, type, [Rows, Width], bytes), .. scale is null ? (TensorSource[])[]
            : [TensorSource.FromBytes(Name + "_scale", ElementType.F32, [Rows, 1], MemoryMarshal.AsBytes<float>(scales).ToArray())]]);
    }
}
