using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace KsLottery.Cli;

/// <summary>An option for a number, whichever command has it: its name and range. The command says what it counts and its
/// default.</summary>
/// <param name="name">The name, with its hyphens.</param>
/// <param name="helpName">What the help calls the value.</param>
/// <param name="parse">Reads the value; one that is out of range is an error of usage, which tells the default where there is
/// one.</param>
/// <param name="aliases">Short names.</param>
internal sealed class NumberOption<T>(string name, string helpName, Func<ArgumentResult, string?, T> parse, params string[] aliases)
    where T : struct
{
    /// <summary>The option with a default.</summary>
    public Option<T> Default(T value, string description) => new(name, aliases)
    {
        Description = description,
        HelpName = helpName,
        DefaultValueFactory = _ => value,
        CustomParser = result => parse(result, string.Create(CultureInfo.InvariantCulture, $"{value}")),
    };

    /// <summary>The option where it may be left out; what holds then, the description says.</summary>
    public Option<T?> Optional(string description) => new(name, aliases)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result => parse(result, null),
    };
}
