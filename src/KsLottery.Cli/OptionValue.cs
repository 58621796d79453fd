using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using KsLottery.Engine.Numerics;

namespace KsLottery.Cli;

/// <summary>Options whose value is a number within a range.</summary>
internal static class OptionValue
{
    /// <summary>Reads an option's value; one that is out of range is an error of usage.</summary>
    /// <param name="result">The value as it was typed.</param>
    /// <param name="isValid">The range.</param>
    /// <param name="rule">The range in words, such as <c>it must be a whole number from 1 to 9</c>.</param>
    public static T Whole<T>(ArgumentResult result, Predicate<T> isValid, string rule) where T : struct, IBinaryInteger<T>
    {
        string text = result.Tokens[0].Value;
        return PlainNumber.TryWhole(text, out T value) && isValid(value) ? value : Refuse<T>(result, text, rule);
    }

    /// <summary>Reads an option's value, a whole number from a least one to the largest of its type.</summary>
    public static T From<T>(ArgumentResult result, T least) where T : struct, IBinaryInteger<T>, IMinMaxValue<T> =>
        Whole<T>(result, value => value >= least, FromRule(least));

    private static string FromRule<T>(T least) where T : struct, IBinaryInteger<T>, IMinMaxValue<T> =>
        string.Create(CultureInfo.InvariantCulture, $"it must be a whole number from {least} to {T.MaxValue}");

    /// <inheritdoc cref="Whole"/>
    public static double Real(ArgumentResult result, Predicate<double> isValid, string rule)
    {
        string text = result.Tokens[0].Value;
        return PlainNumber.TryReal(text, out double value) && isValid(value) ? value : Refuse<double>(result, text, rule);
    }

    private static T Refuse<T>(ArgumentResult result, string text, string rule) where T : struct
    {
        string remedy = text.Contains(',', StringComparison.Ordinal) ? $" {PlainNumber.PointRule}." : "";
        result.AddError($"{result.Argument.Name} is {ConsoleUi.OneLine(text)}; {rule}.{remedy}");
        return default;
    }

    /// <summary>An option for a whole number from a least one up.</summary>
    public static Option<int> Count(string name, int least, int usual, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => usual,
        CustomParser = result => From(result, least),
    };

    /// <summary>An option for a whole number from a least one up that may be left out.</summary>
    public static Option<T?> Optional<T>(string name, string helpName, T least, string description)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T> => new(name)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = result => From(result, least),
        };

    /// <summary>An option for a number that may be left out.</summary>
    public static Option<double?> OptionalReal(string name, string helpName, Predicate<double> isValid, string rule, string description) =>
        new(name)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = result => Real(result, isValid, rule),
        };

    /// <summary>An option for tokens of the model, which may be given several times.</summary>
    public static Option<int[]> Ids(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "ID",
        CustomParser = ParseIds,
    };

    private static int[] ParseIds(ArgumentResult result)
    {
        int[] ids = new int[result.Tokens.Count];
        foreach ((int i, Token token) in result.Tokens.Index())
            if (!PlainNumber.TryDigits(token.Value, out ids[i]))
                return [Refuse<int>(result, token.Value, $"it must be a token's number, a whole number from 0 to {int.MaxValue}")];
        return ids;
    }

    /// <summary>An option for a whole number from 1 that may be left out.</summary>
    public static Option<int?> OptionalCount(string name, string description) =>
        Optional(name, "N", 1, description);

    /// <summary>An option for a share.</summary>
    public static Option<double> Share(string name, double usual, string description) => new(name)
    {
        Description = description,
        HelpName = "SHARE",
        DefaultValueFactory = _ => usual,
        CustomParser = result => Real(result, share => share is >= 0 and < 1, "it must be a number from 0 to below 1"),
    };
}
