using System.CommandLine;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Cli.Commands;

/// <summary>The arguments that say where the two sides of sentence pairs stand in their file.</summary>
internal static class PairOptions
{
    private static readonly Option<int> SourceColumn = OptionValue.Count("--source-column", 1, 1,
        "The column of the source in a tab-separated file.");
    private static readonly Option<int> TargetColumn = OptionValue.Count("--target-column", 1, 2,
        "The column of the target in a tab-separated file.");
    private static readonly Option<string?> SourceKey = new("--source-key")
    {
        Description = "The property of a JSON object, or of its \"translation\", that holds the source, such as en.",
        HelpName = "KEY",
    };
    private static readonly Option<string?> TargetKey = new("--target-key")
    {
        Description = "The property of a JSON object, or of its \"translation\", that holds the target, such as da.",
        HelpName = "KEY",
    };
    private static readonly Option<bool> SkipIncomplete = new("--skip-incomplete")
    {
        Description = "Leave out and count pairs with an empty side instead of refusing them.",
    };

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        foreach (Option option in (Option[])[SourceColumn, TargetColumn, SourceKey, TargetKey, SkipIncomplete]) command.Add(option);
    }

    /// <summary>Reads the arguments.</summary>
    public static ParallelTextOptions From(ParseResult arguments) => new()
    {
        SourceColumn = arguments.GetValue(SourceColumn),
        TargetColumn = arguments.GetValue(TargetColumn),
        SourceKey = arguments.GetValue(SourceKey),
        TargetKey = arguments.GetValue(TargetKey),
        SkipIncomplete = arguments.GetValue(SkipIncomplete),
    };
}
