using System.Globalization;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

[TestFixture]
public sealed class ReproduceTests : IDisposable
{
    /// <summary>What a finished training leaves: that of a LLaMA, that of a small network.</summary>
    private static readonly string[] Trained = ["training.json", "steps.tsv"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static IEnumerable<string> Systems =>
        Directory.GetFiles(Path.Combine(SharedData.Root, "recipes"), "*.json").Select(p => Path.GetFileNameWithoutExtension(p)!);

    [Test]
    public void The_systems_are_listed_with_how_long_they_take()
    {
        ToolRun run = KsLotteryTool.Run("reproduce", "--list");
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        foreach (string system in Systems) Assert.That(run.Output, Does.Match($@"(?m)^{system} .*minutes$"));
    }

    [TestCaseSource(nameof(Systems))]
    public void The_short_form_of_a_system_runs_and_goes_on_to_the_same_table(string system)
    {
        string folder = _folder.File(system);
        ToolRun run = KsLotteryTool.Run("reproduce", system, "--short", "--out", folder);
        Assert.That((run.ExitCode, run.Output.Contains("gives no verdict", StringComparison.Ordinal)), Is.EqualTo((0, true)), run.Error);
        Assert.That(run.Output, Does.Not.Contain("left out"), "every step was made");
        (string, string)[] before = Tables(folder);
        string[] frozen = [.. File.ReadLines(Path.Combine(folder, "short-claims.tsv"))
            .Where(l => l.Contains("bits are the base's", StringComparison.Ordinal))];
        Assert.That(frozen, Has.All.EndsWith("\tshown\t0\t0"), "what is frozen keeps its bytes");
        bool freezes = system is not ("tower" or "lth" or "essential-sparsity" or "stabilizing" or "pq-index" or "grokking");
        Assert.That(frozen, freezes ? Is.Not.Empty : Is.Empty, "the others freeze nothing");
        Assert.That(File.Exists(Path.Combine(folder, "recipe.verdicts.tsv")), Is.False);

        AssertSizes(system, step => File.ReadLines(Path.Combine(folder, "short-results.tsv")).Select(l => l.Split('\t'))
            .Where(l => l[1] == step).Select(l => (Values: Number(l[3]), Peak: Number(l[7]))).First());
        if (system.StartsWith("rethinking", StringComparison.Ordinal)) return; // the same steps with other claims
        // A step that is gone is made again, and nothing else is.
        string step = Directory.GetDirectories(folder, "*", SearchOption.AllDirectories)
            .Where(d => Trained.Any(name => File.Exists(Path.Combine(d, name))) && Path.GetFileName(d) is not ("base" or "base-scores"))
            .Order(StringComparer.Ordinal)
            .OrderByDescending(d => File.Exists(Path.Combine(d, "patch.safetensors"))).First();
        string[] others = Times(folder, step);
        Directory.Delete(step, recursive: true);
        ToolRun again = KsLotteryTool.Run("reproduce", system, "--short", "--out", folder, "--resume");
        Assert.That(again.ExitCode, Is.Zero, again.Error);
        Assert.That(Tables(folder), Is.EqualTo(before));
        Assert.That(Times(folder, step), Is.EqualTo(others));
    }

    [Test]
    public void What_cannot_be_run_is_named()
    {
        foreach ((string[] arguments, string message) in (ReadOnlySpan<(string[], string)>)
            [([], "Name a system"), (["lota"], "--out is missing"), (["lota", "--list"], "--list runs nothing")])
        {
            ToolRun run = KsLotteryTool.Run(["reproduce", .. arguments]);
            Assert.That((run.ExitCode, run.Error.Contains(message, StringComparison.Ordinal)), Is.EqualTo((1, true)), run.Error);
        }
        KsLotteryTool.Run("reproduce", "absent", "--out", _folder.File("absent")).AssertFailed(2, "ks-lottery");
        Directory.CreateDirectory(_folder.File("full"));
        File.WriteAllBytes(_folder.File("full/a"), [1]);
        KsLotteryTool.Run("reproduce", "lota", "--out", _folder.File("full")).AssertFailed(2, "the folder is not empty");
    }

    /// <summary>What sizes are, whatever was learned.</summary>
    private static void AssertSizes(string system, Func<string, (long Values, long Peak)> of)
    {
        if (system == "lt-sft")
        {
            (long task, long letters, long sum) = (of("digits + task").Values, of("letters").Values, of("letters + task").Values);
            Assert.That(sum, Is.InRange(Math.Max(task, letters) + 1, task + letters), "values that both have count once");
            Assert.That(of("task").Values, Is.EqualTo(task), "the first language does not come along");
            Assert.That(of("letters + task, whole").Values, Is.EqualTo(of("letters, whole").Values));
            Assert.That(of("random values of letters + task").Values, Is.InRange(task + 1, sum + task));
        }
        else if (system == "lth")
            Assert.That((of("ticket").Values, of("ticket").Peak), Is.EqualTo((of("dense").Values, of("shuffled").Peak)),
                "what is 0 is trained too, and costs a mask");
        else if (system == "essential-sparsity")
            Assert.That((of("trained, 95%").Values, of("untrained, 95%").Peak), Is.EqualTo((of("trained").Values, of("trained, 30%").Peak)),
                "of every point as much is trained");
        else if (system == "stabilizing")
            Assert.That((of("ticket at 10%").Values, of("other order at 0.1%").Peak),
                Is.EqualTo((of("dense").Values, of("ticket at 0%").Peak)), "whatever it is rewound to");
        else if (system == "spiel")
        {
            Assert.That(of("SpIEL").Values, Is.EqualTo(of("LT-SFT").Values));
            Assert.That(of("SpIEL").Peak, Is.InRange(1, of("LT-SFT").Peak - 1));
            Assert.That(of("LT-SFT").Peak, Is.EqualTo(of("full").Peak), "its search is a full tuning");
        }
    }

    private static long Number(string cell) => long.Parse(cell, CultureInfo.InvariantCulture);

    private static (string Name, string Text)[] Tables(string folder) => [.. Directory.GetFiles(folder, "short-*.tsv")
        .Order(StringComparer.Ordinal).Select(f => (Path.GetFileName(f), File.ReadAllText(f)))];

    /// <summary>When the trainings and scores that stand there were written, but for one step's.</summary>
    private static string[] Times(string folder, string except) =>
        [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
            .Where(f => Path.GetFileName(f) is var name && (Trained.Contains(name) || name.StartsWith("scores", StringComparison.Ordinal))
                && Path.GetDirectoryName(f) != except)
            .Order(StringComparer.Ordinal).Select(f => $"{f} {File.GetLastWriteTimeUtc(f):O}")];
}
