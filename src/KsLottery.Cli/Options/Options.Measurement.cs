using System.CommandLine;
using KsLottery.Benchmarks;
using KsLottery.Demo;
using KsLottery.Engine.Kernels;

namespace KsLottery.Cli;

/// <content>What is measured and shown.</content>
internal static partial class Options
{
    /// <summary>Stands for every value of an option that takes several.</summary>
    public const string All = "all";

    /// <summary>What <c>bench model</c> reads in place of random tokens.</summary>
    public static readonly Option<string?> TokenIds = OptionKind.Text("--tokens", "FILE",
        "Token ids in place of random ones, decimal: the ticket's on the first line, a sequence on each further one.");

    /// <summary>The forms of <c>bench ks</c>.</summary>
    public const string MarkdownFormat = "md", CsvFormat = "csv", JsonFormat = "json";

    /// <summary>Time for the measurement of a figure.</summary>
    public static readonly NumberOption<double> Seconds = OptionKind.Real("--seconds", "S", seconds => seconds is >= 0.01 and <= 3600,
        "it must be a number from 0.01 to 3600");

    public static readonly Option<string?> Filter = OptionKind.Text("--filter", "TEXT",
        "Only checks with this text in their name, such as rows, attention or BF16.", "-f");

    public static readonly Option<bool> ListChecks = List("Name the checks instead of running them.");

    public static readonly Option<string[]> Regimes = OptionKind.Several("--regime", "How the rows before and after are alike",
        [All], [.. BenchRows.Regimes]);

    /// <summary>Types that rows are measured in.</summary>
    public static readonly string[] DtypeNames = ["f32", "f16", "bf16"];

    public static readonly Option<string[]> Dtypes = OptionKind.Several(DtypeName, "Element type", ["f32"], DtypeNames);

    public static readonly Option<string[]> RowKernels = OptionKind.Several("--kernel",
        "Row kernel, by default the one that a scan takes, with all every one that can run here", null,
        [.. KsRowKernels.Known.Select(kernel => kernel.Name)]);

    public static readonly Option<bool> Scan = OptionKind.Flag("--scan", "Measure the whole scan too: norms and results with each row.");

    public static readonly Option<string> Format = OptionKind.Choice("--format", MarkdownFormat,
        "How to print the figures; --json is the same as --format json.", MarkdownFormat, CsvFormat, JsonFormat);

    public static readonly Option<string[]> Works = new Option<string[]>("--work")
    {
        Description = $"What to measure: {string.Join(", ", ModelBench.Works)}. All by default; several may be given.",
        HelpName = "NAME",
    }.Among(null, [.. ModelBench.Works]);

    public static readonly Option<string> DemoLanguage = OptionKind.Choice("--language", Language.German.Name.ToLowerInvariant(),
        "The language that the experiment translates to, from English.",
        [.. Language.All.Skip(1).Select(language => language.Name.ToLowerInvariant())]);

    public static readonly Option<bool> Quick = OptionKind.Flag("--quick",
        "A tenth of the training: shows the way in seconds, and says nothing about tickets.");

    public static readonly Option<bool> Pair = OptionKind.Flag("--pair",
        "No training: find, apply, verify, revert and export on a pair with planted rows, each answer checked, in a second.");

    public static readonly Option<string?> Keep = OptionKind.Text("--keep", "DIR",
        "Keep the files in this new folder instead of a temporary one.");
}
