using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using KsLottery.Engine.Numerics;

namespace KsLottery.Cli;

/// <summary>The kinds of options: texts, flags, choices, and numbers within a range.</summary>
internal static class OptionKind
{
    /// <summary>An option for a text or a path that may be left out.</summary>
    public static Option<string?> Text(string name, string helpName, string description, params string[] aliases) =>
        new(name, aliases) { Description = description, HelpName = helpName };

    /// <summary>An option for a text or a path that may be given several times.</summary>
    public static Option<string[]> Texts(string name, string helpName, string description) =>
        new(name) { Description = description, HelpName = helpName };

    /// <summary>An option for a text or a path that must be given.</summary>
    public static Option<string> Required(Option<string?> option)
    {
        option.Required = true;
        return option!;
    }

    /// <summary>An option without a value.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>An option for one of several words.</summary>
    public static Option<string> Choice(string name, string defaultValue, string description, params string[] values) =>
        new Option<string>(name) { Description = description, DefaultValueFactory = _ => defaultValue }.Among(defaultValue, values);

    /// <summary>An option for one of several words that may be left out.</summary>
    public static Option<string?> OptionalChoice(string name, string description, params string[] values) =>
        new Option<string?>(name) { Description = description }.Among(null, values);

    /// <summary>An option for one or several of some words, or for all of them.</summary>
    public static Option<string[]> Several(string name, string description, string[]? defaultValue, params string[] values)
    {
        Option<string[]> option = new(name)
        {
            Description = $"{description}: {string.Join(", ", values)}, or {Options.All}. Several may be given.",
            AllowMultipleArgumentsPerToken = true,
            HelpName = "NAME",
        };
        if (defaultValue is not null) option.DefaultValueFactory = _ => defaultValue;
        return option.Among(defaultValue is null ? null : string.Join(' ', defaultValue), [.. values, Options.All]);
    }

    /// <summary>Lets an option take some words alone, says so where it is another, and lists them in help and completion.</summary>
    public static Option<T> Among<T>(this Option<T> option, string? defaultValue, params string[] values)
    {
        option.AcceptOnlyFromAmong(values);
        option.Validators.Clear();
        option.Validators.Add(UsageErrors.Among(option.Name, defaultValue, values));
        return option;
    }

    /// <summary>An option for a whole number from a least one to the largest of its type.</summary>
    public static NumberOption<T> Whole<T>(string name, string helpName, T minimum, params string[] aliases)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T> => Whole(name, helpName, minimum, T.MaxValue, aliases);

    /// <summary>An option for a whole number within a range.</summary>
    public static NumberOption<T> Whole<T>(string name, string helpName, T minimum, T maximum, params string[] aliases)
        where T : struct, IBinaryInteger<T>
    {
        string rule = string.Create(CultureInfo.InvariantCulture, $"it must be a whole number from {minimum} to {maximum}");
        return new(name, helpName, Parse, aliases);

        T Parse(ArgumentResult result, string? defaultValue)
        {
            string text = result.Tokens[0].Value;
            return PlainNumber.TryWhole(text, out T value) && value >= minimum && value <= maximum ? value
                : Refuse<T>(result, text, rule, defaultValue);
        }
    }

    /// <summary>An option for a number.</summary>
    /// <param name="name">The name, with its hyphens.</param>
    /// <param name="helpName">What the help calls the value.</param>
    /// <param name="isValid">The range.</param>
    /// <param name="rule">The range in words, such as <c>it must be a number from 0</c>.</param>
    public static NumberOption<double> Real(string name, string helpName, Predicate<double> isValid, string rule) =>
        new(name, helpName, (result, defaultValue) =>
    {
        string text = result.Tokens[0].Value;
        return PlainNumber.TryReal(text, out double value) && isValid(value) ? value : Refuse<double>(result, text, rule, defaultValue);
    });

    /// <summary>An option for tokens of the model, which may be given several times.</summary>
    public static Option<int[]> Ids(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "ID",
        CustomParser = ParseIds,
    };

    /// <summary>Lets an argument take some words alone, as an option.</summary>
    public static Argument<string> Among(this Argument<string> argument, string? defaultValue, params string[] values)
    {
        argument.AcceptOnlyFromAmong(values);
        argument.Validators.Clear();
        argument.Validators.Add(UsageErrors.Among(argument.Name, defaultValue, values));
        return argument;
    }

    private static int[] ParseIds(ArgumentResult result)
    {
        int[] ids = new int[result.Tokens.Count];
        foreach ((int i, Token token) in result.Tokens.Index())
            if (!PlainNumber.TryDigits(token.Value, out ids[i]))
                return [Refuse<int>(result, token.Value, $"it must be a token's number, a whole number from 0 to {int.MaxValue}", null)];
        return ids;
    }

    private static T Refuse<T>(ArgumentResult result, string text, string rule, string? defaultValue) where T : struct
    {
        string remedy = text.Contains(',', StringComparison.Ordinal) ? $" {PlainNumber.PointRule}." : "";
        string otherwise = defaultValue is null ? "" : $", and is {defaultValue} by default";
        result.AddError($"{result.Argument.Name} is {ConsoleUi.OneLine(text)}; {rule}{otherwise}.{remedy}");
        return default;
    }
}
