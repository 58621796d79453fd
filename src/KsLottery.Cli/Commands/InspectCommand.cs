using System.CommandLine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary><c>kslottery inspect</c>: what is in a checkpoint.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        Command command = new("inspect", "Shows a checkpoint's tensors, whether it is tied, its vocabulary, norms "
            + "of rows, sparsity and fingerprints; or what a patch, an adapter, a training's state or a certificate holds.");
        InspectOptions.AddTo(command);
        command.SetBody((arguments, ui, ranks, cancel) => Run(InspectOptions.From(arguments), ranks, ui, cancel));
        return command;
    }

    private static int Run(InspectOptions options, RankGroup ranks, ConsoleUi ui, CancellationToken cancel)
    {
        if (!options.LooksIntoTensors && ContentsReport.Of(options.Checkpoint, options.Reading) is { } contents)
        {
            contents.WriteTo(ui);
            ui.WriteJson(contents.WriteTo);
            return ExitCode.Ok;
        }
        using Checkpoint checkpoint = Reading.Open(options.Checkpoint, options.Reading, ui);
        CheckpointInspection found;
        IReadOnlyList<TensorSparsity> sparsity = [];
        using Checkpoint? other = options.Against is { } path ? Reading.Open(path, options.Reading, ui) : null;
        CheckpointAgreement.ThrowIfDifferent(ranks, other is null ? [checkpoint] : [checkpoint, other], cancel);
        TicketMask? within = options.Ticket is { } ticket ? TicketFolder.ReadMask(ticket, options.Reading) : null;
        (IReadOnlyList<WeightDistance> Compared, IReadOnlyList<(string Name, string Reason)> LeftOut) distances = ([], []);
        using (ProgressLine line = ui.StartProgress())
        {
            found = CheckpointInspection.Of(ranks, checkpoint, options.Tensor, options.Norms, options.Fingerprints,
                line.Of<InspectionStep>(Describe), cancel);
            if (options.Sparsity)
                sparsity = TensorSparsity.Of(ranks, found.Tensors,
                    line.Of<Tensor>(tensor => $"sparsity of {VisibleText.Escape(tensor.Name)}"), cancel);
            if (other is not null)
                distances = WeightDistance.Of(ranks, checkpoint, other, options.Tensor is null ? null : found.Tensors, within,
                    line.Of<Tensor>(tensor => $"distance of {VisibleText.Escape(tensor.Name)}"), cancel);
        }
        if (!ranks.Writes) return ExitCode.Ok;
        InspectReport report = new(found, isOneTensor: options.Tensor is not null)
        {
            Sparsity = sparsity,
            Distances = distances.Compared,
            IsFolded = !options.Unfolded,
        };
        report.WriteTo(ui);
        foreach ((string name, string reason) in distances.LeftOut)
            ui.Remark($"note: {VisibleText.Escape(name)} was not compared: {reason}.");
        ui.WriteJson(report.WriteTo);
        return ExitCode.Ok;
    }

    private static string Describe(InspectionStep value) =>
        $"{(value.IsFingerprint ? "fingerprint" : "norms")} of {VisibleText.Escape(value.Tensor.Name)}";
}
