using System.CommandLine;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery merge</c>.</summary>
internal sealed record MergeOptions
{
    private static readonly Argument<string> BaseArgument = new("BASE")
    {
        Description = "The checkpoint that the patches were made for: a .safetensors file or a model's folder.",
    };
    private static readonly Argument<string[]> PatchesArgument = new("PATCH")
    {
        Description = "The patches, in their order: patch.safetensors, or folders that find --out or tune wrote.",
        Arity = ArgumentArity.OneOrMore,
    };

    public required string Base { get; init; }

    public required string[] Patches { get; init; }

    public required string Out { get; init; }

    public required MergeRecipe Recipe { get; init; }

    public required PatchOptions How { get; init; }

    public static void AddTo(Command command)
    {
        command.Add(BaseArgument, PatchesArgument);
        command.Add(Options.NewFolder, Options.How, Options.Weights, Options.Scale, Options.Normalize, Options.Trim, Options.ZeroSum,
            Options.FirstWins, Options.NoMemoryMap, Options.IgnoreChecksum, Options.AllowNonFinite);
    }

    public static MergeOptions From(ParseResult arguments) => new()
    {
        Base = arguments.GetRequiredValue(BaseArgument),
        Patches = arguments.GetRequiredValue(PatchesArgument),
        Out = arguments.GetRequiredValue(Options.NewFolder),
        Recipe = new()
        {
            Method = arguments.GetRequiredValue(Options.How) switch
            {
                Options.Add => MergeMethod.Add,
                Options.TaskArithmetic => MergeMethod.TaskArithmetic,
                Options.Ties => MergeMethod.Ties,
                Options.Graft => MergeMethod.Graft,
                var other => throw new CommandException(ExitCode.Usage, $"--how {ConsoleUi.OneLine(other)} is no way to merge."),
            },
            Weights = arguments.GetValue(Options.Weights) ?? [],
            Scale = (float)arguments.GetValue(Options.Scale),
            IsNormalized = arguments.GetValue(Options.Normalize),
            Trim = arguments.GetValue(Options.Trim),
            ZeroSum = arguments.GetRequiredValue(Options.ZeroSum) switch
            {
                Options.Plus => ZeroSumRule.Plus,
                Options.Majority => ZeroSumRule.Majority,
                Options.None => ZeroSumRule.Drop,
                var other => throw new CommandException(ExitCode.Usage, $"--zero-sum {ConsoleUi.OneLine(other)} is no rule."),
            },
            FirstWins = arguments.GetValue(Options.FirstWins),
        },
        How = new() { Reading = Reading.Of(arguments), AllowsNonFinite = arguments.GetValue(Options.AllowNonFinite) },
    };
}
