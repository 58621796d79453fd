using System.CommandLine;
using System.CommandLine.Parsing;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>tune</c> that say which rows of the embedding learn.</summary>
/// <param name="Path">The ticket file; null for none.</param>
/// <param name="Only">A number of its best rows, <c>random</c> or <c>frequency</c>; null for all of its rows.</param>
/// <param name="Rows">How many random or frequent rows; null for as many as the ticket has.</param>
internal sealed record TicketOptions(string? Path, string? Only, int? Rows)
{
    private const string Random = "random", Frequency = "frequency";

    private static readonly Option<string?> TicketOption = Options.Ticket(
        "The rows that learn, with --train ticket: the ticket.json of find or the folder that it lies in, or a list of row "
        + "numbers (text, or the first column of a TSV).");
    private static readonly Option<int?> RowsOption = Options.Rows.Optional("How many rows --only random or frequency takes.");

    /// <summary>The ticket file, where the rows that learn are its own.</summary>
    public string? OwnPath => Only is Random or Frequency ? null : Path;

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Validators.Add(Check);
        command.Add(TicketOption, Options.Only, RowsOption);
    }

    /// <summary>Reads the arguments.</summary>
    public static TicketOptions From(ParseResult arguments) =>
        new(arguments.GetValue(TicketOption), arguments.GetValue(Options.Only), arguments.GetValue(RowsOption));

    /// <summary>Whether any of them stands there.</summary>
    public static bool AreGiven(CommandResult result) =>
        Array.Exists((Option[])[TicketOption, Options.Only, RowsOption], option => result.GetResult(option) is not null);

    /// <summary>Whether the ticket is a patch, or lies in a folder with a patch of units that are not rows listed in its file.</summary>
    public bool HasUnits => Path is not null && (IsPatch(Path) || UnitTicketFile.Is(Path));

    /// <summary>Reads the units that learn.</summary>
    /// <param name="baseModel">The base, which must be the one that the ticket was found in.</param>
    /// <param name="reading">How to read the patch.</param>
    /// <param name="cancellationToken">Stops while fingerprints are taken.</param>
    public (TicketMask Mask, string Signature) ReadUnits(
        Checkpoint baseModel, CheckpointOptions reading, CancellationToken cancellationToken)
    {
        if (Only is not null)
            throw new CommandException(ExitCode.Usage, $"--only {Only} chooses rows, and {Path} is a ticket of units. Leave it out.");
        using TicketPatch patch = TicketPatch.Open(IsPatch(Path!) ? Path! : FolderOf(Path!), reading);
        foreach (PatchedTensor patched in patch.Tensors)
            PatchFit.ThrowIfNotBase(patch, patched, baseModel.GetTensor(patched.Name), cancellationToken);
        return (patch.Mask, patch.Signature);
    }

    /// <summary>Chooses the rows.</summary>
    /// <param name="embedding">The base's embedding.</param>
    /// <param name="tokens">Names the rows.</param>
    /// <param name="training">The data.</param>
    /// <param name="seed">Draws random rows.</param>
    /// <param name="cancellationToken">Stops while the embedding's fingerprint is taken.</param>
    /// <returns>The rows, and the line that says how they were chosen.</returns>
    public TicketList Choose(Tensor embedding, TokenTable tokens, IReadOnlyList<TokenSequence> training, ulong seed,
        CancellationToken cancellationToken)
    {
        TicketList? ticket = Path is null ? null : TicketList.Read(Path, embedding, cancellationToken);
        int count = Rows ?? ticket?.Ids.Count ?? 0;
        switch (Only)
        {
            case null: return ticket!;
            case Random: return RowChoice.Random(tokens, (int)embedding.Shape[0], count, seed);
            case Frequency: return RowChoice.MostFrequent(training, count);
        }
        _ = PlainNumber.TryDigits(Only, out int best);
        return best <= ticket!.Ids.Count ? ticket.Best(best)
            : throw new CommandException(ExitCode.BadInput,
                FormattableString.Invariant($"--only {best}: the ticket has {ticket.Ids.Count} rows. Take that many at most."));
    }

    /// <summary>A ticket may be named by its file, beside which its patch lies.</summary>
    private static string FolderOf(string path) =>
        Directory.Exists(path) ? path : System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;

    private static bool IsPatch(string path) => File.Exists(path)
        && string.Equals(System.IO.Path.GetExtension(path), System.IO.Path.GetExtension(TicketPatch.FileName),
            StringComparison.OrdinalIgnoreCase);

    private static void Check(CommandResult result)
    {
        string? only = result.GetValue(Options.Only);
        bool hasTicket = result.GetResult(TicketOption) is not null, hasRows = result.GetResult(RowsOption) is not null;
        if (only is Random or Frequency)
        {
            if (!hasTicket && !hasRows)
                result.AddError($"--only {only} needs --rows K, or a --ticket of which it takes the number of rows.");
        }
        else if (hasRows)
            result.AddError("--rows belongs to --only random or --only frequency; --only K takes the K best rows of a ticket.");
        else if (only is not null && !(PlainNumber.TryDigits(only, out int best) && best >= 1))
            result.AddError($"--only is {ConsoleUi.OneLine(only)}; it must be a whole number from 1 to {int.MaxValue}, {Random} or "
                + $"{Frequency}.");
        else if (only is not null && !hasTicket) result.AddError($"--only {only} needs the --ticket whose best rows it takes.");
    }
}
