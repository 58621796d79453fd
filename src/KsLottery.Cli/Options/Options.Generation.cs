using System.CommandLine;

namespace KsLottery.Cli;

/// <content>How texts are generated.</content>
internal static partial class Options
{
    public static readonly FreeTextOption<string?> Prompt = new("--prompt", "-p")
    {
        Description = "The text to continue; without a prompt the model begins one itself.",
        HelpName = "TEXT",
    };

    public static readonly Option<string?> Prompts = OptionKind.Text("--prompts", "FILE", "A file with a prompt on each line.");

    private const string TemperatureName = "--temperature";

    public static readonly Option<double?> Temperature = OptionKind.Real(TemperatureName, "T", IsNotNegative, NotNegative).Optional(
        "0 takes the likeliest token each time; above 0 tokens are drawn, with the logits divided by it.");

    public static readonly Option<double> TopP = OptionKind.Real("--top-p", "P", value => value is > 0 and <= 1,
        "it must lie above 0 and be 1 at most").Default(1,
        "Draws from the fewest, likeliest tokens that together have this probability; 1 draws from all.");

    /// <summary>The width of a beam search.</summary>
    public static readonly NumberOption<int> Beams = OptionKind.Whole("--beams", "N", 1);

    public static Option<int> MaxNewTokens(string description = "The most tokens that a prompt is continued by.") =>
        OptionKind.Whole("--max-new-tokens", "N", 1).Default(256, description);

    /// <summary>Sequences that are computed together.</summary>
    public static readonly NumberOption<int> Batch = OptionKind.Whole("--batch", "N", 1);

    public static Option<ulong?> Seed(string description) => OptionKind.Whole("--seed", "N", 0UL).Optional(description);

    public static readonly FreeTextOption<string[]> Stop = new("--stop")
    {
        Description = "A text, or a token's name, that ends what is written where it occurs, and is not part of it; may be given "
            + "several times.",
        HelpName = "TEXT",
    };

    public static readonly Option<int[]> StopId = OptionKind.Ids("--stop-id",
        "A further token that ends a text, beside those that the model's files name; may be given several times; 1 for llama2.c's models.");

    public static readonly Option<bool> NoGenerate = OptionKind.Flag("--no-generate", "Only the loss.");

    public static readonly Option<string?> Between = OptionKind.Text("--between", "OTHER",
        "The loss alone, at --points of the straight line from MODEL's weights to OTHER's, and the barrier on the way.");

    public static readonly Option<int?> Points = OptionKind.Whole("--points", "N", 2).Optional(
        "The points of --between, both ends among them; 11 by default.");

    public static readonly Option<bool> Calibration = OptionKind.Flag("--calibration",
        "Also the calibration error: how far the model's confidence in its likeliest token lies from how often that is the target's, over "
        + "15 bins. Takes as long as the loss.");

    public static Option<string?> Preset(string description, params string[] values) =>
        OptionKind.OptionalChoice("--preset", description, values);
}
