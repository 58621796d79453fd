using KsLottery.Engine.Checkpoints;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

/// <summary>Text to train on, and a base that the tool itself made of it in a few steps.</summary>
internal sealed class TrainingFixture : IDisposable
{
    private static readonly string[] English = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    private static readonly string[] Danish = ["en", "to", "tre", "fire", "fem", "seks", "syv", "otte", "ni", "ti"];

    private readonly TemporaryFolder _folder = new();

    public TrainingFixture(int width = 32, int steps = 10)
    {
        AtomicFile.WriteText(Pairs, string.Concat(Enumerable.Range(0, 300).Select(i =>
            $"{English[i % 10]} and {English[i / 10 % 10]} of {English[i / 100]}\t{Danish[i % 10]} og {Danish[i / 10 % 10]} af "
                + $"{Danish[i / 100]}\n")));
        ToolRun run = KsLotteryTool.Run("pretrain", "--text", Pairs + ":1", Pairs + ":2", "--out", Base, "--vocabulary", "320", "--width",
            $"{width}",
            "--layers", "2", "--heads", "4", "--key-heads", "2", "--length", "32", "--batch", "4", "--steps", $"{steps}", "--threads", "2");
        Assert.That((run.ExitCode, run.Error.Contains("error", StringComparison.Ordinal)), Is.EqualTo((0, false)), run.Error);
    }

    public string Pairs => _folder.File("pairs.tsv");

    public string Base => _folder.File("base");

    public string File(string name) => _folder.File(name);

    /// <summary>The arguments of a tuning on the pairs.</summary>
    public string[] Tune(string output, string train, params string[] more) =>
        ["tune", Base, "--data", Pairs, "--template", "minimal", "--max-length", "64", "--overlong", "fail", "--train", train, "--out",
            File(output), "--batch", "8", .. more];

    /// <summary>Tunes and takes the one JSON object.</summary>
    public System.Text.Json.JsonElement RunTune(string output, string train, params string[] more) =>
        KsLotteryTool.Run([.. Tune(output, train, more), "--json", "--quiet"]).Json();

    /// <summary>The lines of a run's metrics without the column that is a matter of time.</summary>
    public string[] Metrics(string output) => [.. System.IO.File.ReadLines(Path.Combine(File(output), "metrics.jsonl"))
        .Select(line => line[..line.IndexOf(",\"tokens_per_second\"", StringComparison.Ordinal)])];

    public void Dispose() => _folder.Dispose();
}
