using System.CommandLine;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery report</c>.</summary>
internal sealed record ReportOptions
{
    private static readonly Argument<string> FolderArgument = new("DIR")
    {
        Description = "The folder of find --out, tune, pretrain, certify, experiment or demo --keep, or one that holds such folders.",
    };
    private static readonly Option<string?> OutOption = Options.Out(
        "The new folder for report.html and the charts as .svg and .tsv; without it DIR-report, beside DIR.");
    private static readonly Option<bool> ForceOption = Options.Force("Replace an earlier report; other files are never replaced.");
    private static readonly Option<string?> DataOption = Options.Data(
        "Sentence pairs, SOURCE,TARGET or one file: adds p by how often a token occurs in them.");
    private static readonly Option<string?> TokenizerOption = Options.Tokenizer(
        "The tokenizer that counts them; without it the one in DIR or a folder in it.");

    public required string Folder { get; init; }

    /// <summary>Where it goes.</summary>
    public required string Out { get; init; }

    public bool Force { get; init; }

    public int? Row { get; init; }

    /// <summary>Pairs whose tokens are counted; null for none.</summary>
    public string? Data { get; init; }

    public string? Tokenizer { get; init; }

    public bool TensorBoard { get; init; }

    /// <summary>What the page says of where it comes from.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Origin { get; init; }

    public required ParallelTextOptions Pairs { get; init; }

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Add(FolderArgument);
        command.Add(OutOption, ForceOption, Options.Row, DataOption, TokenizerOption, Options.TensorBoard);
        PairOptions.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(DataOption) is null or { Implicit: true } && result.GetResult(TokenizerOption) is { Implicit: false })
                result.AddError("--tokenizer counts the tokens of --data: give PAIRS as well.");
        });
    }

    /// <summary>Reads the arguments.</summary>
    public static ReportOptions From(ParseResult arguments)
    {
        string folder = arguments.GetRequiredValue(FolderArgument);
        return new()
        {
            Folder = folder,
            Out = arguments.GetValue(OutOption) ?? Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + "-report",
            Force = arguments.GetValue(ForceOption),
            Row = arguments.GetValue(Options.Row),
            Data = arguments.GetValue(DataOption),
            Tokenizer = arguments.GetValue(TokenizerOption),
            TensorBoard = arguments.GetValue(Options.TensorBoard),
            Origin = HtmlOption.Origin(arguments, ("folder", folder)),
            Pairs = PairOptions.From(arguments),
        };
    }
}
