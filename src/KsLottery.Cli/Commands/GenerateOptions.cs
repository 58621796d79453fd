using System.CommandLine;
using KsLottery.Engine.Generation;

namespace KsLottery.Cli.Commands;

/// <summary>The arguments of <c>kslottery generate</c>.</summary>
internal sealed record GenerateOptions
{
    private static readonly Argument<string> ModelArgument = new("MODEL")
    {
        Description = "The model: a Hugging Face folder, or a .safetensors file with config.json beside it.",
    };
    private static readonly FreeTextOption<string?> PromptOption = new("--prompt", "-p")
    {
        Description = "The text to continue; without a prompt the model begins one itself.",
        HelpName = "TEXT",
    };
    private static readonly Option<string?> PromptsOption =
        new("--prompts") { Description = "A file with a prompt on each line.", HelpName = "FILE" };
    private static readonly Option<double> TemperatureOption = new("--temperature")
    {
        Description = "0 takes the likeliest token each time; above 0 tokens are drawn, with the logits divided by it.",
        HelpName = "T",
        CustomParser = result => OptionValue.Real(result, value => value >= 0 && double.IsFinite(value),
            "it must be a number from 0"),
    };
    private static readonly Option<double> TopPOption = new("--top-p")
    {
        Description = "Draws from the fewest, likeliest tokens that together have this probability; 1 draws from all.",
        HelpName = "P",
        DefaultValueFactory = _ => 1,
        CustomParser = result => OptionValue.Real(result, value => value > 0 && value <= 1,
            "it must lie above 0 and be 1 at most"),
    };
    private static readonly Option<int> BeamsOption = OptionValue.Count("--beams", 1, 1, "The width of the beam search; 1 is none.");
    private static readonly Option<int> NewTokensOption = OptionValue.Count("--max-new-tokens", 1, 256,
        "The most tokens that a prompt is continued by.");
    private static readonly Option<long> SeedOption = new("--seed")
    {
        Description = "Decides all that is drawn.",
        HelpName = "N",
        CustomParser = result => OptionValue.From(result, 0L),
    };
    private static readonly Option<int> BatchOption = OptionValue.Count("--batch", 1, 8, "Sequences held at once, beams included.");

    public required ModelOptions Model { get; init; }

    public required PromptOptions Prompt { get; init; }

    /// <summary>The texts to continue.</summary>
    public string? Text { get; init; }

    /// <summary>A file of such texts.</summary>
    public string? File { get; init; }

    /// <summary>What ends a text beside the model's own tokens.</summary>
    public required StopOptions Stops { get; init; }

    public int Batch { get; init; }

    /// <summary>How to generate, but for the tokens that end a text.</summary>
    public required GenerationOptions Generation { get; init; }

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Add(ModelArgument);
        foreach (Option option in (Option[])[PromptOption, PromptsOption]) command.Add(option);
        PromptOptions.AddTo(command);
        foreach (Option option in (Option[])
            [TemperatureOption, TopPOption, BeamsOption, NewTokensOption, SeedOption, BatchOption])
            command.Add(option);
        StopOptions.AddTo(command);
        ModelOptions.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(PromptOption) is not null && result.GetValue(PromptsOption) is not null)
                result.AddError("--prompt and --prompts exclude each other.");
        });
    }

    /// <summary>Reads the arguments.</summary>
    public static GenerateOptions From(ParseResult arguments) => new()
    {
        Model = ModelOptions.From(arguments, arguments.GetRequiredValue(ModelArgument)),
        Prompt = PromptOptions.From(arguments),
        Text = arguments.GetValue(PromptOption),
        File = arguments.GetValue(PromptsOption),
        Stops = StopOptions.From(arguments),
        Batch = arguments.GetValue(BatchOption),
        Generation = new()
        {
            Temperature = arguments.GetValue(TemperatureOption),
            TopP = arguments.GetValue(TopPOption),
            Beams = arguments.GetValue(BeamsOption),
            MaxNewTokens = arguments.GetValue(NewTokensOption),
            Seed = (ulong)arguments.GetValue(SeedOption),
        },
    };
}
