using System.Text.RegularExpressions;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Ranks;

/// <summary>The tool under real launchers: the bytes of one process, whatever the number of ranks.</summary>
public sealed class RankedFindTests
{
    private const int Width = 64, Rows = 211;

    private static readonly string[] Written = ["ticket.json", "rows.tsv", "patch.safetensors"];

    private static readonly Lazy<TemporaryFolder> Made = new(Make);

    private static TemporaryFolder Folder => Made.Value;

    private static string Base => Folder.File("base");

    private static string Tuned => Folder.File("tuned");

    [OneTimeTearDown]
    public void RemoveFolder()
    {
        if (Made.IsValueCreated) Folder.Dispose();
    }

    [TestCase(MpiRun.OpenMpi, 1)]
    [TestCase(MpiRun.OpenMpi, 2)]
    [TestCase(MpiRun.OpenMpi, 5)]
    [TestCase(MpiRun.Mpich, 3)]
    [TestCase(MpiRun.Mpich, 4)]
    public void Any_number_of_ranks_writes_the_bytes_of_one_process(string library, int ranks)
    {
        string name = $"{library}{ranks}";
        (int exitCode, string output, string error) = Run(library, ranks, "find", Base, Tuned, "--top", "9", "--quiet",
            "--out", Folder.File(name), "--html", Folder.File($"{name}.html"));
        Assert.That((exitCode, error), Is.EqualTo((0, "")), output);
        Assert.That(output, Does.Contain("rows").And.Not.Contain("\e"), "stdout is no terminal of a person, whatever it looks like");
        Assert.That(output.Split("written ").Length, Is.EqualTo(2), "one rank speaks");
        foreach (string file in Written)
            Assert.That(File.ReadAllBytes(Path.Combine(Folder.File(name), file)),
                Is.EqualTo(File.ReadAllBytes(Path.Combine(Folder.File("one"), file))), file);
        Assert.That(Page(name), Is.EqualTo(Page("one")));
    }

    [TestCase(MpiRun.OpenMpi, 3)]
    [TestCase(MpiRun.Mpich, 2)]
    public void Maps_and_inspections_are_those_of_one_process(string library, int ranks)
    {
        string name = $"map-{library}";
        (int exitCode, string output, string error) = Run(library, ranks, "find", Base, Tuned, "--all-tensors", "--no-mmap", "--quiet",
            "--out", Folder.File(name));
        Assert.That((exitCode, error), Is.EqualTo((0, "")), output);
        Assert.That(File.ReadAllBytes(Path.Combine(Folder.File(name), "tensors.tsv")),
            Is.EqualTo(File.ReadAllBytes(Path.Combine(Folder.File("map"), "tensors.tsv"))));

        string[] inspect = ["inspect", Base, "--norms", "--sparsity", "--fingerprints", "--against", Tuned, "--json"];
        (exitCode, output, error) = Run(library, ranks, [.. inspect, "--quiet"]);
        Assert.That((exitCode, error), Is.EqualTo((0, "")), output);
        Assert.That(output, Is.EqualTo(KsLotteryTool.Run(inspect).Output));
    }

    [Test]
    public void Ranks_may_compute_in_ways_of_their_own()
    {
        string[] find = ["find", Base, Tuned, "--top", "9", "-q", "--out", Folder.File("mixed")];
        (int exitCode, string output, string error) = MpiRun.RunEach(MpiRun.Mpich,
        [
            [.. KsLotteryTool.Command, .. find, "--threads", "1"],
            ["env", "KSLOTTERY_KERNEL=scalar", .. KsLotteryTool.Command, .. find, "--threads", "2"],
        ]);
        Assert.That((exitCode, error), Is.EqualTo((0, "")), output);
        foreach (string file in Written)
            Assert.That(File.ReadAllBytes(Path.Combine(Folder.File("mixed"), file)),
                Is.EqualTo(File.ReadAllBytes(Path.Combine(Folder.File("one"), file))), file);
    }

    /// <summary>A page but for what it says of how and when it was made.</summary>
    private static string Page(string name) => Regex.Replace(File.ReadAllText(Folder.File($"{name}.html")),
        @$"/{name}\b|\d{{4}}-\d\d-\d\d \d\d:\d\d UTC", "");

    private static (int ExitCode, string Output, string Error) Run(string library, int ranks, params string[] arguments) =>
        MpiRun.Run(library, ranks, [.. KsLotteryTool.Command, .. arguments], ("TERM", "xterm"));

    /// <summary>A pair with rows nearly zero, with NaN and without a change, and what one process finds in it.</summary>
    private static TemporaryFolder Make()
    {
        TemporaryFolder folder = new();
        foreach ((string name, int seed) in new[] { ("base", 1), ("tuned", 2) })
        {
            Directory.CreateDirectory(folder.File(name));
            SafetensorsWriter.Write(Path.Combine(folder.File(name), "model.safetensors"),
            [
                Matrix("model.embed_tokens.weight", Rows, seed),
                .. Enumerable.Range(0, 6).Select(i => Matrix($"model.layers.{i}.mlp.up_proj.weight", 20 + i, seed + (10 * i))),
                TensorSource.FromBytes("model.norm.weight", ElementType.F32, [2], new byte[] { 0, 0, 0, (byte)seed, 0, 0, 0, 0 }),
            ]);
        }
        string pair = $"{folder.File("base")} {folder.File("tuned")}";
        Assert.That(KsLotteryTool.Run([.. $"find {pair} --top 9 --quiet".Split(' '), "--out", folder.File("one"),
            "--html", folder.File("one.html")]).ExitCode, Is.Zero);
        Assert.That(KsLotteryTool.Run([.. $"find {pair} --all-tensors --quiet".Split(' '), "--out", folder.File("map")]).ExitCode, Is.Zero);
        return folder;
    }

    private static TensorSource Matrix(string name, int rows, int seed)
    {
        List<byte> bytes = [];
        for (int row = 0; row < rows; row++)
        {
            SplitMix64 random = new((ulong)(row % 9 == 4 ? row : (row * 7) + (seed * 1_000_003)));
            float scale = row % 7 == 5 ? 1e-6f : 1;
            float[] values = [.. Enumerable.Range(0, Width).Select(_ => scale * ((random.Next() >> 40) / (float)(1 << 24) - 0.5f))];
            if (row % 97 == 50) values[row % Width] = float.NaN;
            bytes.AddRange(RowRounding.ToBytes(values, ElementType.F32));
        }
        return TensorSource.FromBytes(name, ElementType.F32, [rows, Width], bytes.ToArray());
    }
}
