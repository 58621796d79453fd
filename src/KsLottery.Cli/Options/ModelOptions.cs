using System.CommandLine;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Cli;

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
    /// <summary>Gives a command the options; the argument is its own.</summary>
    public static void AddTo(Command command)
    {
        command.Add(Options.ModelTokenizer, Options.Patch, Options.Adapter, Options.NoMemoryMap, Options.IgnoreChecksum);
        command.Validators.Add(result =>
        {
            if (result.GetResult(Options.Patch) is not null && result.GetResult(Options.Adapter) is not null)
                result.AddError("--patch and --adapter exclude each other: a patch belongs to the base as it is.");
        });
        DeviceOption.AddTo(command);
    }

    /// <summary>Reads the arguments.</summary>
    public static ModelOptions From(ParseResult arguments, string path) =>
        new(path, arguments.GetValue(Options.Patch), arguments.GetValue(Options.Adapter), arguments.GetValue(Options.ModelTokenizer),
        DeviceOption.From(arguments), Cli.Reading.Of(arguments));
}
