using System.CommandLine;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Cli.Commands;

/// <summary>The arguments of the commands that run a model.</summary>
/// <param name="Path">The model's folder, or a file in it.</param>
/// <param name="Patch">A patch to put in place in memory.</param>
/// <param name="Adapter">An adapter to merge in memory.</param>
/// <param name="Tokenizer">The tokenizer; null for the one beside the model.</param>
/// <param name="Device">Where it runs.</param>
/// <param name="Reading">How files are read.</param>
internal sealed record ModelOptions(string Path, string? Patch, string? Adapter, string? Tokenizer, DeviceOption Device,
    CheckpointOptions Reading)
{
    private static readonly Option<string?> PatchOption = new("--patch")
    {
        Description = "Run the model with the rows of this patch, a file or its folder, in place of its own, as apply would write it; "
            + "refuses a base that drifted.",
        HelpName = "PATH",
    };
    private static readonly Option<string?> AdapterOption = new("--adapter")
    {
        Description = "Run the model with this PEFT adapter (LORA, TRAINABLE_TOKENS) merged into it in memory.",
        HelpName = "DIR",
    };
    private static readonly Option<string?> TokenizerOption = new("--tokenizer")
    {
        Description = "The model's tokenizer; without it the one beside MODEL.",
        HelpName = "PATH",
    };

    /// <summary>Gives a command the options; the argument is its own.</summary>
    public static void AddTo(Command command)
    {
        foreach (Option option in (Option[])[TokenizerOption, PatchOption, AdapterOption, Cli.Reading.NoMemoryMap]) command.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetResult(PatchOption) is not null && result.GetResult(AdapterOption) is not null)
                result.AddError("--patch and --adapter exclude each other: a patch belongs to the base as it is.");
        });
        DeviceOption.AddTo(command);
    }

    /// <summary>Reads the arguments.</summary>
    public static ModelOptions From(ParseResult arguments, string path) =>
        new(path, arguments.GetValue(PatchOption), arguments.GetValue(AdapterOption), arguments.GetValue(TokenizerOption),
        DeviceOption.From(arguments), Cli.Reading.Of(arguments));
}
