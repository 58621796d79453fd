using System.CommandLine;
using KsLottery.Engine.Models;

namespace KsLottery.Cli;

/// <content>What is trained and how, and the shape of a model.</content>
internal static partial class Options
{
    private const string Positive = "it must be a number above 0", NotNegative = "it must be a number from 0";
    private const string BelowOne = "it must be a number from 0 to below 1";

    public static readonly Option<string?> Train = OptionKind.OptionalChoice("--train",
        "What learns; a preset says it too. lora: adapters of query and value; the result holds them merged, and its folder adapter as "
        + "PEFT loads them. spiel: single values that move while they are trained; the result is a patch.",
        [.. TrainingScope.Names]);

    public static readonly Option<int?> Rank = OptionKind.Whole("--rank", "N", 1).Optional("The rank of --train lora; 8 by default.");

    public static readonly Option<long?> Values = OptionKind.Whole("--values", "K", 1L).Optional(
        "How many values --train spiel trains, in the matrices of attention and feed-forward blocks or in --tensors.");

    public static readonly Option<int?> RegrowEvery = OptionKind.Whole("--regrow-every", "STEPS", 5).Optional(
        "Steps of --train spiel from one exchange of values to the next; 100 by default.");

    public static readonly Option<double?> RegrowRate = OptionKind.Real("--regrow-rate", "SHARE", n => n is >= 0 and <= 1,
        "it must be a number from 0 to 1").Optional("The share of values that --train spiel exchanges, before it falls; 0.2 by default.");

    public static readonly Option<string?> Only = OptionKind.Text("--only", "K|random|frequency",
        "K: only the K best rows of the ticket. random, frequency: in place of a ticket's rows as many drawn by the seed, or "
        + "those of the data's most frequent tokens; how many the ticket says, or --rows.");

    public static readonly Option<bool> Complement = OptionKind.Flag("--complement",
        "What learns is all but the --ticket: the rest of its tensors, or of --tensors.");

    public static readonly Option<string?> With = OptionKind.Text("--with", "PATCH",
        "Train on top of this patch, a file or its folder: a task's ticket with a language's in place, say. The result holds the "
        + "differences to it, which merge --how add puts on top of it.");

    /// <summary>A number of rows.</summary>
    public static readonly NumberOption<int> Rows = OptionKind.Whole("--rows", "N", 1);

    public static readonly Option<double?> Epochs = OptionKind.Real("--epochs", "N", IsPositive, Positive).Optional(
        $"How often the data are gone through. {PlanDefaults.Of(plan => plan.Epochs)}");

    private static readonly NumberOption<long> StepNumber = OptionKind.Whole("--steps", "N", 1L);

    public static readonly Option<long?> Steps = StepNumber.Optional("Optimizer steps, in place of --epochs.");

    public static readonly Option<int?> MicroBatch = OptionKind.Whole("--micro-batch", "N", 1).Optional(
        "Tokens computed at once; fewer take less memory. 2048 by default.");

    private static readonly NumberOption<double> Rate = OptionKind.Real("--learning-rate", "RATE", IsPositive, Positive);

    public static readonly Option<double?> LearningRate = Rate.Optional(
        $"The largest learning rate. {PlanDefaults.Of(plan => plan.LearningRate)}");

    public static readonly Option<string?> Schedule = OptionKind.OptionalChoice("--schedule",
        "Whether the rate falls by half a cosine, as it does by default, or stays.",
        "cosine", "constant");

    public static readonly Option<double?> FinalRate = OptionKind.Real("--final-rate", "SHARE", n => n is >= 0 and <= 1,
        "it must be a number from 0 to 1").Optional("Where a cosine ends, as a share of the largest rate; 0 by default.");

    public static readonly Option<double?> Warmup = OptionKind.Real("--warmup", "W",
        n => n is >= 0 and < 1 || (n == Math.Floor(n) && n < long.MaxValue),
        "it must be a share from 0 to below 1, or a whole number of steps").Optional(
        "The linear rise of the rate: below 1 a share of the steps, from 1 a number of steps; its first step "
            + "has the rate 0, as in Hugging Face's schedules. 0.03 by default.");

    public static readonly Option<string?> Optimizer = OptionKind.OptionalChoice("--optimizer",
        "The rule of a step: AdamW, the default, or RMSprop without momentum and decay, as LoTA takes it.", "adamw", "rmsprop");

    public static readonly Option<double?> Clip = OptionKind.Real("--clip", "NORM", IsNotNegative, NotNegative).Optional(
        "The norm that all gradients together are scaled down to; 0 never scales. 1 by default.");

    public static readonly Option<bool> ClipPerTensor = OptionKind.Flag("--clip-per-tensor",
        "Scale the gradient of each tensor down to --clip by itself, as LoTA does.");

    public static readonly Option<double?> WeightDecay = OptionKind.Real("--weight-decay", "X", IsNotNegative, NotNegative).Optional(
        $"AdamW's decay of matrices. {PlanDefaults.Of(plan => plan.WeightDecay)}");

    public static readonly Option<double?> Beta1 = OptionKind.Real("--beta1", "X", IsBelowOne, BelowOne).Optional(
        $"Decay of AdamW's first moment. {PlanDefaults.Of(plan => plan.Beta1)}");

    public static readonly Option<double?> Beta2 = OptionKind.Real("--beta2", "X", IsBelowOne, BelowOne).Optional(
        $"Decay of RMSprop's mean square, 0.99 by default, or of AdamW's second moment, {PlanDefaults.Of(plan => plan.Beta2)}");

    public static readonly Option<long?> EvaluateEvery = OptionKind.Whole("--eval-every", "STEPS", 1L).Optional(
        "Steps from one evaluation to the next; an epoch by default.");

    public static readonly Option<bool> Recompute = OptionKind.Flag("--recompute",
        "Compute activations again instead of keeping those of all layers: less memory, a third more work.");

    public static readonly Option<double> SaveEvery = OptionKind.Real("--save-every", "SECONDS", seconds => seconds is >= 0 and < 1e9,
        "it must be a number of seconds from 0").Default(300, "Save the state after so many seconds; it is also saved on Ctrl-C.");

    public static readonly Option<bool> AllowDivergence = OptionKind.Flag("--allow-divergence",
        "Exit code 0 even where the loss ends far above its start; without it that is 4, and the result is written all the same.");

    /// <summary>The width of an embedding row.</summary>
    public static NumberOption<int> Width(int minimum, int maximum = int.MaxValue) => OptionKind.Whole("--width", "N", minimum, maximum);

    public static readonly NumberOption<int> Layers = OptionKind.Whole("--layers", "N", 1);

    public static readonly NumberOption<int> Heads = OptionKind.Whole("--heads", "N", 1);

    /// <summary>Heads of keys and values.</summary>
    public static NumberOption<int> KeyHeads(int minimum) => OptionKind.Whole("--key-heads", "N", minimum);

    public static NumberOption<int> Vocabulary(int minimum, int maximum = int.MaxValue) =>
        OptionKind.Whole("--vocabulary", "N", minimum, maximum);

    public static readonly NumberOption<int> FeedForward = OptionKind.Whole("--feed-forward", "N", 1);

    /// <summary>Tokens of a sequence.</summary>
    public static Option<int> Length(int minimum) => OptionKind.Whole("--length", "N", minimum).Default(256, "Tokens of a sequence.");

    public static readonly Option<double?> GraftRate = Rate.Optional("The learning rate of the mask's scores; 1e7 by default.");

    public static readonly Option<long?> GraftSteps = StepNumber.Optional(
        "Gradient steps, after each of which the rounded mask is evaluated; 20 by default.");

    public static readonly Option<double?> Bias = OptionKind.Real("--bias", "B", double.IsFinite, "it must be a number").Optional(
        "The mask learns as sigmoid(S - B) with scores S from 0 to 1 at first; 10 by default.");

    private static bool IsPositive(double value) => value > 0 && double.IsFinite(value);

    private static bool IsNotNegative(double value) => value >= 0 && double.IsFinite(value);

    private static bool IsBelowOne(double value) => value is >= 0 and < 1;
}
