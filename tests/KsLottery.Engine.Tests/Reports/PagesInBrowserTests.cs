using KsLottery.Engine.Reports;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Reports;

/// <summary>Pages with as much on them as there ever is, as a browser shows them, at two widths, light and dark; their pictures go to
/// <c>artifacts/pages</c>.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class PagesInBrowserTests
{
    private static readonly string[] Pages = ["all", "experiment", "certificate", "large"];

    private readonly ReportFixture _fixture = new();
    private Chromium? _browser;

    [OneTimeSetUp]
    public void Start()
    {
        _browser = Chromium.Start();
        PageFixture.WriteExperiment(_fixture, "experiment");
        PageHeadTests.WriteCertificate(_fixture, "certificate");
        PageFixture.WriteCertificateTables(_fixture, "certificate");
        _fixture.WriteTicket("large", rows: 128_000, width: 32, moved: 700);
        long[] occurrences = [.. Enumerable.Range(0, 128_000).Select(i => 1_000_000L / (i + 1))];
        _fixture.WriteAll();
        foreach (string name in Pages) Write(name, _fixture.Place(name), name == "large" ? occurrences : null);
    }

    [OneTimeTearDown]
    public void Stop()
    {
        _browser?.Dispose();
        _fixture.Dispose();
    }

    [Test]
    public void Texts_stand_alone_within_their_cards_and_can_be_read(
        [ValueSource(nameof(Pages))] string page, [Values(1280, 360)] int width, [Values("light", "dark")] string scheme) =>
        Assert.That(_browser!.FaultsOf(PathOf(page), page, width, scheme), Is.Empty);

    [TestCase("Drawn", "<p style='color:#999'>faint and long enough</p>", "contrast of 2.8")]
    [TestCase("Laid", "<p style='position:absolute;top:0;left:0'>one text</p><p style='position:absolute;top:4px;left:8px'>another</p>",
        "lie on each other")]
    [TestCase("Left", "<figure style='width:5rem'><span style='white-space:nowrap'>what does not fit into it</span></figure>",
        "leaves its card")]
    [TestCase("Small", "<p style='font-size:9px'>small print</p>", "9 pixels high")]
    public void Planted_faults_are_found(string name, string markup, string fault)
    {
        File.WriteAllText(PathOf(name), "<!DOCTYPE html><body style='background:#fff'>" + markup);
        _browser!.Show(PathOf(name), 360, "light");
        Assert.That(_browser.FaultsNow(), Has.Some.Contains(fault));
    }

    [TestCase(1280, "light"), TestCase(360, "dark")]
    public void Axe_finds_nothing_serious(int width, string scheme)
    {
        foreach (string page in Pages) Assert.That(_browser!.AxeFaultsOf(PathOf(page), width, scheme), Is.Empty, page);
    }

    private void Write(string name, string folder, IReadOnlyList<long>? occurrences = null) => Report.FromFolder(folder, new()
    {
        Occurrences = occurrences,
        Origin = [new("command", $"kslottery report {name} --out report"), new("folder", $"/home/somebody/models/{name}")],
    }).WritePage(PathOf(name));

    private string PathOf(string page) => _fixture.Place($"{page}.html");
}
