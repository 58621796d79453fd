using System.CommandLine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary><c>kslottery prune</c>: writes a checkpoint with the weights zero that count least.</summary>
internal static class PruneCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        Command command = new("prune",
            "Writes a checkpoint with the weights zero that count least, by default of all matrices of attention and feed-forward blocks; "
            + "or measures what each sparsity costs.");
        PruneOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) => Run(PruneOptions.From(arguments), ui, cancel));
        return command;
    }

    private static int Run(PruneOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        if (options.Measured is { } measured && SweepOptions.IsCalibrated(measured.Score))
            options = options with { Recipe = options.Recipe with { Score = ScoreOf(measured, ui, cancel) } };
        if (options.Flow is { } flow) options = options with { Recipe = options.Recipe with { Score = FlowOf(options, flow, ui, cancel) } };
        if (options.IsSweep) return SweepCommand.Run(options.Measured!, options.Recipe.Score, ui, cancel);
        PruneResult result;
        using (ProgressLine line = ui.StartProgress())
        {
            line.Report(() => "scoring weights");
            result = ModelPruning.Prune(options.Model, options.Out, options.Recipe, options.Ticket, options.Reading,
                line.Of<PatchProgress>(ApplyCommand.Describe), cancel);
        }
        PruneReport.Write(ui, options, result);
        return ExitCode.Ok;
    }

    private static TicketScore FlowOf(PruneOptions options, FlowOptions flow, ConsoleUi ui, CancellationToken cancel)
    {
        using Checkpoint checkpoint = Reading.Open(options.Model, options.Reading, ui);
        using ProgressLine line = ui.StartProgress();
        return SynapticFlow.Of(checkpoint, flow.Sparsity, flow.IsPerTensor, flow.Tensors, flow.Rounds,
            line.Of<int>(done => $"synflow: {Sizes.Count(done)} of {Sizes.Count(flow.Rounds)} rounds"), cancel);
    }

    /// <summary>Lets the text go through the model, which is closed again.</summary>
    private static TicketScore ScoreOf(SweepOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        const int RowsAtOnce = 1024;
        using LoadedModel loaded = new(options.Model, ui, cancel);
        IReadOnlyList<TokenBatch> batches = BatchSchedule.Pack(PruneText.Read(options, loaded).Sequences, RowsAtOnce);
        string data = Fingerprint.OfLines(PruneText.Settings(options, loaded).Select(s => $"{s.Key} {s.Value}"));
        using ProgressLine line = ui.StartProgress();
        return TextScores.Of(options.Score, loaded.Model, loaded.Operations, batches, data,
            line.Of<int>(done => $"{options.Score}: {Sizes.Count(done)} of "
                + $"{Sizes.Count(batches.Count * TextScores.PassCount(options.Score))} batches"), cancel);
    }
}
