using System.CommandLine;
using KsLottery.Engine.Reports;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery report DIR</c>: one page about what other commands left in a folder.</summary>
internal static class ReportCommand
{
    private static readonly Argument<string> Folder = new("DIR")
    {
        Description = "The folder of find --out, tune, pretrain, certify, experiment or demo --keep, or one that holds such folders.",
    };
    private static readonly Option<string?> Out = new("--out", "-o")
    {
        Description = "The new folder for report.html and the charts as .svg and .tsv; without it DIR-report, beside DIR.",
        HelpName = "DIR",
    };
    private static readonly Option<bool> Force = new("--force")
    {
        Description = "Replace an earlier report; other files are never replaced.",
    };
    private static readonly Option<int?> Row = OptionValue.Optional("--row", "ID", 0,
        "The row whose values before and after are drawn, one of the ticket's; without it the best.");
    private static readonly Option<string?> Data = new("--data")
    {
        Description = "Sentence pairs, SOURCE,TARGET or one file: adds p by how often a token occurs in them.",
        HelpName = "PAIRS",
    };
    private static readonly Option<string?> TokenizerPath = new("--tokenizer")
    {
        Description = "The tokenizer that counts them; without it the one in DIR or a folder in it.",
        HelpName = "PATH",
    };
    private static readonly Option<bool> TensorBoard = new("--tensorboard")
    {
        Description = "Also write the steps of every training as an event file that TensorBoard reads, below tensorboard/.",
    };

    public static Command Create()
    {
        Command command = new("report", "Makes a page about what other commands left in a folder: tickets, trainings, certificates, "
            + "controls; what is absent is left out.")
        {
            Folder, Out, Force, Row, Data, TokenizerPath, TensorBoard,
        };
        PairOptions.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(Data) is null or { Implicit: true } && result.GetResult(TokenizerPath) is { Implicit: false })
                result.AddError("--tokenizer counts the tokens of --data: give PAIRS as well.");
        });
        command.SetBody(Run);
        return command;
    }

    private static int Run(ParseResult arguments, ConsoleUi ui, CancellationToken cancel)
    {
        string folder = arguments.GetRequiredValue(Folder);
        ReportOptions options = new()
        {
            Row = arguments.GetValue(Row),
            Occurrences = arguments.GetValue(Data) is { } data ? Count(data, arguments, folder, ui, cancel) : null,
            HasTensorBoard = arguments.GetValue(TensorBoard),
        };
        Report report = Report.FromFolder(folder, options, cancel);
        string target = arguments.GetValue(Out) ?? Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + "-report";
        IReadOnlyList<string> files = report.WriteFolder(target, arguments.GetValue(Force), cancel);
        string page = Path.Combine(target, files[0]);
        ui.WriteLine($"{ConsoleUi.OneLine(page)}: {string.Join(", ", report.Sections)}; {Sizes.Bytes(new FileInfo(page).Length)}");
        ui.WriteLine($"{Sizes.Count(report.Charts.Count, "chart")} as .svg and .tsv beside it: {string.Join(", ", report.Charts)}");
        ui.WriteJson(json =>
        {
            json.WriteString("page", page);
            json.WriteNumber("page_bytes", new FileInfo(page).Length);
            json.WriteStrings("sections", report.Sections);
            json.WriteStrings("charts", report.Charts);
            json.WriteStrings("files", files.Select(file => Path.Combine(target, file)));
        });
        return ExitCode.Ok;
    }

    private static IReadOnlyList<long> Count(string data, ParseResult arguments, string folder, ConsoleUi ui, CancellationToken cancel)
    {
        Tokenizer tokenizer = arguments.GetValue(TokenizerPath) is { } path ? Tokenizer.Open(path)
            : FindTokenizer(folder) ?? throw new FileNotFoundException($"{folder}: no tokenizer in it or in a folder in it. "
                + "Name one with --tokenizer.");
        ParallelText text = ParallelText.Read(data, PairOptions.From(arguments));
        using ProgressLine progress = ui.StartProgress();
        progress.Report(() => $"counting the tokens of {Sizes.Count(text.Count, "pair")}");
        return TokenCounts.Of(tokenizer, text, cancel);
    }

    private static Tokenizer? FindTokenizer(string folder) => !Directory.Exists(folder) ? null
        : Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).Prepend(folder).Select(Tokenizer.FindBeside)
            .FirstOrDefault(t => t is not null);
}
