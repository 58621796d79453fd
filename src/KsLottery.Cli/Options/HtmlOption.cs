using System.CommandLine;
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
}
