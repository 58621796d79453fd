using System.CommandLine;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli;

/// <content>How a checkpoint is pruned.</content>
internal static partial class Options
{
    public const string Magnitude = "magnitude", RandomOrder = "random";

    public static readonly Option<string> PruneScore = OptionKind.Choice(ScoreWord, Magnitude,
        "What the weights are kept by: the largest magnitudes, or as a control what --seed draws.", Magnitude, RandomOrder);

    private const string SparsityWord = "--sparsity";

    public static readonly Option<bool> Sparsity = OptionKind.Flag(SparsityWord,
        "Read every matrix for its share of zeros, its PQ index with what that says may be pruned, and its Gini index.");

    public static readonly Option<UnitShare?> SparsityWanted = Parsed<UnitShare?>(SparsityWord, "P",
        "Prune this part of the weights, those of the smallest score: 50% or 0.5.",
        text => UnitShare.Parse(text) is { Value: < 1 } part ? part : throw new FormatException("100% leaves nothing. Prune less."));
}
