using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Demo;

/// <summary>find, apply, revert and export on a pair whose answer is known, and what must hold after each.</summary>
/// <remarks>A check is computed when it is asked for, so that one which fails can end the walk.</remarks>
/// <param name="pair">The planted pair.</param>
/// <param name="folder">Where the steps' folders stand.</param>
/// <param name="cancellationToken">Stops a step.</param>
public sealed class DemoPairSteps(DemoPair pair, string folder, CancellationToken cancellationToken)
{
    /// <summary>The names of what each step writes, in the folder.</summary>
    public const string TicketName = "ticket", PatchedName = "patched", RestoredName = "restored", AdapterName = "adapter";

    /// <summary>The patch in the folder, as it is typed.</summary>
    public const string PatchName = TicketName + "/" + TicketPatch.FileName;

    private string Patch => Place(PatchName);

    /// <summary>What must hold of a ticket that was found and written to <see cref="TicketName"/>.</summary>
    public IEnumerable<DemoCheck> CheckFound(Ticket ticket)
    {
        yield return new("the ticket holds the rows that were moved, the dead row, and no other",
            ticket.Ids.Equals(IndexSet.Of(DemoPair.Rows, DemoPair.Planted.Append(DemoPair.Dead).Order())));
        yield return new("of these the dead row alone is marked degenerate",
            ticket.Entries.All(e => e.Category.StartsWith("degenerate", StringComparison.Ordinal) == (e.Id == DemoPair.Dead)));
        Ticket read = TicketFile.Read(Path.Combine(Place(TicketName), TicketFile.FileName));
        yield return new("ticket.json reads back the same", read.Signature == ticket.Signature && read.Ids.Equals(ticket.Ids));
    }

    /// <summary>Writes the ticket's rows into the base.</summary>
    public PatchResult Apply() => PatchApplication.Apply(pair.Base, Patch, Place(PatchedName), cancellationToken: cancellationToken);

    /// <summary>What must hold of the patched base.</summary>
    public IEnumerable<DemoCheck> CheckApplied(PatchResult result, Ticket ticket)
    {
        using Checkpoint before = Checkpoint.Open(pair.Base), after = Checkpoint.Open(pair.Tuned);
        using Checkpoint patched = Checkpoint.Open(Place(PatchedName));
        string name = result.Tensors[0].Name;
        (Tensor a, Tensor b, Tensor c) = (before.GetTensor(name), after.GetTensor(name), patched.GetTensor(name));
        IndexSet ids = ticket.Ids;
        yield return new("the patched embedding has the tuned rows of the ticket and the base's everywhere else",
            Enumerable.Range(0, DemoPair.Rows).All(id =>
                c.GetRow<ushort>(id).SequenceEqual((ids.Contains(id) ? b : a).GetRow<ushort>(id))));
        yield return new("every other tensor is the base's", before.Tensors.Where(t => t.Name != name)
            .All(t => Fingerprint.OfTensor(t, cancellationToken) == Fingerprint.OfTensor(patched.GetTensor(t.Name), cancellationToken)));
        yield return new("a base that is another one is refused", IsTunedRefused() && !Directory.Exists(Place("refused")));
    }

    /// <summary>Brings the patched base back.</summary>
    public RestoredBase Revert()
    {
        string file = PatchApplication.Revert(Place(PatchedName), Patch, Place(RestoredName), cancellationToken: cancellationToken)
            .WrittenFiles[0];
        return new(file, Fingerprint.OfFile(Path.Combine(Place(RestoredName), file), cancellationToken));
    }

    /// <summary>What must hold of the base that was brought back.</summary>
    public IEnumerable<DemoCheck> CheckReverted(RestoredBase restored) =>
    [
        new("the restored file has the base's exact bytes",
            restored.Fingerprint == Fingerprint.OfFile(Path.Combine(pair.Base, restored.File), cancellationToken)),
    ];

    /// <summary>Writes the ticket's rows as a PEFT adapter, and reads it.</summary>
    public PeftRows Export()
    {
        using TicketPatch patch = TicketPatch.Open(Patch);
        PeftAdapter.Write(patch, Place(AdapterName), "base", cancellationToken: cancellationToken);
        return PeftAdapter.Read(Place(AdapterName));
    }

    /// <summary>What must hold of the adapter.</summary>
    public static IEnumerable<DemoCheck> CheckExported(PeftRows rows, Ticket ticket) =>
        [new("the adapter holds the ticket's rows",
            rows.Indices.Select(id => (long)id).SequenceEqual(ticket.Ids) && rows.Width == DemoPair.Width)];

    private bool IsTunedRefused()
    {
        try
        {
            PatchApplication.Apply(pair.Tuned, Patch, Place("refused"), cancellationToken: cancellationToken);
            return false;
        }
        catch (PatchMismatchException)
        {
            return true;
        }
    }

    private string Place(string name) => Path.Combine(folder, name);
}

/// <summary>One thing that must hold.</summary>
/// <param name="What">In words.</param>
/// <param name="Holds">Whether it does.</param>
public readonly record struct DemoCheck(string What, bool Holds);

/// <summary>The file that was brought back.</summary>
/// <param name="File">Its name.</param>
/// <param name="Fingerprint">Of its bytes.</param>
public sealed record RestoredBase(string File, string Fingerprint);
