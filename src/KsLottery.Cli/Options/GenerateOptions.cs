using System.CommandLine;
using KsLottery.Engine.Generation;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery generate</c>.</summary>
internal sealed record GenerateOptions
{
    private static readonly Argument<string> ModelArgument = new("MODEL")
    {
        Description = "The model: a Hugging Face folder, or a .safetensors file with config.json beside it.",
    };
    private static readonly Option<int> BeamsOption = Options.Beams.Default(1, "The width of the beam search; 1 is none.");
    private static readonly Option<int> NewTokensOption = Options.MaxNewTokens();
    private static readonly Option<ulong?> SeedOption = Options.Seed("Decides all that is drawn.");
    private static readonly Option<int> BatchOption = Options.Batch.Default(8, "Sequences held at once, beams included.");

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
        command.Add(Options.Prompt, Options.Prompts);
        PromptOptions.AddTo(command);
        command.Add(Options.Temperature, Options.TopP, BeamsOption, NewTokensOption, SeedOption, BatchOption);
        StopOptions.AddTo(command);
        ModelOptions.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(Options.Prompt) is not null && result.GetValue(Options.Prompts) is not null)
                result.AddError("--prompt and --prompts exclude each other.");
        });
    }

    /// <summary>Reads the arguments.</summary>
    public static GenerateOptions From(ParseResult arguments) => new()
    {
        Model = ModelOptions.From(arguments, arguments.GetRequiredValue(ModelArgument)),
        Prompt = PromptOptions.From(arguments),
        Text = arguments.GetValue(Options.Prompt),
        File = arguments.GetValue(Options.Prompts),
        Stops = StopOptions.From(arguments),
        Batch = arguments.GetValue(BatchOption),
        Generation = new()
        {
            Temperature = arguments.GetValue(Options.Temperature) ?? 0,
            TopP = arguments.GetValue(Options.TopP),
            Beams = arguments.GetValue(BeamsOption),
            MaxNewTokens = arguments.GetValue(NewTokensOption),
            Seed = arguments.GetValue(SeedOption) ?? 0,
        },
    };
}
