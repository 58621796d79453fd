using System.CommandLine;
using System.CommandLine.Parsing;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>tune</c> that say which rows of the embedding learn, or which units of any tensors.</summary>
/// <param name="Paths">The ticket files; several are united.</param>
/// <param name="Only">A number of its best rows, <c>random</c> or <c>frequency</c>; null for all of its rows.</param>
/// <param name="Rows">How many random or frequent rows; null for as many as the ticket has.</param>
/// <param name="IsComplement">Whether all but the ticket learns.</param>
/// <param name="Tensors">The tensors of the complement; null for the ticket's own.</param>
internal sealed record TicketOptions(string[] Paths, string? Only, int? Rows, bool IsComplement = false, TensorChoice? Tensors = null)
{
    private const string Random = "random", Frequency = "frequency";

    /// <summary>The tickets.</summary>
    public static readonly Option<string[]> TicketOption = Options.Tickets(
        "What learns, with --train ticket: the ticket.json of find or the folder that it lies in, a patch, or a list of row numbers (text, "
        + "or the first column of a TSV). Several are united. With --outside zero, match-l1 or match-l2 the mask.");
    private static readonly Option<int?> RowsOption = Options.Rows.Optional("How many rows --only random or frequency takes.");

    private static readonly Option[] All = [TicketOption, Options.Only, RowsOption, Options.Complement];

    /// <summary>The ticket file where there is one; null for none or several.</summary>
    public string? Path => Paths is [var only] ? only : null;

    /// <summary>The ticket file, where the rows that learn are its own.</summary>
    public string? OwnPath => Only is Random or Frequency ? null : Path;

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Validators.Add(Check);
        foreach (Option option in All) command.Add(option);
        command.Add(Options.Tensors);
    }

    /// <summary>Reads the arguments.</summary>
    public static TicketOptions From(ParseResult arguments) =>
        new(arguments.GetValue(TicketOption) ?? [], arguments.GetValue(Options.Only), arguments.GetValue(RowsOption),
            arguments.GetValue(Options.Complement), arguments.GetValue(Options.Tensors));

    /// <summary>Whether any of them stands there.</summary>
    /// <param name="result">The arguments.</param>
    /// <param name="beside">Whether beside the tickets themselves.</param>
    public static bool AreGiven(CommandResult result, bool beside = false) =>
        Array.Exists(All, option => !(beside && option == TicketOption) && result.GetResult(option) is { Implicit: false });

    /// <summary>Whether the ticket is a patch, lies in a folder with a patch of units that are not rows listed in its file, or is made of
    /// others.</summary>
    public bool HasUnits => IsComplement || Paths.Length > 1 || (Path is not null && AreUnits(Path));

    /// <summary>Reads the units that learn.</summary>
    /// <param name="baseModel">The base, in which the tickets were found.</param>
    /// <param name="start">The base with a patch in place, in which they may have been found as well; null for none.</param>
    /// <param name="reading">How to read patches.</param>
    /// <param name="cancellationToken">Stops while fingerprints are taken.</param>
    public (TicketMask Mask, string Signature) ReadUnits(Checkpoint baseModel, Checkpoint? start, CheckpointOptions reading,
        CancellationToken cancellationToken)
    {
        if (Only is not null)
            throw new CommandException(ExitCode.Usage, $"--only {Only} chooses rows of one list, and this is a ticket of units: "
                + $"{(IsComplement ? "all but " : "")}{string.Join(" and ", Paths)}. Leave it out.");
        (TicketMask Mask, string Signature)[] tickets = [.. Paths.Select(path => Read(path, baseModel, start, reading, cancellationToken))];
        TicketMask mask = tickets.Select(t => t.Mask).Aggregate((all, one) => all.Union(one));
        string signature = string.Join(" + ", tickets.Select(t => t.Signature));
        if (!IsComplement) return (mask, signature);
        IEnumerable<Tensor> tensors = Tensors?.In(baseModel) ?? mask.Tensors.Select(t => baseModel.GetTensor(t.Name));
        return (mask.ComplementIn(tensors), $"complement|{(Tensors is null ? "" : $"tensors:{Tensors.Text}|")}of:{signature}");
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

    private static (TicketMask Mask, string Signature) Read(string path, Checkpoint baseModel, Checkpoint? start, CheckpointOptions reading,
        CancellationToken cancellationToken)
    {
        if (!AreUnits(path))
        {
            Tensor embedding = baseModel.GetInputEmbedding();
            TicketList rows = TicketList.Read(path, embedding, cancellationToken);
            return (rows.ToMask(embedding), rows.Signature);
        }
        using TicketPatch patch = OpenPatch(path, reading);
        foreach (PatchedTensor patched in patch.Tensors)
            if (start is null || !PatchFit.IsBase(patched, start.GetTensor(patched.Name), cancellationToken))
                PatchFit.ThrowIfNotBase(patch, patched, baseModel.GetTensor(patched.Name), cancellationToken);
        return (patch.Mask, patch.Signature);
    }

    /// <summary>The patch of a ticket that is named by its file or folder.</summary>
    public static TicketPatch OpenPatch(string path, CheckpointOptions reading) =>
        TicketPatch.Open(IsPatch(path) ? path : FolderOf(path), reading);

    private static bool AreUnits(string path) => IsPatch(path) || UnitTicketFile.Is(path);

    /// <summary>A ticket may be named by its file, beside which its patch lies.</summary>
    private static string FolderOf(string path) =>
        Directory.Exists(path) ? path : System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;

    private static bool IsPatch(string path) => File.Exists(path)
        && string.Equals(System.IO.Path.GetExtension(path), System.IO.Path.GetExtension(TicketPatch.FileName),
            StringComparison.OrdinalIgnoreCase);

    private static void Check(CommandResult result)
    {
        string? only = result.GetValue(Options.Only);
        if (result.GetValue(Options.Complement) && result.GetResult(TicketOption) is null)
            result.AddError("--complement needs the --ticket of which it takes all the rest.");
        if (result.GetResult(Options.Tensors) is not null && !result.GetValue(Options.Complement)
            && result.GetValue(Options.Train) != TrainingScope.RegrownName && !MaskOptions.AreMoving(result))
            result.AddError("--tensors names the tensors of a --complement, of --train spiel, or of --outside straight-through or project. "
                + "Leave it out, or say --complement.");
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
