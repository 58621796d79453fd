using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using KsLottery.Benchmarks;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery bench</c>: how fast this machine does the work.</summary>
internal static class BenchCommand
{
    private const string All = "all";
    private const string Markdown = "md", Csv = "csv", JsonFormat = "json";
    private const double LeastSeconds = 0.01, MostSeconds = 3600;
    private const int MostThreads = 1024;

    private static readonly string[] TypeNames = ["f32", "f16", "bf16"];

    private static readonly Option<int> Rows = new("--rows")
    {
        Description = "Row pairs to generate; by default as many as take 64 MiB a matrix, more than the caches hold.",
        HelpName = "N",
        CustomParser = AnyWhole,
    };

    private static readonly Option<int> Width = new("--width")
    {
        Description = $"Elements of a row, 1 to {KsRowKernels.MaximumWidth}.",
        DefaultValueFactory = _ => 4096,
        HelpName = "D",
        CustomParser = AnyWhole,
    };

    private static readonly Option<string[]> Types = Choice("--dtype", "f32", "Element type", TypeNames);

    private static readonly Option<string[]> Regimes = Choice("--regime", All, "How the rows before and after are alike",
        [.. BenchRows.Regimes]);

    private static readonly Option<string[]> Kernels = Choice("--kernel", null,
        "Row kernel, by default the one that a scan takes, with all every one that can run here",
        [.. KsRowKernels.Known.Select(k => k.Name)]);

    private static readonly Option<int> Threads = new("--threads", "-t")
    {
        Description = "Threads that test rows; 0 takes one for each processor.",
        DefaultValueFactory = _ => 1,
        HelpName = "N",
        CustomParser = AnyWhole,
    };

    private static readonly Option<double> Seconds = new("--seconds")
    {
        Description = "Time to measure each figure, all repetitions together.",
        DefaultValueFactory = _ => 0.5,
        HelpName = "S",
        CustomParser = result => OptionValue.Real(result, _ => true, "it must be a number"),
    };

    private static readonly Option<bool> Scan = new("--scan")
    {
        Description = "Measure the whole scan too: norms and results with each row.",
    };

    private static readonly Option<string> Format = new Option<string>("--format")
    {
        Description = "How to print the figures; --json is the same as --format json.",
        DefaultValueFactory = _ => Markdown,
    }.AcceptOnlyFromAmong(Markdown, Csv, JsonFormat);

    public static Command Create()
    {
        Command ks = new("ks", "Measures the processor's row kernels: rows/s, GB/s and the share of a plain read of the same memory, by "
            + "regime. Rows on another device are measured by: verify perf --filter rows --device DEVICE.")
        {
            Regimes, Types, Kernels, Width, Rows, Threads, Seconds, Scan, Format,
        };
        ks.SetBody(Run);
        return new Command("bench", "Measures how fast this machine does the work.") { ks, BenchModelCommand.Create() };
    }

    private static int Run(ParseResult arguments, ConsoleUi ui, CancellationToken cancellationToken)
    {
        ProcessorInfo processor = DeviceCatalog.Resolve("cpu").Processor!;
        BenchPlan plan = Plan(arguments, processor);
        string format = arguments.GetValue(Format)!;

        List<BenchFigure> figures = [];
        using (ProgressLine progress = ui.StartProgress())
            BenchRun.Run(plan, figures.Add, step => progress.Report(() => step), cancellationToken);

        BenchReport report = new(plan, processor, figures);
        ui.WriteJson(report.WriteTo);
        ui.WriteLine(format switch { Csv => report.ToCsv(), JsonFormat => report.ToJson(), _ => report.ToMarkdown() });
        return ExitCode.Ok;
    }

    private static BenchPlan Plan(ParseResult arguments, ProcessorInfo processor)
    {
        int rows = arguments.GetValue(Rows), width = arguments.GetValue(Width), threads = arguments.GetValue(Threads);
        double seconds = arguments.GetValue(Seconds);
        if (threads == 0) threads = processor.LogicalProcessors;
        Require(width is >= 1 and <= KsRowKernels.MaximumWidth, $"--width {width}: a row has 1 to {KsRowKernels.MaximumWidth} elements");
        Require(threads is >= 1 and <= MostThreads, $"--threads {threads}: give 1 to {MostThreads}, or 0 for one for each processor");
        Require(seconds is >= LeastSeconds and <= MostSeconds,
            FormattableString.Invariant($"--seconds {seconds}: give {LeastSeconds} to {MostSeconds}"));
        Require(arguments.GetResult(Rows) is null || rows >= threads,
            $"--rows {rows}: give at least one row for each of the {Sizes.Count(threads, "thread")}");

        BenchPlan plan = new(Chosen(arguments, Regimes, BenchRows.Regimes),
            [.. Chosen(arguments, Types, TypeNames).Select(TypeOf)],
            ChosenKernels(arguments, processor), rows, width, threads, TimeSpan.FromSeconds(seconds), arguments.GetValue(Scan));
        foreach (ElementType type in plan.Types)
        {
            long bytes = (long)plan.RowsOf(type) * width * type.ByteSize();
            Require(bytes <= BenchRows.MaxMatrixBytes, $"--rows {plan.RowsOf(type)}: with --width {width} a matrix of {type.ToName()} "
                + $"takes {Sizes.Bytes(bytes)}, allowed are {Sizes.Bytes(BenchRows.MaxMatrixBytes)}");
        }
        return plan;
    }

    private static ElementType TypeOf(string name) => ElementTypes.TryParse(name.ToUpperInvariant(), out ElementType type)
        ? type
        : throw new UnreachableException($"{name} is one of {string.Join(", ", TypeNames)}");

    private static string[] ChosenKernels(ParseResult arguments, ProcessorInfo processor)
    {
        string[] supported = [.. processor.Kernels.Where(k => k.IsSupported).Select(k => k.Name)];
        if (arguments.GetValue(Kernels) is not { Length: > 0 } names) return [processor.Kernel!];
        if (names.Contains(All)) return supported;
        if (names.FirstOrDefault(n => !supported.Contains(n)) is { } missing)
            throw new DeviceUnavailableException("cpu", $"this processor cannot run kernel '{missing}'",
                $"It can run {string.Join(", ", supported)}");
        return [.. names.Distinct()];
    }

    private static string[] Chosen(ParseResult arguments, Option<string[]> option, IEnumerable<string> every)
    {
        string[] names = arguments.GetValue(option)!;
        return names.Contains(All) ? [.. every] : [.. names.Distinct()];
    }

    private static Option<string[]> Choice(string name, string? usual, string description, params string[] values)
    {
        Option<string[]> option = new(name)
        {
            Description = $"{description}: {string.Join(", ", values)}, or {All}. Several may be given.",
            AllowMultipleArgumentsPerToken = true,
            HelpName = "NAME",
        };
        if (usual is not null) option.DefaultValueFactory = _ => [usual];
        return option.AcceptOnlyFromAmong([.. values, All]);
    }

    private static int AnyWhole(ArgumentResult result) => OptionValue.From(result, int.MinValue);

    private static void Require(bool condition, string problem)
    {
        if (!condition) throw new CommandException(ExitCode.Usage, problem);
    }
}
