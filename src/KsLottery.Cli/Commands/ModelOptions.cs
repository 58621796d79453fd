using System.CommandLine;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Cli.Commands;

/// <summary>The arguments of the commands that run a model.</summary>
/// <param name="Path">The model's folder, or a file in it.</param>
/// <param name="Patch">A patch to put in place in memory.</param>
/// <param name="Tokenizer">The tokenizer; null for the one beside the model.</param>
/// <param name="Threads">Threads; 0 for one a processor.</param>
/// <param name="Reading">How files are read.</param>
internal sealed record ModelOptions(string Path, string? Patch, string? Tokenizer, int Threads, CheckpointOptions Reading)
{
    private static readonly Option<string?> PatchOption = new("--patch")
    {
        Description = "Run the model with the rows of this patch in place of its own, as apply would write it; refuses a base that drifted.",
        HelpName = "FILE",
    };
    private static readonly Option<string?> TokenizerOption = new("--tokenizer")
    {
        Description = "The model's tokenizer; without it the one beside MODEL.",
        HelpName = "PATH",
    };
    private static readonly Option<int> ThreadsOption = OptionValue.Count("--threads", 0, 0, "Threads; 0 takes one for each processor. Results do not depend on it.");

    static ModelOptions() => ThreadsOption.Aliases.Add("-t");

    /// <summary>Gives a command the options; the argument is its own.</summary>
    public static void AddTo(Command command)
    {
        foreach (Option option in (Option[])[TokenizerOption, PatchOption, ThreadsOption, Cli.Reading.NoMemoryMap]) command.Add(option);
    }

    /// <summary>Reads the arguments.</summary>
    public static ModelOptions From(ParseResult arguments, string path) => new(path, arguments.GetValue(PatchOption), arguments.GetValue(TokenizerOption),
        arguments.GetValue(ThreadsOption), Cli.Reading.Of(arguments));
}
