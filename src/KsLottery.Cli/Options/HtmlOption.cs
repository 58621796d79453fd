using System.CommandLine;
using System.Globalization;
using KsLottery.Engine.Reports;

namespace KsLottery.Cli;

/// <summary>The argument <c>--html FILE</c>: the page about what a command found, in a file of its own.</summary>
internal static class HtmlOption
{
    /// <summary>Gives a command the argument.</summary>
    public static void AddTo(Command command) => command.Add(Options.Html);

    /// <summary>Reads the argument, null where it was not given.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="replace">Whether an earlier page may be replaced.</param>
    /// <exception cref="IOException">Something else stands there; looked at before the work.</exception>
    public static string? From(ParseResult arguments, bool replace)
    {
        if (arguments.GetValue(Options.Html) is not { } path) return null;
        Report.ThrowIfTaken(path, replace);
        return path;
    }

    /// <summary>Whether the argument was given.</summary>
    public static bool IsGiven(System.CommandLine.Parsing.CommandResult result) => result.GetResult(Options.Html) is { Implicit: false };

    /// <summary>Where a page comes from: the command line, paths and the hour.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="paths">What stands where, names and paths.</param>
    public static IReadOnlyList<KeyValuePair<string, string>> Origin(ParseResult arguments, params (string Name, string Path)[] paths) =>
    [
        new("command", string.Join(' ', arguments.Tokens.Select(token => Quoted(token.Value)).Prepend("kslottery"))),
        .. paths.Where(path => path.Path.Length > 0).Select(path => KeyValuePair.Create(path.Name, Path.GetFullPath(path.Path))),
        new("written", DateTimeOffset.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)),
    ];

    private static string Quoted(string argument) =>
        argument.Length > 0 && argument.All(c => char.IsLetterOrDigit(c) || "-_./,:=%+@".Contains(c, StringComparison.Ordinal)) ? argument
        : $"'{argument.Replace("'", "'\\''")}'";
}
