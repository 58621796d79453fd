using KsLottery.Demo;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>Walks from find to export on a planted pair; each step prints the command that does the same, and what holds after
/// it.</summary>
/// <param name="folder">Where it works.</param>
/// <param name="shownFolder">What the folder is called where it is kept; empty where it is not.</param>
/// <param name="ui">The console.</param>
/// <param name="cancel">Stops between steps.</param>
internal sealed class DemoPairReport(string folder, string shownFolder, ConsoleUi ui, CancellationToken cancel)
{
    private readonly List<string> _checks = [];

    /// <param name="elapsed">How long it took, asked for at the end.</param>
    public void Run(Func<TimeSpan> elapsed)
    {
        DemoPair pair = DemoPair.Make(folder);
        ui.WriteLine($"A small model and a tuned copy of it, {Sizes.Count(DemoPair.Rows)} embedding rows of {DemoPair.Width} values each:");
        ui.WriteLine($"  {DemoPair.Planted.Count} rows were moved far, and must be found;");
        ui.WriteLine($"  {pair.NoisyCount} rows got noise of a hundredth of their spread, and must not be;");
        ui.WriteLine("  1 row is dead (1e-23) and got that noise, which any test takes for a change: it must be marked degenerate.");
        DemoPairSteps steps = new(pair, folder, cancel);

        Say($"find base tuned --out {DemoPairSteps.TicketName}");
        Ticket ticket = Find(pair);
        Check(steps.CheckFound(ticket));
        Say($"apply base {DemoPairSteps.PatchName} --out {DemoPairSteps.PatchedName}");
        PatchResult patched = steps.Apply();
        ui.WriteLine($"{patched.Tensors[0].Mask.Units.Count} rows written into {patched.WrittenFiles[0]}; "
            + $"{string.Join(", ", patched.CopiedFiles)} carried along");
        Check(steps.CheckApplied(patched, ticket));
        Say($"revert {DemoPairSteps.PatchedName} {DemoPairSteps.PatchName} --out {DemoPairSteps.RestoredName}");
        RestoredBase restored = steps.Revert();
        ui.WriteLine($"{restored.File} {restored.Fingerprint}");
        Check(steps.CheckReverted(restored));
        Say($"export {DemoPairSteps.PatchName} --to peft --out {DemoPairSteps.AdapterName}");
        PeftRows rows = steps.Export();
        ui.WriteLine($"{PeftAdapter.ConfigName}, {PeftAdapter.WeightsName}: {rows.Indices.Count} rows of {rows.Width} for {rows.Module}");
        Check(DemoPairSteps.CheckExported(rows, ticket));
        WriteEnd(ticket, elapsed());
    }

    private Ticket Find(DemoPair pair)
    {
        const string Name = DemoPairSteps.TicketName;
        FindReport report = FindCommand.Run(new()
        {
            Base = pair.Base,
            Tuned = pair.Tuned,
            Out = Path.Combine(folder, Name),
            ShownOut = shownFolder.Length == 0 ? Name : Path.Combine(shownFolder, Name),
        }, ui, cancel);
        if (!ui.IsJson) report.Write();
        return report.Ticket;
    }

    private void WriteEnd(Ticket ticket, TimeSpan elapsed)
    {
        bool isKept = shownFolder.Length > 0;
        ui.WriteLine();
        ui.WriteLine($"All {_checks.Count} checks hold. {NumberText.Seconds(elapsed)}"
            + (isKept ? "" : "; demo --pair --keep DIR keeps the files to play with."));
        ui.WriteJson(json =>
        {
            json.WriteString("signature", ticket.Signature.ToString());
            json.WriteStartArray("ids");
            foreach (int id in ticket.Ids) json.WriteNumberValue(id);
            json.WriteEndArray();
            json.WriteStrings("checks", _checks);
            json.WriteString("folder", isKept ? folder : null);
            json.WriteNumber("seconds", elapsed.TotalSeconds);
        });
    }

    private void Say(string command)
    {
        cancel.ThrowIfCancellationRequested();
        ui.WriteLine();
        ui.WriteLine($"$ kslottery {command}");
    }

    private void Check(IEnumerable<DemoCheck> checks)
    {
        foreach ((string what, bool holds) in checks)
        {
            if (!holds)
                throw new CommandException(ExitCode.VerificationFailed,
                    $"demo: it does not hold that {what}. Please report this, with the machine's processor.");
            _checks.Add(what);
            ui.WriteLine($"ok: {what}");
        }
    }
}
