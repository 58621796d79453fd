using System.CommandLine;
using System.Diagnostics;
using KsLottery.Cli.Demo;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery demo</c>: the paper's experiment from nothing; or the tools alone, on a pair whose answer is known.</summary>
internal static class DemoCommand
{
    private static readonly Option<string> Language = new Option<string>("--language")
    {
        Description = "The language that the experiment translates to, from English.",
        DefaultValueFactory = _ => Tongue.German.Name.ToLowerInvariant(),
    }.AcceptOnlyFromAmong([.. Tongue.All.Skip(1).Select(t => t.Name.ToLowerInvariant())]);

    private static readonly Option<bool> Quick = new("--quick") { Description = "A tenth of the training: shows the way in seconds, and says nothing about tickets." };

    private static readonly Option<bool> Pair = new("--pair")
    {
        Description = "No training: find, apply, verify, revert and export on a pair with planted rows, each answer checked, in a second.",
    };

    private static readonly Option<string?> Keep = new("--keep")
    {
        Description = "Keep the files in this new folder instead of a temporary one.",
        HelpName = "DIR",
    };

    public static Command Create()
    {
        Command command = new("demo",
            "Runs the paper's experiment from nothing in minutes: a base, Embed Tuning, the ticket, Partial Transfer, Partial Tuning and the controls.")
        {
            Language, Quick, Pair, Keep,
        };
        DeviceOption.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(Pair) && (result.GetValue(Quick) || result.GetResult(Language) is { Implicit: false }))
                result.AddError("--pair trains nothing: leave --language and --quick out.");
        });
        command.SetBody((arguments, ui, cancel) => Run(arguments.GetValue(Keep), ui, (folder, isKept) =>
        {
            long started = Stopwatch.GetTimestamp();
            if (arguments.GetValue(Pair)) RunPair(folder, isKept ? arguments.GetValue(Keep)! : "", started, ui, cancel);
            else RunExperiment(arguments, folder, isKept, started, ui, cancel);
        }));
        return command;
    }

    /// <summary>Works in the folder to keep, or in a temporary one; what fails leaves nothing behind.</summary>
    private static int Run(string? keep, ConsoleUi ui, Action<string, bool> work)
    {
        if (keep is not null && (File.Exists(keep) || (Directory.Exists(keep) && Directory.EnumerateFileSystemEntries(keep).Any())))
            throw new IOException($"{keep}: it exists and is no empty folder. Name a new folder to keep the files in.");
        string folder = keep is null ? Directory.CreateTempSubdirectory("kslottery-demo-").FullName : Directory.CreateDirectory(keep).FullName;
        bool isKept = false;
        try
        {
            work(folder, keep is not null);
            isKept = keep is not null;
            return ExitCode.Ok;
        }
        finally
        {
            if (!isKept) Directory.Delete(folder, recursive: true);
        }
    }

    private static void RunExperiment(ParseResult arguments, string folder, bool isKept, long started, ConsoleUi ui, CancellationToken cancel)
    {
        Tongue target = Tongue.All.First(t => t.Name.Equals(arguments.GetValue(Language), StringComparison.OrdinalIgnoreCase));
        DemoSettings settings = arguments.GetValue(Quick) ? DemoSettings.Quick(target) : new(target);
        using ComputeDevice device = DeviceOption.From(arguments).Open(DeviceWork.Model);
        new DemoExperiment(settings, folder, device, ui, cancel)
            .Run(isKept ? arguments.GetValue(Keep) : null, () => Stopwatch.GetElapsedTime(started));
    }

    private static void RunPair(string folder, string shownFolder, long started, ConsoleUi ui, CancellationToken cancel)
    {
        Steps steps = new(folder, shownFolder, ui, cancel);
        steps.Run();
        steps.WriteEnd(Stopwatch.GetElapsedTime(started), shownFolder.Length > 0);
    }

    /// <summary>The steps; each prints the command that does the same.</summary>
    private sealed class Steps(string folder, string shownFolder, ConsoleUi ui, CancellationToken cancel)
    {
        private const string PatchPath = "ticket/" + RowPatch.FileName;

        private readonly List<string> _checks = [];
        private Ticket? _ticket;

        public void Run()
        {
            DemoPair pair = DemoPair.Make(folder);
            ui.WriteLine($"A small model and a tuned copy of it, {Sizes.Count(DemoPair.Rows)} embedding rows of {DemoPair.Width} values each:");
            ui.WriteLine($"  {DemoPair.Planted.Count} rows were moved far, and must be found;");
            ui.WriteLine($"  {pair.NoisyCount} rows got noise of a hundredth of their spread, and must not be;");
            ui.WriteLine("  1 row is dead (1e-23) and got that noise, which any test takes for a change: it must be marked degenerate.");
            Find(pair);
            Apply(pair);
            Revert(pair);
            Export();
        }

        public void WriteEnd(TimeSpan elapsed, bool isKept)
        {
            ui.WriteLine();
            ui.WriteLine($"All {_checks.Count} checks hold. {NumberText.Seconds(elapsed)}"
                + (isKept ? "" : "; demo --pair --keep DIR keeps the files to play with."));
            ui.WriteJson(json =>
            {
                json.WriteString("signature", _ticket!.Signature.ToString());
                json.WriteStartArray("ids");
                foreach (int id in _ticket.Ids) json.WriteNumberValue(id);
                json.WriteEndArray();
                json.WriteStrings("checks", _checks);
                json.WriteString("folder", isKept ? folder : null);
                json.WriteNumber("seconds", elapsed.TotalSeconds);
            });
        }

        private void Find(DemoPair pair)
        {
            Say("find base tuned --out ticket");
            FindOptions options = new() { Base = pair.Base, Tuned = pair.Tuned, Out = Place("ticket"), ShownOut = Shown("ticket") };
            FindReport report = FindCommand.Run(options, ui, cancel);
            if (!ui.IsJson) report.Write();
            _ticket = report.Ticket;
            Check("the ticket holds the rows that were moved, the dead row, and no other",
                _ticket.Ids.SequenceEqual(DemoPair.Planted.Append(DemoPair.Dead).Order()));
            Check("of these the dead row alone is marked degenerate",
                _ticket.Entries.All(e => e.Category.StartsWith("degenerate", StringComparison.Ordinal) == (e.Id == DemoPair.Dead)));
            Ticket read = TicketFile.Read(Path.Combine(Place("ticket"), TicketFile.FileName));
            Check("ticket.json reads back the same", read.Signature == _ticket.Signature && read.Ids.SequenceEqual(_ticket.Ids));
        }

        private void Apply(DemoPair pair)
        {
            Say($"apply base {PatchPath} --out patched");
            PatchResult result = PatchApplication.Apply(pair.Base, Place(PatchPath), Place("patched"), cancellationToken: cancel);
            ui.WriteLine($"{result.RowCount} rows written into {result.WrittenFile}; {string.Join(", ", result.CopiedFiles)} carried along");
            using Checkpoint before = Checkpoint.Open(pair.Base), after = Checkpoint.Open(pair.Tuned), patched = Checkpoint.Open(Place("patched"));
            string name = result.TensorName;
            (Tensor a, Tensor b, Tensor c) = (before.GetTensor(name), after.GetTensor(name), patched.GetTensor(name));
            HashSet<int> ids = [.. _ticket!.Ids];
            Check("the patched embedding has the tuned rows of the ticket and the base's everywhere else",
                Enumerable.Range(0, DemoPair.Rows).All(id => c.GetRow<ushort>(id).SequenceEqual((ids.Contains(id) ? b : a).GetRow<ushort>(id))));
            Check("every other tensor is the base's", before.Tensors.Where(t => t.Name != name)
                .All(t => Fingerprint.OfTensor(t, cancel) == Fingerprint.OfTensor(patched.GetTensor(t.Name), cancel)));
            bool isRefused = IsRefused(() => PatchApplication.Apply(pair.Tuned, Place(PatchPath), Place("refused"), cancellationToken: cancel));
            Check("a base that is another one is refused", isRefused && !Directory.Exists(Place("refused")));
        }

        private void Revert(DemoPair pair)
        {
            Say($"revert patched {PatchPath} --out restored");
            PatchResult result = PatchApplication.Revert(Place("patched"), Place(PatchPath), Place("restored"), cancellationToken: cancel);
            string restored = Fingerprint.OfFile(Path.Combine(Place("restored"), result.WrittenFile), cancel);
            ui.WriteLine($"{result.WrittenFile} {restored}");
            Check("the restored file has the base's exact bytes",
                restored == Fingerprint.OfFile(Path.Combine(pair.Base, result.WrittenFile), cancel));
        }

        private void Export()
        {
            Say($"export {PatchPath} --to peft --out adapter");
            using RowPatch patch = RowPatch.Open(Place(PatchPath));
            PeftAdapter.Write(patch, Place("adapter"), "base", cancellationToken: cancel);
            PeftRows rows = PeftAdapter.Read(Place("adapter"));
            ui.WriteLine($"{PeftAdapter.ConfigName}, {PeftAdapter.WeightsName}: {rows.Indices.Count} rows of {rows.Width} for {rows.Module}");
            Check("the adapter holds the ticket's rows", rows.Indices.SequenceEqual(_ticket!.Ids) && rows.Width == DemoPair.Width);
        }

        private static bool IsRefused(Action action)
        {
            try
            {
                action();
                return false;
            }
            catch (PatchMismatchException)
            {
                return true;
            }
        }

        private string Place(string name) => Path.Combine(folder, name);

        private string Shown(string name) => shownFolder.Length == 0 ? name : Path.Combine(shownFolder, name);

        private void Say(string command)
        {
            cancel.ThrowIfCancellationRequested();
            ui.WriteLine();
            ui.WriteLine($"$ kslottery {command}");
        }

        private void Check(string what, bool holds)
        {
            if (!holds)
                throw new CommandException(ExitCode.VerificationFailed,
                    $"demo: it does not hold that {what}. Please report this, with the machine's processor.");
            _checks.Add(what);
            ui.WriteLine($"ok: {what}");
        }
    }
}
