using System.CommandLine;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery apply</c> and <c>kslottery revert</c>: puts a patch's rows into a checkpoint, and takes them out again.</summary>
internal static class ApplyCommand
{
    private delegate PatchResult Work(string checkpoint, string patch, string output, PatchOptions options,
        IProgress<PatchProgress>? progress, CancellationToken cancellationToken);

    private static readonly Argument<string> Patch = new("PATCH")
    {
        Description = "The row patch: patch.safetensors, or the folder that find --out or tune wrote; for apply also a PEFT adapter, which "
            + "is merged.",
    };

    private static readonly Option<string> Output = new("--out", "-o")
    {
        Description = "The folder to write: one that does not exist yet, or an empty one.",
        HelpName = "DIR",
        Required = true,
    };

    private static readonly Option<bool> AllowNonFinite = new("--allow-non-finite")
    {
        Description = "Write rows that hold a NaN or an infinity as well; such a patch is refused otherwise.",
    };

    private static readonly Option<string?> Resize = new("--resize")
    {
        Description = "Give the result the vocabulary of the tuned checkpoint that the patch was taken from: embedding, head, vocab_size "
            + "and tokenizer.",
        HelpName = "TUNED",
    };

    /// <summary>Makes <c>apply</c>.</summary>
    public static Command CreateApply() => Create("apply",
        "Partial Transfer: writes the base with the rows of a patch in place of its own; refuses a base that drifted.",
        "BASE", "The checkpoint that the patch was made for: a .safetensors file or a model's folder.", PatchApplication.Apply,
        AllowNonFinite, Resize);

    /// <summary>Makes <c>revert</c>.</summary>
    public static Command CreateRevert() => Create("revert", "Takes the rows of a patch out again: the tensor gets the base's exact bytes, all else stays as found.",
        "PATCHED", "The checkpoint that apply wrote: a .safetensors file or a model's folder.",
        (patched, patch, output, options, progress, cancel) =>
            PatchApplication.Revert(patched, patch, output, options.Reading, progress, cancel));

    private static Command Create(string verb, string description, string name, string what, Work work,
        params ReadOnlySpan<Option> more)
    {
        Argument<string> checkpoint = new(name) { Description = what };
        Command command = new(verb, description) { checkpoint, Patch, Output, Reading.NoMemoryMap };
        foreach (Option option in more) command.Add(option);
        command.SetBody((arguments, ui, cancellationToken) =>
        {
            string path = arguments.GetValue(checkpoint)!;
            if (verb == "apply" && AdaptedCheckpoint.IsAdapter(arguments.GetValue(Patch)!))
                return Merge(path, arguments, ui, cancellationToken);
            PatchResult result;
            using (ProgressLine line = ui.StartProgress())
                result = work(path, arguments.GetValue(Patch)!, arguments.GetValue(Output)!,
                    OptionsOf(arguments), new Shown(line), cancellationToken);
            PatchReport.Write(ui, verb == "apply" ? "base" : "patched", path, result);
            return ExitCode.Ok;
        });
        return command;
    }

    private static int Merge(string path, ParseResult arguments, ConsoleUi ui, CancellationToken cancellationToken)
    {
        if (arguments.GetValue(Resize) is not null)
            throw new CommandException(ExitCode.Usage, "--resize belongs to a patch: an adapter brings its own vocabulary where it has "
                + "another.");
        AdapterResult result;
        using (ProgressLine line = ui.StartProgress())
            result = AdapterApplication.Apply(path, arguments.GetValue(Patch)!, arguments.GetValue(Output)!, OptionsOf(arguments),
                new Shown(line), cancellationToken);
        PatchReport.Write(ui, path, result);
        return ExitCode.Ok;
    }

    private static PatchOptions OptionsOf(ParseResult arguments) => new()
    {
        Reading = Reading.Of(arguments),
        AllowsNonFinite = arguments.GetValue(AllowNonFinite),
        ResizeAs = arguments.GetValue(Resize),
    };

    private sealed class Shown(ProgressLine line) : IProgress<PatchProgress>
    {
        public void Report(PatchProgress value) =>
            line.Report(() => $"writing {value.File}: {Sizes.Bytes(value.BytesDone)} of {Sizes.Bytes(value.ByteCount)}");
    }
}
