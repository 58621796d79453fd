using System.CommandLine;
using KsLottery.Demo;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery demo</c>.</summary>
/// <param name="Target">The language that is translated to.</param>
/// <param name="Quick">Whether a tenth of the training will do.</param>
/// <param name="Pair">Whether nothing is trained, and a pair with planted rows is looked at.</param>
/// <param name="Keep">The folder that is kept; null for none.</param>
/// <param name="Device">Where it is computed.</param>
internal sealed record DemoOptions(Language Target, bool Quick, bool Pair, string? Keep, DeviceOption Device)
{
    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Add(Options.DemoLanguage, Options.Quick, Options.Pair, Options.Keep);
        DeviceOption.AddTo(command);
        command.Validators.Add(result =>
        {
            bool hasLanguage = result.GetResult(Options.DemoLanguage) is { Implicit: false };
            if (result.GetValue(Options.Pair) && (result.GetValue(Options.Quick) || hasLanguage))
                result.AddError("--pair trains nothing: leave --language and --quick out.");
        });
    }

    /// <summary>Reads the arguments.</summary>
    public static DemoOptions From(ParseResult arguments) => new(
        Language.All.First(language => language.Name.Equals(arguments.GetValue(Options.DemoLanguage), StringComparison.OrdinalIgnoreCase)),
        arguments.GetValue(Options.Quick), arguments.GetValue(Options.Pair), arguments.GetValue(Options.Keep),
        DeviceOption.From(arguments));
}
