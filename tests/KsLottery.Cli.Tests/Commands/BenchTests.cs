using System.Globalization;
using System.Text.Json;

namespace KsLottery.Cli.Tests.Commands;

public sealed class BenchTests
{
    private static readonly string[] Small = ["bench", "ks", "--rows", "64", "--width", "256", "--seconds", "0.02", "--quiet"];

    [Test]
    public void Each_regime_gets_a_figure_against_the_stream_read()
    {
        JsonElement result = KsLotteryTool.Run([.. Small, "--json"]).Json();
        JsonElement[] figures = [.. result.GetProperty("figures").EnumerateArray()];
        Assert.That(figures.Select(f => f.GetProperty("regime").GetString()), Is.EqualTo(new[]
        {
            "unrelated", "noise-1e-3", "noise-1e-4", "noise-1e-6", "ninety-percent-identical", "identical", "few-values", "lognormal",
                "cauchy",
        }));
        foreach (JsonElement figure in figures)
        {
            double rate = figure.GetProperty("rows_per_second").GetDouble(),
                stream = figure.GetProperty("stream_gb_per_second").GetDouble();
            Assert.That(rate,
                Is.InRange(figure.GetProperty("rows_per_second_min").GetDouble(), figure.GetProperty("rows_per_second_max").GetDouble()));
            Assert.That(figure.GetProperty("gb_per_second").GetDouble(), Is.EqualTo(rate * 2 * 256 * 4 / 1e9).Within(1e-9));
            Assert.That(stream, Is.GreaterThan(0));
            Assert.That(figure.GetProperty("share_of_stream").GetDouble(), Is.GreaterThan(0));
        }
        Assert.That(result.GetProperty("processor").GetString(), Is.Not.Empty);
        Assert.That(result.GetProperty("runtime").GetString(), Does.StartWith(".NET"));
    }

    [Test]
    public void A_step_inside_a_mask_is_set_against_the_full_one()
    {
        string[] steps = ["bench", "model", "--width", "128", "--layers", "1", "--heads", "2", "--feed-forward", "128",
            "--vocabulary", "300", "--length", "16", "--seconds", "0.01", "--quiet", "--work", "mask step"];
        Assert.That(KsLotteryTool.Run(steps).Output, Does.Not.Contain(" / "));
        ToolRun run = KsLotteryTool.Run([.. steps, "--work", "full step"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Output, Does.Match(
            @"mask step / full step: \d+\.\d\d of the time, (\d+\.\d\d|NaN|Infinity) of the CPU time, 0\.\d\d of the memory"));
    }

    [Test]
    public void Kernels_types_threads_and_the_scan_are_measured_side_by_side()
    {
        ToolRun run =
            KsLotteryTool.Run([.. Small, "--regime", "unrelated", "identical", "--dtype", "all", "--kernel", "scalar", "reference",
                "--scan",
            "--threads", "2", "--format", "csv"]);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        string[][] rows = [.. run.Lines.Select(l => l.Split(','))];
        Assert.That(rows, Has.All.Length.EqualTo(rows[0].Length));
        Assert.That(rows, Has.Length.EqualTo(1 + 3 * 2 * 4),
            "a header, and a line for each of 3 types, 2 regimes, 2 kernels with and without the scan");
        Assert.That(rows.Skip(1).Select(r => r[2]).Distinct(),
            Is.EqualTo(new[] { "scalar", "scan scalar", "reference", "scan reference" }));
        Assert.That(rows.Skip(1).Select(r => double.Parse(r[6], CultureInfo.InvariantCulture)), Has.All.Matches(Is.GreaterThan(0)));
    }

    [Test]
    public void The_markdown_fits_a_terminal_and_names_the_machine()
    {
        ToolRun run = KsLotteryTool.Run([.. Small, "--regime", "ninety-percent-identical", "--kernel", "scalar"]);
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Output, Does.Contain("- processor: ").And.Contain("- threads: 1").And.Contain("Stream read: "));
        Assert.That(run.Lines.Where(l => l.StartsWith('|')), Has.Exactly(3).Items);
        Assert.That(run.Lines.Select(l => l.Length), Has.All.Matches(Is.LessThanOrEqualTo(100)));
    }

    [Test]
    public void Format_json_is_the_same_as_json() =>
        Assert.That(KsLotteryTool.Run([.. Small, "--regime", "identical", "--format", "json"]).Json().GetProperty("figures")
            .GetArrayLength(), Is.EqualTo(1));

    [TestCase("--width", "0"), TestCase("--width", "65537"), TestCase("--rows", "0"), TestCase("--threads", "-1"),
        TestCase("--seconds", "0")]
    [TestCase("--rows", "2000000000")]
    public void A_value_out_of_range_is_an_error_of_usage_that_names_it(string option, string value)
    {
        ToolRun run = KsLotteryTool.Run("bench", "ks", option, value);
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.Contain(option).And.Contain(value));
    }

    [TestCase("--seconds", "NaN"), TestCase("--seconds", "0,5"), TestCase("--rows", "1,000"), TestCase("--regime", "sometimes"),
        TestCase("--dtype", "f64"), TestCase("--kernel", "vector1024"), TestCase("--format", "xml")]
    public void An_unknown_choice_is_an_error_of_usage_that_lists_the_choices(string option, string value)
    {
        ToolRun run = KsLotteryTool.Run("bench", "ks", option, value);
        Assert.That((run.ExitCode, run.Output), Is.EqualTo((1, "")));
        Assert.That(run.Error, Does.Contain(value));
    }

    [Test]
    public void A_forced_kernel_that_cannot_run_is_an_unavailable_device() =>
        KsLotteryTool.Run([("KSLOTTERY_KERNEL", "vector1024")], Small).AssertFailed(3, "vector1024", "scalar");
}
