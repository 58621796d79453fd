using System.CommandLine;
using KsLottery.Benchmarks;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery bench ks</c>.</summary>
/// <param name="Plan">What is measured.</param>
/// <param name="Format">How it is printed.</param>
internal sealed record BenchOptions(BenchPlan Plan, string Format)
{
    private const int MaxThreads = 1024;

    private static readonly Option<int> WidthOption = Options.Width(1, KsRowKernels.MaximumWidth)
        .Default(4096, $"Elements of a row, 1 to {KsRowKernels.MaximumWidth}.");
    private static readonly Option<int?> RowsOption = Options.Rows.Optional(
        "Row pairs to generate; by default as many as take 64 MiB a matrix, more than the caches hold.");
    private static readonly Option<int> ThreadsOption = Options.Threads.Default(1,
        "Threads that test rows; 0 takes one for each processor.");
    private static readonly Option<double> SecondsOption = Options.Seconds.Default(0.5,
        "Time to measure each figure, all repetitions together.");

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command) => command.Add(Options.Regimes, Options.Dtypes, Options.RowKernels, WidthOption, RowsOption,
        ThreadsOption, SecondsOption, Options.Scan, Options.Format);

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="CommandException">They ask for more than there is.</exception>
    /// <exception cref="DeviceUnavailableException">The processor cannot run a kernel that is named.</exception>
    public static BenchOptions From(ParseResult arguments, ProcessorInfo processor)
    {
        int? rows = arguments.GetValue(RowsOption);
        int width = arguments.GetValue(WidthOption), threads = arguments.GetValue(ThreadsOption);
        if (threads == 0) threads = processor.LogicalProcessors;
        CommandException.Require(threads <= MaxThreads, $"--threads {threads}: give 1 to {MaxThreads}, or 0 for one for each processor");
        CommandException.Require(rows is null || rows >= threads, $"--rows {rows}: give at least one row for each of the "
            + $"{Sizes.Count(threads, "thread")}");

        BenchPlan plan = new(Chosen(arguments, Options.Regimes, BenchRows.Regimes),
            [.. Chosen(arguments, Options.Dtypes, Options.DtypeNames).Select(Options.TypeOf)],
            ChosenKernels(arguments, processor), rows ?? 0, width, threads, TimeSpan.FromSeconds(arguments.GetValue(SecondsOption)),
            arguments.GetValue(Options.Scan));
        foreach (ElementType type in plan.Types)
        {
            long bytes = (long)plan.RowsOf(type) * width * type.ByteSize();
            CommandException.Require(bytes <= BenchRows.MaxMatrixBytes, $"--rows {plan.RowsOf(type)}: with --width {width} a matrix "
                + $"of {type.ToName()} "
                + $"takes {Sizes.Bytes(bytes)}, allowed are {Sizes.Bytes(BenchRows.MaxMatrixBytes)}");
        }
        return new(plan, arguments.GetRequiredValue(Options.Format));
    }

    private static string[] ChosenKernels(ParseResult arguments, ProcessorInfo processor)
    {
        string[] supported = [.. processor.Kernels.Where(k => k.IsSupported).Select(k => k.Name)];
        if (arguments.GetValue(Options.RowKernels) is not { Length: > 0 } names) return [processor.Kernel!];
        if (names.Contains(Options.All)) return supported;
        if (names.FirstOrDefault(n => !supported.Contains(n)) is { } missing)
            throw new DeviceUnavailableException("cpu", $"this processor cannot run kernel '{missing}'",
                $"It can run {string.Join(", ", supported)}");
        return [.. names.Distinct()];
    }

    private static string[] Chosen(ParseResult arguments, Option<string[]> option, IEnumerable<string> every)
    {
        string[] names = arguments.GetValue(option)!;
        return names.Contains(Options.All) ? [.. every] : [.. names.Distinct()];
    }
}
