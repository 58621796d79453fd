using System.CommandLine;

namespace KsLottery.Cli;

/// <summary>The arguments that say where a training runs, for <c>tune</c>, <c>pretrain</c> and <c>graft</c>.</summary>
/// <param name="Out">The folder.</param>
/// <param name="Resume">Whether the run in it goes on.</param>
/// <param name="SaveEvery">The time after which the state is saved again.</param>
/// <param name="AllowDivergence">Whether a training that diverged is taken as it is.</param>
/// <param name="Device">Where it is computed.</param>
internal sealed record RunFolderOptions(string Out, bool Resume, TimeSpan SaveEvery, bool AllowDivergence, DeviceOption Device)
{
    private static readonly Option<string> OutOption = Options.RequiredOut(
        "The folder of the run and its result: a new or empty one, or with --resume one that holds an unfinished run.");
    private static readonly Option<bool> ResumeOption = Options.Resume(
        "Go on with the run in --out, by the same command; the result has the bytes that it would have without the break.");

    /// <summary>Gives a command the arguments.</summary>
    /// <param name="command">The command.</param>
    /// <param name="canDiverge">Whether what it learns can end far above its start.</param>
    public static void AddTo(Command command, bool canDiverge = true)
    {
        command.Add(OutOption, ResumeOption, Options.SaveEvery);
        if (canDiverge) command.Add(Options.AllowDivergence);
        DeviceOption.AddTo(command);
    }

    /// <summary>Reads the arguments.</summary>
    public static RunFolderOptions From(ParseResult arguments) =>
        new(arguments.GetRequiredValue(OutOption), arguments.GetValue(ResumeOption),
        TimeSpan.FromSeconds(arguments.GetValue(Options.SaveEvery)), arguments.GetValue(Options.AllowDivergence),
        DeviceOption.From(arguments));
}
