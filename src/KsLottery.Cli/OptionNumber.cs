using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace KsLottery.Cli;

/// <summary>Makes options that take a number within a range.</summary>
internal static class OptionNumber
{
    /// <summary>A number that may be left out.</summary>
    public static Option<T?> Optional<T>(string name, string description, string helpName, Predicate<T> isValid, string rule)
        where T : struct, IParsable<T> => new(name)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = result => Parse(result, isValid, rule),
        };

    /// <summary>A number with a default.</summary>
    public static Option<T> Of<T>(string name, string description, string helpName, T usual, Predicate<T> isValid, string rule)
        where T : struct, IParsable<T> => new(name)
        {
            Description = description,
            HelpName = helpName,
            DefaultValueFactory = _ => usual,
            CustomParser = result => Parse(result, isValid, rule) ?? default,
        };

    private static T? Parse<T>(ArgumentResult result, Predicate<T> isValid, string rule) where T : struct, IParsable<T>
    {
        string text = result.Tokens[0].Value;
        if (T.TryParse(text, CultureInfo.InvariantCulture, out T value) && isValid(value)) return value;
        result.AddError($"{result.Argument.Name} is {ConsoleUi.OneLine(text)}; {rule}.");
        return null;
    }
}
