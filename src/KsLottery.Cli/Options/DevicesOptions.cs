using System.CommandLine;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery devices</c>.</summary>
/// <param name="Measure">Whether every usable device is measured first.</param>
/// <param name="KernelTexts">The folder for the kernels' C texts, which are written instead; null for none.</param>
internal sealed record DevicesOptions(bool Measure, DirectoryInfo? KernelTexts)
{
    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command) => command.Add(Options.Measure, Options.KernelTexts);

    /// <summary>Reads the arguments.</summary>
    public static DevicesOptions From(ParseResult arguments) =>
        new(arguments.GetValue(Options.Measure), arguments.GetValue(Options.KernelTexts));
}
