using System.CommandLine;
using KsLottery.Benchmarks;
using KsLottery.Engine.Devices;

namespace KsLottery.Cli;

/// <summary><c>kslottery bench</c>: how fast this machine does the work.</summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        Command ks = new("ks", "Measures the processor's row kernels: rows/s, GB/s and the share of a plain read of the same memory, by "
            + "regime. Rows on another device are measured by: verify perf --filter rows --device DEVICE.");
        BenchOptions.AddTo(ks);
        ks.SetBody(Run, RankUse.EachAlone);
        return new Command("bench", "Measures how fast this machine does the work.") { ks, BenchModelCommand.Create() };
    }

    private static int Run(ParseResult arguments, ConsoleUi ui, CancellationToken cancellationToken)
    {
        ProcessorInfo processor = DeviceCatalog.Resolve("cpu").Processor!;
        BenchOptions options = BenchOptions.From(arguments, processor);

        List<BenchFigure> figures = [];
        using (ProgressLine progress = ui.StartProgress())
            BenchRun.Run(options.Plan, figures.Add, step => progress.Report(() => step), cancellationToken);

        BenchReport report = new(options.Plan, processor, figures);
        ui.WriteJson(report.WriteTo);
        ui.WriteLine(options.Format switch
        {
            Options.CsvFormat => report.ToCsv(),
            Options.JsonFormat => report.ToJson(),
            _ => report.ToMarkdown(),
        });
        return ExitCode.Ok;
    }
}
