using System.CommandLine;
using System.CommandLine.Parsing;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli;

/// <content>How patches are merged.</content>
internal static partial class Options
{
    public const string Add = "add", TaskArithmetic = "task-arithmetic", Ties = "ties", Graft = "graft";

    public const string Plus = "plus", Majority = "majority", None = "none";

    public static readonly Option<string> How = OptionKind.Choice("--how", Add,
        "add: base + d1 + d2 + …; task-arithmetic: base + scale * (w1*d1 + w2*d2 + …); ties: trim, elect a sign, mean of what agrees; "
        + "graft: each value as the last patch that has it says.", Add, TaskArithmetic, Ties, Graft);

    public static readonly Option<float[]?> Weights = new("--weights")
    {
        Description = "With task-arithmetic and ties: a number for each patch, in their order, with commas between them.",
        HelpName = "W,W,…",
        CustomParser = ParseWeights,
    };

    public static readonly Option<double> Scale = OptionKind.Real("--scale", "X", double.IsFinite, "it must be a number")
        .Default(1, "With task-arithmetic and ties: the sum, or the mean, is multiplied by it.");

    public static readonly Option<bool> Normalize = OptionKind.Flag("--normalize",
        "With task-arithmetic and ties: divide by the weights of what is summed.");

    public static readonly Option<UnitShare?> Trim = Parsed<UnitShare?>("--trim", "S",
        "With ties: of each patch only its largest changes, at most this part of a tensor: 20% or 0.2.", text => UnitShare.Parse(text));

    public static readonly Option<string> ZeroSum = OptionKind.Choice("--zero-sum", Plus,
        "With ties: the sign where changes add up to 0, plus, that of the majority of all elements, or none.", Plus, Majority, None);

    public static readonly Option<bool> FirstWins = OptionKind.Flag("--first-wins", "With graft: the first patch decides, not the last.");

    private static float[]? ParseWeights(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        string[] parts = text.Split(',');
        float[] weights = new float[parts.Length];
        foreach ((int i, string part) in parts.Index())
        {
            if (PlainNumber.TryReal(part.Trim(), out double weight) && float.IsFinite((float)weight)) weights[i] = (float)weight;
            else
            {
                result.AddError($"{result.Argument.Name} is {ConsoleUi.OneLine(text)}; {ConsoleUi.OneLine(part)} is no number. Write "
                    + "one for each patch with commas between them, for instance 1,0.5.");
                return null;
            }
        }
        return weights;
    }
}
