using System.CommandLine;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery reproduce</c>.</summary>
/// <param name="System">A system's name or a recipe's file; null where they are listed.</param>
/// <param name="Out">The folder for everything; null where they are listed.</param>
/// <param name="Resume">Whether an earlier run in the folder goes on.</param>
/// <param name="Short">Whether the short form is run.</param>
/// <param name="Device">Where it is computed.</param>
internal sealed record ReproduceOptions(string? System, string? Out, bool Resume, bool Short, DeviceOption Device)
{
    private static readonly Argument<string?> SystemArgument = new("SYSTEM")
    {
        Description = "The system by its name, see --list, or a recipe's file: a copy of one under recipes/, for a base of one's own, say.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<string?> OutOption = Options.Out(
        "The folder for everything: a new or empty one, or with --resume that of an earlier run.");
    private static readonly Option<bool> ResumeOption = Options.Resume(
        "Go on in --out: what is done there by the same recipe is not done again.");

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Add(SystemArgument);
        command.Add(Options.ListSystems, OutOption, ResumeOption, Options.Short);
        DeviceOption.AddTo(command);
        command.Validators.Add(result =>
        {
            bool isNamed = result.GetValue(SystemArgument) is not null;
            if (result.GetValue(Options.ListSystems))
            {
                if (isNamed || result.GetResult(OutOption) is not null) result.AddError("--list runs nothing: leave SYSTEM and --out out.");
            }
            else if (!isNamed) result.AddError("Name a system, see kslottery reproduce --list, or a recipe's file.");
            else if (result.GetValue(OutOption) is null) result.AddError("--out is missing: the folder for everything.");
        });
    }

    /// <summary>Reads the arguments.</summary>
    public static ReproduceOptions From(ParseResult arguments) => new(arguments.GetValue(SystemArgument), arguments.GetValue(OutOption),
        arguments.GetValue(ResumeOption), arguments.GetValue(Options.Short), DeviceOption.From(arguments));
}
