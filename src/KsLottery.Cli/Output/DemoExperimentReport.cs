using KsLottery.Demo;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli;

/// <summary>Runs the demo's experiment and shows it: what the base learned, the first ticket as <c>find</c> does, and the table.</summary>
/// <param name="settings">Its size.</param>
/// <param name="folder">An empty folder, which everything is written into.</param>
/// <param name="device">Where it is computed.</param>
/// <param name="ui">The console.</param>
/// <param name="cancel">Stops between steps.</param>
internal sealed class DemoExperimentReport(DemoSettings settings, string folder, ComputeDevice device, ConsoleUi ui,
    CancellationToken cancel)
{
    /// <param name="kept">The folder's name where it stays; null where it does not.</param>
    /// <param name="elapsed">How long it took, asked for at the end.</param>
    public void Run(string? kept, Func<TimeSpan> elapsed)
    {
        DemoExperiment experiment = new(settings, folder);
        Say($"a base from generated text, English and {settings.Target.Name}");
        WriteBase(Pretrain(experiment));
        experiment.WritePairs(cancel);
        Say("the experiment: every arm takes the same steps over the same pairs");
        ui.Flush();
        ExperimentPlan plan = experiment.Plan;
        using ExperimentConsole console = new(ui, plan, ExperimentPart.Whole) { TicketFound = ShowTicket };
        using ExperimentRun run = new(plan, folder, device, console);
        run.Run(cancel);
        new ExperimentReport(run, ui).Write(NumberText.Seconds(elapsed()) + (kept is null
            ? "; demo --keep DIR keeps data, models, ticket and patches to go on with"
            : $"; everything stands in {ConsoleUi.OneLine(kept)}, and experiment.json there says how to do it again"));
    }

    private DemoBase Pretrain(DemoExperiment experiment)
    {
        ui.Flush();
        using ProgressLine line = ui.StartProgress();
        return experiment.Pretrain(device, TrainingReport.ShowOn(line), cancel);
    }

    private void WriteBase(DemoBase trained) =>
        ui.WriteLine($"  {Sizes.Count(trained.Config.ParameterCount, "weight")}, {Sizes.Count(trained.Tokens, "token")} "
            + $"seen {NumberText.Real(settings.Epochs)} times; "
            + $"loss {NumberText.Fixed(trained.Summary.EvalLossBefore ?? double.NaN, 2)} before, "
            + $"{NumberText.Fixed(trained.Summary.EvalLossAfter ?? double.NaN, 2)} after, on text held out");

    private void ShowTicket(FoundTicket found)
    {
        if (ui.IsJson) return;
        Say("the Kolmogorov-Smirnov test on every row before and after Embed Tuning");
        FindOptions options = new() { Base = "base", Tuned = "base", ShownOut = Path.GetFileName(found.Folder) };
        new FindReport(ui, options, found.Ticket, found.Rows, found.Tokens)
        {
            TunedTensor = found.Ticket.Origin.Tensor,
            IsEmbedding = true,
            IsTunedTied = found.Ticket.Origin.IsTied,
            Elapsed = found.Rows.Scan.Elapsed,
            Files = [TicketFile.FileName, RowsFile.FileName],
        }.Write();
        ui.Flush();
    }

    private void Say(string what)
    {
        cancel.ThrowIfCancellationRequested();
        ui.WriteLine();
        ui.WriteLine($"== {what}");
    }
}
