using System.CommandLine;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Cli;

/// <content>Texts, sentence pairs and prompts.</content>
internal static partial class Options
{
    /// <summary>The pairs of a command that looks at their files again.</summary>
    public const string PairFiles = "The pairs: a .tsv or .jsonl file, or two aligned files as SOURCE,TARGET; plain or gzip.";

    private const string PairInput = "The pairs: a .tsv or .jsonl file, or two aligned files as SOURCE,TARGET; plain or gzip; - for "
        + "standard input.";

    public static Option<string?> Data(string description = PairInput) => OptionKind.Text("--data", "PAIRS", description);

    public static readonly Option<string> RequiredData = OptionKind.Required(Data());

    private static readonly NumberOption<int> FirstOf = OptionKind.Whole("--limit", "N", 0);

    /// <summary>How much of the pairs is taken; see <see cref="Unlimited"/>.</summary>
    public static readonly Option<int> PairLimit = FirstOf.Default(0, "Only the first N pairs; 0 takes all.");

    /// <summary>How much of a table is shown; see <see cref="Unlimited"/>.</summary>
    /// <param name="defaultValue">How much without it.</param>
    /// <param name="columns">What the table's columns are.</param>
    public static Option<int> ShownRows(int defaultValue, string columns = "") => FirstOf.Default(defaultValue,
        "The most rows that the table shows; 0 shows all." + columns);

    /// <summary>A limit as it counts: 0 is none.</summary>
    public static int Unlimited(int limit) => limit == 0 ? int.MaxValue : limit;

    /// <summary>What becomes of pairs that are too long.</summary>
    public static Option<string> Overlong(string description, params string[] values) =>
        OptionKind.Choice("--overlong", values[0], description, values);

    public static readonly Option<string?> Evaluation = OptionKind.Text("--eval", "PAIRS", "Pairs to evaluate on, in the form of --data.");

    public static Option<double> EvaluationShare(double defaultValue, string description) =>
        OptionKind.Real("--eval-share", "SHARE", IsBelowOne, BelowOne).Default(defaultValue, description);

    public static readonly Option<int?> MaxLength = OptionKind.Whole("--max-length", "TOKENS", 2).Optional(
        "The most tokens of a pair with its prompt, or of a sequence of text; by default what the model was made for, 1024 at most.");

    public static readonly Option<int> SourceColumn = OptionKind.Whole("--source-column", "N", 1).Default(1,
        "The column of the source in a tab-separated file.");

    public static readonly Option<int> TargetColumn = OptionKind.Whole("--target-column", "N", 1).Default(2,
        "The column of the target in a tab-separated file.");

    public static readonly Option<string?> SourceKey = OptionKind.Text("--source-key", "KEY",
        "The property of a JSON object, or of its \"translation\", that holds the source, such as en.");

    public static readonly Option<string?> TargetKey = OptionKind.Text("--target-key", "KEY",
        "The property of a JSON object, or of its \"translation\", that holds the target, such as da.");

    public static readonly Option<bool> SkipIncomplete = OptionKind.Flag("--skip-incomplete",
        "Leave out and count pairs with an empty side instead of refusing them.");

    public static readonly Option<string?> Template = new Option<string?>("--template")
    {
        Description = "The form of the prompt; alpaca by default, of generate none.",
        HelpName = string.Join('|', PromptTemplate.All),
    }.Among(null, [.. PromptTemplate.All.Select(form => form.Name)]);

    public static readonly FreeTextOption<string?> TemplateText = new("--template-text")
    {
        Description = @"A prompt of your own, with {source}, {src_lang}, {tgt_lang} and {instruction}; \n is a line feed.",
        HelpName = "TEXT",
    };

    public static readonly Option<string?> SourceLanguage = OptionKind.Text("--source-language", "NAME",
        "The English name of the source's language, such as English, for the prompt.");

    public static readonly Option<string?> TargetLanguage = OptionKind.Text("--target-language", "NAME",
        "The English name of the target's language, such as Danish, for the prompt.");

    public static readonly Option<string[]> Text = PlainTexts("Plain text", isRequired: true);

    public static readonly Option<string?> Hypotheses =
        OptionKind.Text("--hypotheses", "FILE", "Score the lines of this file, or of standard input (-), instead of a model's.");

    public static readonly Option<string[]> References = new("--references")
    {
        Description = "Their references, line by line; given several times, each hypothesis has several.",
        HelpName = "FILE",
    };

    public static readonly Option<string?> Matrix = OptionKind.Text("--matrix", "FILE",
        "Score every model of this file on every test of it, and tell seen pairs from zero-shot ones (docs/report-card.md).");

    public static readonly Option<string?> Spm = OptionKind.Text("--spm", "FILE", "Also spBLEU, by the pieces of this SentencePiece file.");

    /// <summary>An option for files of plain text.</summary>
    public static Option<string[]> PlainTexts(string what, bool isRequired) => new("--text")
    {
        Description = $"{what}, one text a line; FILE:2 takes the second column of a TSV, FILE.jsonl the strings \"text\" of JSON "
            + "lines. Plain or gzip; one file or more; - for standard input.",
        HelpName = "FILE",
        Required = isRequired,
        AllowMultipleArgumentsPerToken = true,
    };
}
