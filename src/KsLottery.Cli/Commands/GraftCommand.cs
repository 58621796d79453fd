using System.CommandLine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary><c>kslottery graft</c>: the few elements of a fine-tune that keep what it learned.</summary>
internal static class GraftCommand
{
    public static Command Create()
    {
        Command command = new("graft",
            "Learns which few values of a fine-tune keep what it learned when they alone are taken into the base; trains no weight.");
        GraftOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) => Run(GraftOptions.From(arguments), ui, cancel));
        return command;
    }

    private static int Run(GraftOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        using Checkpoint baseModel = Reading.Open(options.Base, options.Reading, ui);
        using AdaptedCheckpoint? adapter = AdaptedCheckpoint.IsAdapter(options.Tuned)
            ? AdaptedCheckpoint.Open(baseModel, options.Tuned, options.Reading) : null;
        using Checkpoint tuned = adapter?.Checkpoint ?? Reading.Open(options.Tuned, options.Reading, ui);
        LlamaConfig config = LlamaConfig.Load(baseModel);
        Reading.Remark(ui, config.Notes);
        Tokenizer tokenizer = LoadedModel.OpenTokenizer(options.Tokenizer, options.Base, ui);
        TuneData data = TuneData.Read(options, config, tokenizer);
        LoadedModel.RemarkOnDoubled(data.Training[0].Tokens.Span, tokenizer, ui);

        using ComputeDevice device = options.Folder.Device.Open(DeviceWork.Model);
        using GraftRun run = new(baseModel, tuned, data.Training, data.Evaluation, device.Operations,
            options.How with { Settings = [.. TuneData.Settings(options, tokenizer)] }, cancel);
        GraftReport report = new(ui, options, run);
        report.WriteFacts(data, device);
        ui.Flush();
        try
        {
            GraftSummary summary;
            using (ProgressLine line = ui.StartProgress()) summary = run.Run(line.Of<GraftProgress>(GraftReport.Describe), cancel);
            report.Write(summary);
        }
        catch (OperationCanceledException e)
        {
            throw TrainingReport.Cancelled(options.Folder.Out, e);
        }
        return ExitCode.Ok;
    }
}
