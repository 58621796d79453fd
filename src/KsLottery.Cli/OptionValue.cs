using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace KsLottery.Cli;

/// <summary>Options whose value is a number within a range.</summary>
internal static class OptionValue
{
    /// <summary>Reads an option's value; one that is out of range is an error of usage.</summary>
    /// <param name="result">The value as it was typed.</param>
    /// <param name="isValid">The range.</param>
    /// <param name="rule">The range in words, such as <c>it must be a whole number from 0</c>.</param>
    public static T Parse<T>(ArgumentResult result, Predicate<T> isValid, string rule) where T : struct, IParsable<T>
    {
        string text = result.Tokens[0].Value;
        if (T.TryParse(text, CultureInfo.InvariantCulture, out T value) && isValid(value)) return value;
        result.AddError($"{result.Argument.Name} is {ConsoleUi.OneLine(text)}; {rule}.");
        return default;
    }

    /// <summary>An option for a whole number from a least one up.</summary>
    public static Option<int> Count(string name, int least, int usual, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => usual,
        CustomParser = result => Parse<int>(result, value => value >= least, $"it must be a whole number from {least}"),
    };

    /// <summary>An option for a number that may be left out.</summary>
    public static Option<T?> Optional<T>(string name, string helpName, Predicate<T> isValid, string rule, string description)
        where T : struct, IParsable<T> => new(name)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = result => Parse(result, isValid, rule),
        };

    /// <summary>An option for a whole number from 1 that may be left out.</summary>
    public static Option<int?> OptionalCount(string name, string description) =>
        Optional<int>(name, "N", value => value >= 1, "it must be a whole number from 1", description);

    /// <summary>An option for a share.</summary>
    public static Option<double> Share(string name, double usual, string description) => new(name)
    {
        Description = description,
        HelpName = "SHARE",
        DefaultValueFactory = _ => usual,
        CustomParser = result => Parse<double>(result, share => share is >= 0 and < 1, "it must be a number from 0 to below 1"),
    };
}
