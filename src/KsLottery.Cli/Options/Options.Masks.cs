using System.CommandLine;
using KsLottery.Engine.Training;

namespace KsLottery.Cli;

/// <content>Masks that a training goes by, and where it begins.</content>
internal static partial class Options
{
    public const string Freeze = "freeze", Zero = "zero", StraightThrough = "straight-through", Project = "project", MatchL1 = "match-l1",
        MatchL2 = "match-l2";

    public static readonly Option<string?> Outside = new Option<string?>("--outside")
    {
        HelpName = "HOW",
        Description =
            "What becomes of values outside of a mask while all else learns. zero: of the --ticket's tensors all but the ticket is 0, as "
            + "prune leaves it. straight-through: the largest weights (--sparsity, --pattern) compute, all learn. project: after each step "
            + "the largest stay, the others are 0. match-l1, match-l2: all learn, scaled at first to the ticket's norm, the control of "
            + "zero. freeze: they stay, with --train ticket.",
    }.Among(null, Zero, Freeze, StraightThrough, Project, MatchL1, MatchL2);

    public static readonly Option<int?> MaskEvery = OptionKind.Whole("--mask-every", "STEPS", 1).Optional(
        "Steps of --outside straight-through from one mask to the next; 10 by default.");

    public static readonly Option<double?> MaskDecay = OptionKind.Real("--mask-decay", "LAMBDA", IsNotNegative, NotNegative).Optional(
        "With --outside straight-through: add LAMBDA times each weight outside of the mask to its gradient (SR-STE); 0 by default.");

    public static readonly Option<RewindPoint?> Rewind = Parsed<RewindPoint?>("--rewind", "STATE|random:SEED",
        "Begin with the weights and moments of a state that --keep-states kept, at its step: DIR/state-100; or with weights drawn anew.",
        text => RewindPoint.Parse(text));

    public static readonly Option<KeptState[]> KeepStates = Parsed<KeptState[]>("--keep-states", "N,P%,…",
        "Keep the state after so many steps, or after a part of all, in the folder state-N of --out: for --rewind, and as a model of its "
        + "own. 0 is before the first step.", text => [.. text.Split(',').Select(KeptState.Parse)]);
}
