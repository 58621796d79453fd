using System.CommandLine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery apply</c> and <c>kslottery revert</c>: puts a patch's rows into a checkpoint, and takes them out again.</summary>
internal static class ApplyCommand
{
    private delegate PatchResult Work(string checkpoint, string patch, string output, CheckpointOptions? options,
        IProgress<PatchProgress>? progress, CancellationToken cancellationToken);

    private static readonly Argument<string> Patch =
        new("PATCH") { Description = "The row patch: patch.safetensors, or the folder that find --out or tune wrote." };

    private static readonly Option<string> Output = new("--out", "-o")
    {
        Description = "The folder to write: one that does not exist yet, or an empty one.",
        HelpName = "DIR",
        Required = true,
    };

    /// <summary>Makes <c>apply</c>.</summary>
    public static Command CreateApply() => Create("apply",
        "Partial Transfer: writes the base with the rows of a patch in place of its own; refuses a base that drifted.",
        "BASE", "The checkpoint that the patch was made for: a .safetensors file or a model's folder.", PatchApplication.Apply);

    /// <summary>Makes <c>revert</c>.</summary>
    public static Command CreateRevert() => Create("revert", "Takes the rows of a patch out again and gives the base's exact bytes back.",
        "PATCHED", "The checkpoint that apply wrote: a .safetensors file or a model's folder.", PatchApplication.Revert);

    private static Command Create(string verb, string description, string name, string what, Work work)
    {
        Argument<string> checkpoint = new(name) { Description = what };
        Command command = new(verb, description) { checkpoint, Patch, Output, Reading.NoMemoryMap };
        command.SetBody((arguments, ui, cancellationToken) =>
        {
            string path = arguments.GetValue(checkpoint)!;
            PatchResult result;
            using (ProgressLine line = ui.StartProgress())
                result = work(path, arguments.GetValue(Patch)!, arguments.GetValue(Output)!, Reading.Of(arguments),
                    new Shown(line), cancellationToken);
            PatchReport.Write(ui, verb == "apply" ? "base" : "patched", path, result);
            return ExitCode.Ok;
        });
        return command;
    }

    private sealed class Shown(ProgressLine line) : IProgress<PatchProgress>
    {
        public void Report(PatchProgress value) =>
            line.Report(() => $"writing {value.File}: {Sizes.Bytes(value.BytesDone)} of {Sizes.Bytes(value.ByteCount)}");
    }
}
