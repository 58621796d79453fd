using System.CommandLine;

namespace KsLottery.Cli;

/// <content>What the loss of a training is a sum of.</content>
internal static partial class Options
{
    public static readonly Option<string?> Teacher = OptionKind.Text("--teacher", "MODEL",
        "Also learn what this model expects, whose weights stay: a folder or a file like MODEL, with the same tokens.");

    public static readonly Option<double?> Distill = OptionKind.Real("--distill", "W", IsPositive, Positive).Optional(
        "What T²·KL to the --teacher weighs in the loss; 1 by default.");

    public static readonly Option<double?> TeacherTemperature = OptionKind.Real(TemperatureName, "T", IsPositive, Positive).Optional(
        "T of --distill, by which the logits of both models are divided; 1 by default.");

    public static readonly Option<double?> CrossEntropy = OptionKind.Real("--cross-entropy", "W", IsNotNegative, NotNegative).Optional(
        "What the cross-entropy of the targets weighs in the loss beside --distill; 1 by default, 0 learns from the teacher alone.");

    public static readonly Option<string?> TokenWeights = OptionKind.Text("--token-weights", "FILE",
        "How much targets count in the cross-entropy: lines of a token, which is an id or the tokenizer's name for it, a tab and a weight; "
        + "1 for all others. The mean is by weight.");

    public static readonly Option<double?> L1ToBase = OptionKind.Real("--l1-to-base", "LAMBDA", IsNotNegative, NotNegative).Optional(
        "Add LAMBDA/N times the distance of what learns from where it began to the loss, of N parameters; LT-SFT takes 0.1 for languages.");

    public static readonly Option<double?> L2ToBase = OptionKind.Real("--l2-to-base", "LAMBDA", IsNotNegative, NotNegative).Optional(
        "Add LAMBDA/N times the squared distance.");
}
