using System.CommandLine;
using System.CommandLine.Help;

namespace KsLottery.Cli;

/// <summary>All commands.</summary>
internal static class CommandTree
{
    /// <summary>Makes the commands for some arguments, which are checked as <see cref="ArgumentRules"/> says.</summary>
    public static RootCommand Create(IReadOnlyList<string> arguments)
    {
        RootCommand root = new("Which embedding rows did this fine-tune change? Finds, exports and applies winning tickets.")
        {
            Options.Json,
            Options.Quiet,
            Options.Ranks,
            FindCommand.Create(),
            DemoCommand.Create(),
            ApplyCommand.CreateApply(),
            ApplyCommand.CreateRevert(),
            MergeCommand.Create(),
            OverlapCommand.Create(),
            PruneCommand.Create(),
            ExportCommand.Create(),
            PretrainCommand.Create(),
            TuneCommand.Create(),
            GraftCommand.Create(),
            EvalCommand.Create(),
            CertifyCommand.Create(),
            ExperimentCommand.Create(),
            ReproduceCommand.Create(),
            GenerateCommand.Create(),
            ReportCommand.Create(),
            ConvertCommand.Create(),
            InspectCommand.Create(),
            DevicesCommand.Create(),
            VerifyCommand.Create(),
            BenchCommand.Create(),
            CompletionCommand.Create(),
        };
        root.Add(HelpCommand.Create(root));
        root.SetAction(parsed => new HelpAction().Invoke(parsed));
        new ArgumentRules(arguments).AddTo(root);
        return root;
    }
}
