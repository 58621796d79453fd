using System.CommandLine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery inspect</c>: what is in a checkpoint.</summary>
internal static class InspectCommand
{
    private static readonly Argument<string> Path = new("CHECKPOINT") { Description = "A .safetensors file, or a model's folder." };

    private static readonly Option<string> Tensor = new("--tensor")
    {
        Description = "Look at this tensor alone, its norms included.",
        HelpName = "NAME",
    };

    private static readonly Option<bool> Norms = new("--norms")
    {
        Description = "Read every F32, F16 and BF16 matrix for the norms of its rows; without it only the input embedding.",
    };

    private static readonly Option<bool> Fingerprints =
        new("--fingerprints") { Description = "Read every tensor for its SHA-256 fingerprint." };

    public static Command Create()
    {
        Command command = new("inspect", "Shows a checkpoint's tensors, whether it is tied, its vocabulary, norms "
            + "of rows and fingerprints.")
        {
            Path, Tensor, Norms, Fingerprints, Reading.NoMemoryMap,
        };
        command.SetBody(Run);
        return command;
    }

    private static int Run(ParseResult arguments, ConsoleUi ui, CancellationToken cancellationToken)
    {
        using Checkpoint checkpoint = Reading.Open(arguments.GetValue(Path)!, Reading.Of(arguments), ui);
        CheckpointInspection found;
        using (ProgressLine line = ui.StartProgress())
            found = CheckpointInspection.Of(checkpoint, arguments.GetValue(Tensor), arguments.GetValue(Norms), arguments.GetValue(Fingerprints),
                new Shown(line), cancellationToken);
        InspectReport report = new(found, isOneTensor: arguments.GetValue(Tensor) is not null);
        report.WriteTo(ui);
        ui.WriteJson(report.WriteTo);
        return ExitCode.Ok;
    }

    private sealed class Shown(ProgressLine line) : IProgress<InspectionStep>
    {
        public void Report(InspectionStep value) =>
            line.Report(() => $"{(value.IsFingerprint ? "fingerprint" : "norms")} of {VisibleText.Escape(value.Tensor.Name)}");
    }
}
