using System.CommandLine;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery apply</c> and <c>kslottery revert</c>.</summary>
internal sealed record ApplyOptions
{
    private static readonly Argument<string> BaseArgument = new("BASE")
    {
        Description = "The checkpoint that the patch was made for: a .safetensors file or a model's folder.",
    };
    private static readonly Argument<string> PatchedArgument = new("PATCHED")
    {
        Description = "The checkpoint that apply or merge wrote: a .safetensors file or a model's folder.",
    };
    private static readonly Argument<string> PatchArgument = new("PATCH")
    {
        Description = "The patch: patch.safetensors, or the folder that find --out or tune wrote; for apply also a PEFT adapter, which "
            + "is merged.",
    };

    private static readonly Argument<string[]> PatchesArgument = new("PATCH")
    {
        Description = "The patch: patch.safetensors, or the folder that find --out or tune wrote; all patches that were merged.",
        Arity = ArgumentArity.OneOrMore,
    };

    public required string Checkpoint { get; init; }

    /// <summary>The patches; one for <c>apply</c>.</summary>
    public required string[] Patches { get; init; }

    public string Patch => Patches[0];

    public required string Out { get; init; }

    public required PatchOptions How { get; init; }

    /// <summary>Gives <c>apply</c> the arguments.</summary>
    public static void AddToApply(Command command)
    {
        command.Add(BaseArgument, PatchArgument);
        command.Add(Options.NewFolder, Options.NoMemoryMap, Options.IgnoreChecksum, Options.AllowNonFinite, Options.Resize);
    }

    /// <summary>Gives <c>revert</c> the arguments.</summary>
    public static void AddToRevert(Command command)
    {
        command.Add(PatchedArgument, PatchesArgument);
        command.Add(Options.NewFolder, Options.NoMemoryMap, Options.IgnoreChecksum);
    }

    /// <summary>Reads the arguments of <c>apply</c>.</summary>
    public static ApplyOptions FromApply(ParseResult arguments) =>
        From(arguments, BaseArgument, [arguments.GetRequiredValue(PatchArgument)]);

    /// <summary>Reads the arguments of <c>revert</c>.</summary>
    public static ApplyOptions FromRevert(ParseResult arguments) =>
        From(arguments, PatchedArgument, arguments.GetRequiredValue(PatchesArgument));

    private static ApplyOptions From(ParseResult arguments, Argument<string> checkpoint, string[] patches) => new()
    {
        Checkpoint = arguments.GetRequiredValue(checkpoint),
        Patches = patches,
        Out = arguments.GetRequiredValue(Options.NewFolder),
        How = new()
        {
            Reading = Reading.Of(arguments),
            AllowsNonFinite = arguments.GetValue(Options.AllowNonFinite),
            ResizeAs = arguments.GetValue(Options.Resize),
        },
    };
}
