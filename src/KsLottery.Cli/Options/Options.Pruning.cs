using System.CommandLine;
using KsLottery.Engine.Models;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli;

/// <content>How a checkpoint is pruned.</content>
internal static partial class Options
{
    public const string Magnitude = "magnitude", RandomOrder = "random";

    public static readonly Option<string> PruneScore = OptionKind.Choice(ScoreWord, Magnitude,
        "What the weights are kept by: their magnitude; what --seed draws, as a control; what --data or --text does with them: "
        + "wanda (of every row its part), snip, taylor, grasp; or what they let through without data: synflow.",
        [Magnitude, RandomOrder, .. TextScores.Names, SynapticFlow.Name]);

    public static readonly Option<int?> Rounds = OptionKind.Whole("--rounds", "N", 1).Optional(
        "Rounds in which --score synflow prunes, each by what the one before left; 100 by default, and one with --pattern.");

    public static readonly Option<string?> PruneFolder =
        Out("The folder to write: one that does not exist yet, or an empty one; with --sweep it may be left out.");

    public static readonly Option<bool> Sweep = OptionKind.Flag("--sweep",
        "Write no checkpoint: measure in memory what the model loses at one sparsity after another, and where it begins to lose.");

    public static readonly Option<UnitShare[]> At = ParsedShares();

    private const string SparsityWord = "--sparsity";

    public static readonly Option<bool> Sparsity = OptionKind.Flag(SparsityWord,
        "Read every matrix for its share of zeros, its PQ index with what that says may be pruned, and its Gini index.");

    public static readonly Option<UnitShare?> SparsityWanted = Parsed<UnitShare?>(SparsityWord, "P",
        "Prune this part of the weights, those of the smallest score: 50% or 0.5.",
        text =>
        {
            try
            {
                if (UnitShare.Parse(text) is { Value: < 1 } part) return part;
            }
            catch (FormatException)
            {
                // A share may be 100%, a sparsity may not: one rule for both ends.
            }
            throw new FormatException($"a sparsity of '{text}' is not above 0% and below 100%. Write, for instance, 50% or 0.5.");
        });

    private static Option<UnitShare[]> ParsedShares()
    {
        Option<UnitShare[]> option = Parsed<UnitShare[]>("--at", "P,P,…",
            "With --sweep: the sparsities beside that of the dense model, ascending; 10% to 90% by default.", text =>
            {
                UnitShare[] shares = [.. text.Split(',').Select(UnitShare.Parse)];
                for (int i = 0; i < shares.Length; i++)
                    if (shares[i].Value == 1 || (i > 0 && shares[i].Value <= shares[i - 1].Value))
                        throw new FormatException($"{shares[i]} {(shares[i].Value == 1 ? "leaves nothing" : $"follows {shares[i - 1]}")}. "
                            + "Write ascending shares below 100%, for instance 30%,50%,70%.");
                return shares;
            });
        option.DefaultValueFactory = _ => [.. Enumerable.Range(1, 9).Select(i => new UnitShare(i / 10m))];
        return option;
    }
}
