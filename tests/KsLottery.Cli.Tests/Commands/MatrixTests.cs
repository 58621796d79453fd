using System.Text.Json;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

/// <summary>A report card of stories260K, by itself and with the tuned embedding of a real pair.</summary>
public sealed class MatrixTests
{
    private TemporaryFolder _folder = null!;

    private static string Model => SharedData.Path("models", "hf", "stories260K_hf");

    private static string Pairs => SharedData.Path("corpora", "tatoeba", "eng-dan.attributed.tsv");

    [SetUp]
    public void Declare()
    {
        _folder = new();
        string[][] lines = [.. File.ReadLines(Pairs).Skip(300).Take(200).Select(l => l.Split('\t'))];
        File.WriteAllLines(_folder.File("en.txt"), lines.Select(l => l[0]));
        File.WriteAllLines(_folder.File("da.txt"), lines.Select(l => l[1]));
        string tuned = SharedData.Path("models", "tuned-pairs", "en-da_input_embedding_hot_seed1");
        Assert.That(KsLotteryTool.Run("find", Path.Combine(Model, "model.safetensors"), tuned, "--top", "40", "--out",
            _folder.File("ticket"), "--quiet").ExitCode, Is.Zero);
        File.WriteAllText(_folder.File("matrix.json"), JsonSerializer.Serialize(new
        {
            @base = Model,
            tokenizer = SharedData.Path("tokenizers", "tok512", "tok512.model"),
            template = "plain",
            limit = 3,
            languages = new[] { new { name = "English", text = "en.txt" }, new { name = "Danish", text = "da.txt" } },
            models = new object[]
            {
                new { name = "stories" },
                new { name = "ticket", patches = new[] { "ticket" }, trained_on = new[] { new[] { "English", "Danish" } } },
            },
            tests = new object[]
            {
                new { source_language = "English", target_language = "Danish", data = Pairs },
                new { source_language = "Danish", target_language = "English", data = Pairs, source_column = 2, target_column = 1 },
            },
            evaluation = new { max_new_tokens = 16, batch = 8 },
        }));
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void A_card_shows_every_model_on_every_test_and_goes_on_where_it_was()
    {
        ToolRun run = Run("--out", _folder.File("card"));
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Lines, Has.Some.EqualTo("stories, not trained on pairs").And.Some.EqualTo("ticket, trained on English → Danish"));
        Assert.That(run.Lines, Has.Some.Match("^test +pair +chrF +gain +BLEU over pieces +off-target +error +stops$")
            .And.Some.Match(@"^English → Danish +seen +\d+\.\d +[+-]\d+\.\d ").And.Some.Match(@"^Danish → English +zero-shot pair ")
            .And.Some.Match(@"^Danish +\d+ +\d+ +\d+\.\d % "));
        Assert.That(run.Output, Does.Not.Contain("spBLEU"));
        Assert.That(run.Lines.Where(l => l.Length > 100), Is.Empty);

        KsLotteryTool.Run("eval", "--matrix", _folder.Path, "--out", _folder.File("card")).AssertFailed(2, "not empty", "--resume");
        JsonElement json = Run("--out", _folder.File("card"), "--resume", "--json", "--quiet").Json();
        JsonElement[] cells = [.. json.GetProperty("cells").EnumerateArray()];
        Assert.That(cells.Select(c => c.GetProperty("exposure").GetString()),
            Is.EqualTo((string[])["untrained", "untrained", "seen", "zero_shot_pair"]));
        string card = File.ReadAllText(Path.Combine(_folder.File("card"), "report-card.json"));
        Assert.That(JsonElement.DeepEquals(JsonDocument.Parse(card).RootElement, json), Is.True);

        JsonElement single = KsLotteryTool.Run("eval", Model, "--patch", _folder.File("ticket"), "--data", Pairs, "--limit", "3",
            "--template", "plain", "--source-language", "English", "--target-language", "Danish", "--max-new-tokens", "16", "--tokenizer",
            SharedData.Path("tokenizers", "tok512", "tok512.model"), "--json", "--quiet").Json();
        Assert.That(cells[2].GetProperty("chrf").GetDouble(),
            Is.EqualTo(single.GetProperty("scores").GetProperty("first_line").GetProperty("chrf").GetDouble()));
        Assert.That(cells[2].GetProperty("loss").GetDouble(), Is.EqualTo(single.GetProperty("loss").GetDouble()));
        Assert.That(cells[2].GetProperty("eos_rate").GetDouble(), Is.EqualTo(single.GetProperty("eos_rate").GetDouble()));
    }

    [TestCase("leave MODEL out", "model", "--out", "x")]
    [TestCase("--matrix needs --out")]
    [TestCase("--beams does not go with --matrix", "--out", "x", "--beams", "2")]
    [TestCase("--data does not go with --matrix", "--out", "x", "--data", "pairs.tsv")]
    public void The_file_says_how_models_are_scored(string says, params string[] arguments)
    {
        ToolRun run = Run(arguments);
        Assert.That((run.ExitCode, run.Error.Contains(says, StringComparison.Ordinal)), Is.EqualTo((1, true)), run.Error);
    }

    [Test]
    public void What_is_wrong_in_the_file_is_told_of()
    {
        File.WriteAllText(_folder.File("matrix.json"), """{"models": []}""");
        Run("--out", _folder.File("x")).AssertFailed(2, "matrix.json", "languages");
        Assert.That(Directory.Exists(_folder.File("x")), Is.False);
    }

    private ToolRun Run(params string[] arguments) => KsLotteryTool.Run(["eval", "--matrix", _folder.Path, .. arguments]);
}
