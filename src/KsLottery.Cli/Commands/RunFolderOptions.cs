using System.CommandLine;

namespace KsLottery.Cli.Commands;

/// <summary>The arguments that say where a training runs, for <c>tune</c> and <c>pretrain</c>.</summary>
/// <param name="Out">The folder.</param>
/// <param name="Resume">Whether the run in it goes on.</param>
/// <param name="SaveEvery">The time after which the state is saved again.</param>
/// <param name="AllowDivergence">Whether a training that diverged is taken as it is.</param>
/// <param name="Device">Where it is computed.</param>
internal sealed record RunFolderOptions(string Out, bool Resume, TimeSpan SaveEvery, bool AllowDivergence, DeviceOption Device)
{
    private static readonly Option<string> OutOption = new("--out", "-o")
    {
        Description = "The folder of the run and its result: a new or empty one, or with --resume one that holds an unfinished run.",
        HelpName = "DIR",
        Required = true,
    };
    private static readonly Option<bool> ResumeOption = new("--resume")
    {
        Description = "Go on with the run in --out, by the same command; the result has the bytes that it would have without the break.",
    };
    private static readonly Option<double> SaveEveryOption = new("--save-every")
    {
        Description = "Save the state after so many seconds; it is also saved on Ctrl-C.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => 300,
        CustomParser = result => OptionValue.Real(result, seconds => seconds is >= 0 and < 1e9,
            "it must be a number of seconds from 0"),
    };
    private static readonly Option<bool> DivergenceOption = new("--allow-divergence")
    {
        Description = "Exit code 0 even where the loss ends far above its start; without it that is 4, and the result is written all the same.",
    };

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        foreach (Option option in (Option[])[OutOption, ResumeOption, SaveEveryOption, DivergenceOption]) command.Add(option);
        DeviceOption.AddTo(command);
    }

    /// <summary>Reads the arguments.</summary>
    public static RunFolderOptions From(ParseResult arguments) =>
        new(arguments.GetRequiredValue(OutOption), arguments.GetValue(ResumeOption),
        TimeSpan.FromSeconds(arguments.GetValue(SaveEveryOption)), arguments.GetValue(DivergenceOption), DeviceOption.From(arguments));
}
