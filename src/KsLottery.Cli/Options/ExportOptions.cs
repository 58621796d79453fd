using System.CommandLine;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery export</c>.</summary>
internal sealed record ExportOptions
{
    private static readonly Argument<string> PatchArgument =
        new("PATCH") { Description = "The patch: patch.safetensors, or the folder that find --out or tune wrote." };
    private static readonly Option<bool> TiedOption = Options.Tied(
        "The model's output head is its input embedding: the adapter holds the rows for both. By default the patch says.");
    private static readonly Option<bool> UntiedOption = Options.Untied("The model has an output head of its own.");

    public required string Patch { get; init; }

    public required string Out { get; init; }

    /// <summary>Whether composable-sft's form is written, and not PEFT's.</summary>
    public bool IsSparse { get; init; }

    /// <summary>What the adapter calls its base; null where nobody said it.</summary>
    public string? BaseModel { get; init; }

    /// <summary>Whether the base is tied; null for what the patch says.</summary>
    public bool? Tied { get; init; }

    public required CheckpointOptions Reading { get; init; }

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Add(PatchArgument);
        command.Add(Options.ExportTo, Options.NewFolder, Options.BaseModel, TiedOption, UntiedOption, Options.NoMemoryMap,
            Options.IgnoreChecksum);
        command.Validators.Add(result =>
        {
            if (result.GetValue(TiedOption) && result.GetValue(UntiedOption))
                result.AddError("--tied and --untied exclude each other: give one of them, or none.");
            if (result.GetValue(Options.ExportTo) == Options.Sft && (result.GetValue(TiedOption) || result.GetValue(UntiedOption)
                || result.GetResult(Options.BaseModel) is not null))
                result.AddError("--tied, --untied and --base-model belong to --to peft.");
        });
    }

    /// <summary>Reads the arguments.</summary>
    public static ExportOptions From(ParseResult arguments) => new()
    {
        Patch = arguments.GetRequiredValue(PatchArgument),
        Out = arguments.GetRequiredValue(Options.NewFolder),
        IsSparse = arguments.GetRequiredValue(Options.ExportTo) == Options.Sft,
        BaseModel = arguments.GetValue(Options.BaseModel),
        Tied = arguments.GetValue(TiedOption) ? true : arguments.GetValue(UntiedOption) ? false : null,
        Reading = Cli.Reading.Of(arguments),
    };
}
