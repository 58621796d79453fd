using System.CommandLine;
using System.CommandLine.Parsing;
using KsLottery.Engine.Certificates;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli;

/// <content>How rows are tested and certified.</content>
internal static partial class Options
{
    /// <summary>The words of <c>--mode</c>.</summary>
    public const string TransferMode = "transfer", TunedMode = "tuned";

    /// <summary>What <c>certify</c> asks for, and by which measure <c>find</c> orders units.</summary>
    private const string ScoreWord = "--score";

    public static readonly Option<bool> AllTensors = OptionKind.Flag("--all-tensors",
        "One line for every matrix instead, by how much changed: the map of what a fine-tune touched.");

    public static readonly Option<bool> ChangedOnly = OptionKind.Flag("--changed-only",
        "Leave matrices without a changed row out of the map of --all-tensors.");

    public static readonly Option<double> Alpha = OptionKind.Real("--alpha", "A", IsWithinOne,
        "it must lie between 0 and 1").Default(new BelowAlpha().Alpha,
        "A row wins where p (adjusted, with --adjust) is below this threshold.");

    public static readonly Option<string> Method = OptionKind.Choice("--method", KsMethod.Auto.ToName(),
        "How p is computed; auto is exact up to rows of 10,000 values.", [.. SelectionNames.OfMethods]);

    public static readonly Option<string> Adjust = OptionKind.Choice("--adjust", PValueAdjustment.None.ToName(),
        "The correction for the number of rows. The column adjusted_p is always written: with none, by bh, and rows win by p itself.",
        [.. SelectionNames.OfAdjustments]);

    public static readonly Option<int?> Top = OptionKind.Whole("--top", "K", 1).Optional(
        "The ticket is the K best rows, those of largest h, whatever alpha.");

    public static readonly Option<RowKinds> Exclude = new("--exclude")
    {
        Description = $"Kinds of rows that cannot win, with commas between them: {string.Join(", ", RowKindNames.All)}. They are tested "
            + "and counted all the same; of --top K other rows take their places. Without it every kind may win.",
        HelpName = "KIND,KIND,…",
        CustomParser = ParseKinds,
    };

    public static readonly Option<string> PairRows = OptionKind.Choice("--pair-rows", "auto",
        "How rows of a resized vocabulary are paired: auto (by id where both tokenizers name the ids alike), id, or text (of the tokens).",
        "auto", "id", "text");

    public static readonly Option<string[]?> Mode = new("--mode")
    {
        Description = "The ticket model: transfer, the base with the embed-tuned rows of the ticket (the default); or tuned and what "
            + "Partial Tuning of the ticket gave, a patch or a checkpoint.",
        HelpName = "transfer|tuned CHECKPOINT",
        Arity = new ArgumentArity(1, 2),
        AllowMultipleArgumentsPerToken = true,
        CustomParser = ParseMode,
    };

    public static readonly Option<double[]?> Alphas = new("--alphas")
    {
        Description = "The alphas of the sweep, with commas between them; without it twelve from 0.001 to 0.9.",
        HelpName = "A,A,…",
        CustomParser = ParseAlphas,
    };

    public static readonly Option<bool> NoSweep = OptionKind.Flag("--no-sweep",
        "Leave out the sweep, which runs the model once for each different ticket.");

    public static readonly Option<bool> Score = OptionKind.Flag(ScoreWord,
        "Also let the embed-tuned model and each ticket of the sweep translate, and score that: takes as long as eval for each.");

    public static readonly Option<double> Confidence = OptionKind.Real("--confidence", "C", IsWithinOne,
        "it must lie between 0 and 1").Default(new CertificateOptions().Confidence, "The confidence of the intervals.");

    public static readonly Option<string?> Check = OptionKind.Text("--check", "FILE",
        "Derive every number of this certificate.json again from the files that it names; exit code 4 where one differs or a file "
            + "changed.");

    public static readonly Option<double> Tolerance = OptionKind.Real("--tolerance", "T", IsBelowOne, BelowOne).Default(0,
        "With --check: by how much a probability may differ, for a device that rounds otherwise, such as 1e-5.");

    public static Option<int> ShownViolations(int defaultValue) => OptionKind.Whole("--show", "N", 0).Default(defaultValue,
        "The most violations that are shown; 0 shows all.");

    private static bool IsWithinOne(double value) => value is > 0 and < 1;

    /// <summary>Takes a second word for <c>tuned</c> alone, so that BASE may stand behind <c>--mode transfer</c>.</summary>
    private static string[]? ParseMode(ArgumentResult result)
    {
        string[] words = [.. result.Tokens.Select(token => token.Value)];
        switch (words)
        {
            case [TransferMode, ..]:
                result.OnlyTake(1);
                return [TransferMode];
            case [TunedMode, var trained]: return [TunedMode, trained];
            case [TunedMode]:
                result.AddError("--mode tuned needs the patch or checkpoint that Partial Tuning gave behind it.");
                return null;
            default:
                result.AddError($"--mode is {ConsoleUi.OneLine(words.Length > 0 ? words[0] : "")}; it must be transfer, or tuned and "
                    + "a patch or checkpoint.");
                return null;
        }
    }

    private static RowKinds ParseKinds(ArgumentResult result)
    {
        RowKinds kinds = RowKinds.None;
        foreach (string word in result.Tokens[0].Value.Split(','))
        {
            if (!RowKindNames.TryParse(word, out RowKinds kind))
            {
                result.AddError($"--exclude has {ConsoleUi.OneLine(word)}; allowed are {string.Join(", ", RowKindNames.All)}, with commas "
                    + $"between them.{UsageErrors.Suggest(word, RowKindNames.All)}");
                return default;
            }
            kinds |= kind;
        }
        return kinds;
    }

    private static double[]? ParseAlphas(ArgumentResult result)
    {
        List<double> alphas = [];
        foreach (string part in result.Tokens[0].Value.Split(','))
        {
            if (!PlainNumber.TryReal(part, out double alpha) || !IsWithinOne(alpha))
            {
                result.AddError($"--alphas has {ConsoleUi.OneLine(part)}; each must lie between 0 and 1, for instance 0.01,0.05,0.1.");
                return null;
            }
            alphas.Add(alpha);
        }
        return [.. alphas];
    }
}
