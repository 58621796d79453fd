using System.CommandLine;
using KsLottery.Engine.Reports;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Cli;

/// <summary><c>kslottery report DIR</c>: one page about what other commands left in a folder.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        Command command = new("report", "Makes a page about what other commands left in a folder: tickets, trainings, certificates, "
            + "controls; what is absent is left out.");
        ReportOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) => Run(ReportOptions.From(arguments), ui, cancel));
        return command;
    }

    private static int Run(ReportOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        Report report = Report.FromFolder(options.Folder, new()
        {
            Row = options.Row,
            Occurrences = options.Data is { } data ? Count(data, options, ui, cancel) : null,
            Origin = options.Origin,
            HasTensorBoard = options.TensorBoard,
        }, cancel);
        string target = options.Out;
        IReadOnlyList<string> files = report.WriteFolder(target, options.Force, cancel);
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

    private static IReadOnlyList<long> Count(string data, ReportOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        Tokenizer tokenizer = options.Tokenizer is { } path ? Tokenizer.Open(path)
            : FindTokenizer(options.Folder) ?? throw new FileNotFoundException($"{options.Folder}: no tokenizer in it or in a folder "
            + "in it. "
                + "Name one with --tokenizer.");
        ParallelText text = ParallelText.Read(data, options.Pairs);
        using ProgressLine progress = ui.StartProgress();
        progress.Report(() => $"counting the tokens of {Sizes.Count(text.Count, "pair")}");
        return TokenCounts.Of(tokenizer, text, cancel);
    }

    private static Tokenizer? FindTokenizer(string folder) => !Directory.Exists(folder) ? null
        : Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).Prepend(folder).Select(Tokenizer.FindBeside)
            .FirstOrDefault(t => t is not null);
}
