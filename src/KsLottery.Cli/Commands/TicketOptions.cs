using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Corpora;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Tokens;
using KsLottery.Engine.Training;

namespace KsLottery.Cli.Commands;

/// <summary>The arguments of <c>tune</c> that say which rows of the embedding learn.</summary>
internal sealed class TicketOptions
{
    private const string Random = "random", Frequency = "frequency";

    private static readonly Option<string?> Ticket = new("--ticket")
    {
        Description = "The rows that learn, with --train ticket: the ticket.json of find, or a list of row numbers (text or the first TSV column).",
        HelpName = "FILE",
    };
    private static readonly Option<string?> Only = new("--only")
    {
        Description = "K: the K best rows of the ticket. random or frequency: instead of a ticket's rows as many drawn by the seed, or the most frequent "
            + "tokens of the data; how many --rows or the ticket says.",
        HelpName = "K|random|frequency",
    };
    private static readonly Option<int?> Rows =
        OptionNumber.Optional<int>("--rows", "How many rows --only random or frequency takes.", "K", n => n >= 1, "it must be a whole number from 1");

    private readonly int? _rows;
    private readonly string? _only;

    public TicketOptions(ParseResult arguments)
    {
        (Path, _only, _rows) = (arguments.GetValue(Ticket), arguments.GetValue(Only), arguments.GetValue(Rows));
    }

    /// <summary>The ticket file, where the rows are its own.</summary>
    public string? Path { get; }

    /// <summary>Whether the rows that learn are the ticket's own.</summary>
    public bool IsOfTicket => _only is not (Random or Frequency);

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Validators.Add(Check);
        foreach (Option option in (Option[])[Ticket, Only, Rows]) command.Add(option);
    }

    /// <summary>Chooses the rows.</summary>
    /// <param name="embedding">The base's embedding.</param>
    /// <param name="tokens">Names the rows.</param>
    /// <param name="training">The data.</param>
    /// <param name="seed">Draws random rows.</param>
    /// <param name="cancellationToken">Stops while the embedding's fingerprint is taken.</param>
    /// <returns>The rows, and the line that says how they were chosen.</returns>
    public TicketList Choose(Tensor embedding, TokenTable tokens, IReadOnlyList<TokenSequence> training, ulong seed, CancellationToken cancellationToken)
    {
        TicketList? ticket = Path is null ? null : TicketList.Read(Path, embedding, cancellationToken);
        int count = _rows ?? ticket?.Ids.Count ?? 0;
        switch (_only)
        {
            case null: return ticket!;
            case Random: return new(RowChoice.Random(tokens, (int)embedding.Shape[0], count, seed), Line($"rows:random|k:{count}|seed:{seed}"));
            case Frequency: return new(RowChoice.MostFrequent(training, count), Line($"rows:frequency|k:{count}"));
        }
        int best = int.Parse(_only, CultureInfo.InvariantCulture);
        return best <= ticket!.Ids.Count ? new([.. ticket.Ids.Take(best)], Line($"{ticket.Signature}|only:{best}"))
            : throw new CommandException(ExitCode.BadInput, Line($"--only {best}: the ticket has {ticket.Ids.Count} rows. Take that many at most."));
    }

    private static void Check(CommandResult result)
    {
        (string? only, bool hasTicket, bool hasRows) = (result.GetValue(Only), result.GetResult(Ticket) is not null, result.GetResult(Rows) is not null);
        if (only is Random or Frequency)
        {
            if (!hasTicket && !hasRows) result.AddError($"--only {only} needs --rows K, or a --ticket of which it takes the number of rows.");
        }
        else if (hasRows) result.AddError("--rows belongs to --only random or --only frequency; --only K takes the K best rows of a ticket.");
        else if (only is not null && !(int.TryParse(only, NumberStyles.None, CultureInfo.InvariantCulture, out int best) && best >= 1))
            result.AddError($"--only is {ConsoleUi.OneLine(only)}; it must be a whole number from 1, {Random} or {Frequency}.");
        else if (only is not null && !hasTicket) result.AddError($"--only {only} needs the --ticket whose best rows it takes.");
    }

    private static string Line(FormattableString text) => FormattableString.Invariant(text);
}
