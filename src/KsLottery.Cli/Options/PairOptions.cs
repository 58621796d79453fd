using System.CommandLine;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Cli;

/// <summary>The arguments that say where the two sides of sentence pairs stand in their file.</summary>
internal static class PairOptions
{
    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command) =>
        command.Add(Options.SourceColumn, Options.TargetColumn, Options.SourceKey, Options.TargetKey, Options.SkipIncomplete);

    /// <summary>Reads the arguments.</summary>
    public static ParallelTextOptions From(ParseResult arguments) => new()
    {
        SourceColumn = arguments.GetValue(Options.SourceColumn),
        TargetColumn = arguments.GetValue(Options.TargetColumn),
        SourceKey = arguments.GetValue(Options.SourceKey),
        TargetKey = arguments.GetValue(Options.TargetKey),
        SkipIncomplete = arguments.GetValue(Options.SkipIncomplete),
    };
}
