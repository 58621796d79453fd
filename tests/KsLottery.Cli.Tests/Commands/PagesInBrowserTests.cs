using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

/// <summary>The pages that the tool makes of the demo, as a browser shows them; their pictures go to <c>artifacts/pages</c>.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class PagesInBrowserTests
{
    private const int Rows = 128_000, Width = 16;

    private static readonly string[] Pages = ["demo", "demo-certificate", "find-128k", "units", "tensors"];

    private readonly TemporaryFolder _folder = new();
    private Chromium? _browser;

    [OneTimeSetUp]
    public void Start()
    {
        _browser = Chromium.Start();
        string demo = QuickDemo.Kept.Folder, start = Path.Combine(demo, "base"), full = Path.Combine(demo, "german-1-full-tuning");
        Run("report", demo, "--out", _folder.File("demo"));
        Run("certify", start, Path.Combine(demo, "german-1-embed-tuning"), "--ticket", Path.Combine(demo, "german-1-ticket", "ticket.json"),
            "--data", Path.Combine(demo, "test.tsv"), "--template", "plain", "--source-language", "English", "--target-language", "German",
            "--limit", "8", "--out", _folder.File("certificate"));
        Run("report", _folder.File("certificate"), "--out", _folder.File("demo-certificate"));
        WriteLarge();
        Run("find", _folder.File("before"), _folder.File("after"), "--html", _folder.File("find-128k.html"));
        Run("find", start, full, "--unit", "elements", "--score", "movement", "--share", "1%", "--tensors", "*.mlp.*,*.self_attn.*",
            "--html", _folder.File("units.html"));
        Run("find", start, full, "--all-tensors", "--out", _folder.File("map"));
        Run("report", _folder.File("map"), "--out", _folder.File("tensors"));
    }

    [OneTimeTearDown]
    public void Stop()
    {
        _browser?.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void Texts_stand_alone_within_their_cards_and_can_be_read(
        [ValueSource(nameof(Pages))] string page, [Values(1280, 360)] int width, [Values("light", "dark")] string scheme) =>
        Assert.That(_browser!.FaultsOf(PathOf(page), $"tool-{page}", width, scheme), Is.Empty);

    [Test]
    public void Axe_finds_nothing_serious([ValueSource(nameof(Pages))] string page) =>
        Assert.That(_browser!.AxeFaultsOf(PathOf(page), 360, "light"), Is.Empty);

    private static void Run(params string[] arguments)
    {
        ToolRun run = KsLotteryTool.Run([.. arguments, "--quiet"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
    }

    /// <summary>A pair of which every second row moved a little, and one in a hundred far.</summary>
    private void WriteLarge()
    {
        SplitMix64 random = new(3);
        float[] before = new float[Rows * Width], after = new float[Rows * Width];
        for (int i = 0; i < before.Length; i++)
        {
            int row = i / Width;
            before[i] = (float)random.NextNormal();
            after[i] = before[i]
                + (row % 100 == 0 ? 1 + (0.02f * (row % 97)) : row % 2 == 0 ? 0.3f * (float)random.NextNormal() : 0);
        }
        foreach ((string name, float[] values) in ((string, float[])[])[("before", before), ("after", after)])
            SafetensorsWriter.Write(_folder.File(name), [TensorSource.FromBytes("model.embed_tokens.weight", ElementType.F32, [Rows, Width],
                MemoryMarshal.AsBytes<float>(values).ToArray())]);
    }

    private string PathOf(string page) => _folder.File($"{page}.html") is var file && File.Exists(file) ? file
        : Path.Combine(_folder.File(page), "report.html");
}
