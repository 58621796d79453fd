using System.CommandLine;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery verify</c>.</summary>
/// <param name="Mode">One of the constants here.</param>
/// <param name="Filter">A text that the names of the checks must have; null for all.</param>
/// <param name="IsList">Whether the names are all that is wanted.</param>
/// <param name="Seconds">Time for the measurement of a figure.</param>
/// <param name="Device">What is checked.</param>
internal sealed record VerifyOptions(string Mode, string? Filter, bool IsList, double Seconds, DeviceOption Device)
{
    public const string Test = "test", Gradient = "grad", Performance = "perf", Support = "support";

    private static readonly Argument<string> ModeArgument = new Argument<string>("MODE")
    {
        Description = "test: rows and operations against the reference; grad: gradients against central differences; perf: time, GB/s and "
            + "the share of the device's copy speed; support: which kernels each device can run.",
        DefaultValueFactory = _ => Test,
        Arity = ArgumentArity.ZeroOrOne,
    }.Among(Test, Test, Gradient, Performance, Support);
    private static readonly Option<double> SecondsOption = Options.Seconds.Default(0.3, "Time to measure each figure of perf.");

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Add(ModeArgument);
        command.Add(Options.Filter, Options.ListChecks, SecondsOption);
        DeviceOption.AddTo(command);
    }

    /// <summary>Reads the arguments.</summary>
    public static VerifyOptions From(ParseResult arguments) => new(arguments.GetRequiredValue(ModeArgument),
        arguments.GetValue(Options.Filter), arguments.GetValue(Options.ListChecks), arguments.GetValue(SecondsOption),
        DeviceOption.From(arguments));
}
