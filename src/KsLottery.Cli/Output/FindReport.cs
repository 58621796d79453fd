using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>Prints what <c>kslottery find</c> found, as text or as JSON.</summary>
internal sealed class FindReport(ConsoleUi ui, FindOptions options, Ticket ticket, ScoredRows rows, RowTokens tokens)
{
    private const int DefaultRanking = 20;
    private const int TokenColumns = 24;
    private const double LittlePower = 0.1;
    private const int MaxNonFinite = 8;
    private const string Finite = "finite";

    /// <summary>The tuned tensor's name, which may differ from the base's.</summary>
    public required string TunedTensor { get; init; }

    /// <summary>The adapter that made the tuned tensor; null for none.</summary>
    public AdaptedCheckpoint? Adapter { get; init; }

    /// <summary>Whether the tuned checkpoint is tied.</summary>
    public required bool? IsTunedTied { get; init; }

    /// <summary>Whether the tensor is the input embedding or the output head of the base.</summary>
    public required bool IsEmbedding { get; init; }

    /// <summary>How the rows were paired; null where each was compared with that of its number.</summary>
    public VocabularyPairing? Vocabulary { get; init; }

    /// <summary>How long the whole work took.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>The names of the files that were written.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>What was found.</summary>
    public Ticket Ticket => ticket;

    private TicketOrigin Origin => ticket.Origin;

    /// <summary>The rows to show: the ticket, or where it is empty those that come nearest to it.</summary>
    private IReadOnlyList<TicketEntry> Shown => ticket.Entries.Count > 0
        ? ticket.Entries
        : Engine.Tickets.Ticket.Describe(rows, rows.RankTop((int?)options.Selection.Top ?? DefaultRanking), tokens);

    public void Write()
    {
        if (ui.IsJson)
        {
            ui.WriteJson(WriteJson);
            return;
        }
        WriteHead();
        if (Origin.IsResized) new VocabularyReport(rows.Scan, tokens, Vocabulary!).Write(ui);
        WriteNonFinite();
        IReadOnlyList<TicketEntry> shown = Shown;
        if (ticket.IsByRank) WriteRank();
        else if (ticket.Entries.Count == 0) WriteWeakness(shown.Count);
        if (shown.Count > 0) WriteTable(shown);
        WriteSummary();
    }

    private void WriteHead()
    {
        string types = Origin.BaseType == Origin.TunedType
            ? Origin.BaseType.ToName()
            : $"{Origin.BaseType.ToName()} against {Origin.TunedType.ToName()}, compared as F32, so that rounding counts as a change";
        string name = VisibleText.Escape(Origin.Tensor) + (TunedTensor == Origin.Tensor ? ""
            : $" against {VisibleText.Escape(TunedTensor)}");
        ui.WriteLine($"{name}: {Sizes.Count(Origin.Rows, "row")} of {Sizes.Count(Origin.Width)}, {types}");
        ui.WriteLine($"base {Tying(Origin.IsTied)}{(Origin.IsTied == IsTunedTied ? "" : $"; tuned checkpoint {Tying(IsTunedTied)}")}");
        if (Adapter is not null) ui.WriteLine(AdapterText.Describe(Adapter, Origin.Tensor));
        ui.WriteLine(tokens.Source is not null ? $"tokens from {VisibleText.Escape(tokens.Source)}"
            : tokens == RowTokens.None ? "rows of this tensor are no tokens: ids alone"
            : "no tokenizer: ids alone");
        if (WhyTyingMatters() is { } warning) ui.WriteAlarm($"warning: {warning}");
        ui.WriteLine();
    }

    /// <summary>What Partial Transfer does where only one of the two heads is the embedding; null where both are alike.</summary>
    private string? WhyTyingMatters()
    {
        string name = VisibleText.Escape(Origin.Tensor);
        return !IsEmbedding ? null : (Origin.IsTied, IsTunedTied) switch
        {
            (true, false) => $"the base is tied, the tuned checkpoint is not: in the base the rows of {name} are the output head's too, "
                + "so that Partial Transfer changes the head as well, for which the tuned checkpoint has a tensor of its own",
            (false, true) => $"the tuned checkpoint is tied, the base is not: the tuned rows of {TunedTensor} are its output head's too, "
                + "but the base has a head of its own, which Partial Transfer of the input embedding leaves as it was",
            _ => null,
        };
    }

    private void WriteNonFinite()
    {
        if (ticket.NonFinite == 0) return;
        int[] ids = [.. rows.Scan.Find(RowState.NonFinite)];
        string names = string.Join(", ", ids.Take(MaxNonFinite).Select(id =>
            $"{id}{(tokens.Piece(id) is { Length: > 0 } piece ? $" {piece}" : "")} ({Values(id)})"));
        ui.WriteAlarm($"{Sizes.Count(ids.Length, "row")} with values that are not finite, which never "
            + $"{(ids.Length == 1 ? "wins" : "win")}: {names}"
            + (ids.Length > MaxNonFinite ? $" and {Sizes.Count(ids.Length - MaxNonFinite)} more: see --json, or rows.tsv" : ""));
        ui.WriteLine();
    }

    private string Values(int id)
    {
        RowResult row = rows.Scan.Rows[id];
        string before = Values(row.BaseNorm), after = Values(row.TunedNorm);
        return before == after ? $"{before} in both" : before == Finite ? $"{after} in the tuned" : after == Finite
            ? $"{before} in the base"
            : $"{before} in the base, {after} in the tuned";
    }

    /// <summary>A norm says of what kind a row's values are.</summary>
    private static string Values(double norm) => double.IsNaN(norm) ? "NaN" : double.IsInfinity(norm) ? "infinite" : Finite;

    private static string Tying(bool? isTied) => isTied switch
    {
        true => "tied: the output head is the input embedding",
        false => "not tied: the output head is a tensor of its own",
        null => "not known to be tied",
    };

    private string AmountOption => options.Selection is TopShare share ? $"{Options.Share.Name} {share.Share}" : Options.Top.Name;

    private void WriteRank()
    {
        long count = ticket.Entries.Count, asked = ticket.Selection.Top!.Value;
        ui.WriteLine(count == 0 ? "no row changed its distribution: there is no ticket"
            : $"by {AmountOption}, the {Sizes.Count(count, "row")} of largest h make the ticket, {Sizes.Count(ticket.BelowAlpha)} of them "
                + $"below alpha = {NumberText.Real(ticket.Selection.Alpha)}: {Threshold()}");
        if (count > 0 && count < asked)
            ui.WriteLine($"{AmountOption} asks for {Sizes.Count(asked)}, but no more rows changed their distribution");
        ui.WriteLine();
    }

    private void WriteWeakness(int shown)
    {
        ui.WriteLine(Origin.Rows == rows.Scan.Unchanged ? "no row changed: there is no ticket"
            : rows.CountBelowAlpha() is > 0 and int left ? $"--exclude leaves none of the {Sizes.Count(left, "row")} below alpha: "
                + "there is no ticket"
            : $"no row is below alpha: {Threshold()}");
        if (shown > 0) ui.WriteLine($"the {Sizes.Count(shown, "row")} of largest h, which are no ticket (--top K makes them one):");
        ui.WriteLine();
    }

    private double NeededStatistic => (double)ticket.CriticalCount / Origin.Width;

    private string Needed => $"h ≥ {Sizes.Count(ticket.CriticalCount)}, that is D ≥ {NumberText.Fixed(NeededStatistic, 4)}";

    private string Threshold() => ticket.CriticalCount > Origin.Width
        ? $"at d = {Origin.Width} no difference at all is large enough"
        : $"at d = {Sizes.Count(Origin.Width)} a row needs {Needed}"
            + (NeededStatistic > LittlePower ? " (so few values have little power)" : "")
            + $"; the largest D is {NumberText.Fixed(rows.Scan.LargestStatistic, 4)}";

    private void WriteTable(IReadOnlyList<TicketEntry> entries)
    {
        TextTable table = new TextTable(">rank", ">id", "token", ">h", ">D", ">p", "sign", ">location", ">change", "category")
            .Limit(2, TokenColumns).Optional("location", "rank", "sign");
        foreach (TicketEntry entry in entries.Take(options.Limit))
        {
            table.Add(Sizes.Count(table.Count + 1), entry.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), entry.Piece,
                Sizes.Count(entry.Count), NumberText.Fixed(entry.Statistic, 4), NumberText.Probability(entry.Log10PValue),
                entry.Sign > 0 ? "+" : entry.Sign < 0 ? "-" : "", NumberText.Real(entry.Location),
                NumberText.Percent(entry.RelativeDelta), entry.Category);
        }
        ui.Write(table);
        if (entries.Count > table.Count)
            ui.WriteLine($"… and {Sizes.Count(entries.Count - table.Count)} more: see --out DIR, or --limit 0");
        ui.WriteLine();
    }

    private void WriteSummary()
    {
        int degenerate = ticket.Entries.Count(e => e.Category.StartsWith("degenerate", StringComparison.Ordinal));
        FactList facts = new();
        facts.Add("rows", $"{Sizes.Count(Origin.Rows)}: {Sizes.Count(ticket.Changed)} changed, {Sizes.Count(ticket.Unchanged)} identical"
            + Also(ticket.Degenerate, "degenerate (constant or nearly zero before)") + Also(ticket.NonFinite, "not finite")
            + Also(ticket.Dropped, "dropped"));
        facts.Add("ticket", $"{Sizes.Count(ticket.Entries.Count, "row")}{Also(degenerate, "of them degenerate")}: "
            + $"{Sizes.Count(ticket.Parameters, "parameter")}, {NumberText.Percent(ticket.ShareOfTensor)} of the tensor, "
            + $"{NumberText.Percent(ticket.ShareOfCheckpoint)} of the checkpoint");
        if (ticket.Exclude != RowKinds.None)
            facts.Add("left out", $"{string.Join(", ", RowKindNames.NamesOf(ticket.Exclude))}"
                + (ticket.IsByRank ? "" : $": {Sizes.Count(rows.CountBelowAlpha() - ticket.Entries.Count, "row")} below alpha"));
        if (ticket.Entries.Count > 0 && !ticket.IsByRank)
            facts.Add("alpha", $"{NumberText.Real(ticket.Selection.Alpha)}: {Needed}");
        // Under a second start-up is most of the time, and a rate would be that of nothing.
        string rate = rows.Scan.Elapsed.TotalSeconds < 1 ? "" : $"{Sizes.Count((long)rows.Scan.RowsPerSecond)} rows/s, ";
        facts.Add("scan", $"{rate}{NumberText.Seconds(rows.Scan.Elapsed)}, "
            + $"{rows.Scan.Kernel}, {Sizes.Count(rows.Scan.Threads, "thread")}"
            + (rows.Scan.BuildTime.TotalSeconds < 1 ? "" : $", after {NumberText.Seconds(rows.Scan.BuildTime)} of compiling kernels")
            + $"{(rows.Scan.BaseFingerprint is null ? "" : ", with fingerprints")}; {NumberText.Seconds(Elapsed)} in all");
        if (Files.Count > 0) facts.Add("written", $"{string.Join(", ", Files)} in {ConsoleUi.OneLine(options.ShownOut ?? options.Out!)}");
        if (options.Html is not null) facts.Add("page", ConsoleUi.OneLine(options.Html));
        facts.WriteTo(ui);
        ui.WriteLine();
        ui.WriteLine(ticket.Signature.ToShortString());
    }

    private static string Also(long count, string what) => count == 0 ? "" : $", {Sizes.Count(count)} {what}";

    private void WriteJson(Utf8JsonWriter json)
    {
        TicketFile.WriteProperties(json, ticket);
        if (ticket.Entries.Count == 0) TicketFile.WriteEntries(json, "ranking", Shown);
        json.WriteStartArray("non_finite_rows");
        foreach (int id in rows.Scan.Find(RowState.NonFinite))
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("piece", tokens.Piece(id));
            json.WriteString("base", Values(rows.Scan.Rows[id].BaseNorm));
            json.WriteString("tuned", Values(rows.Scan.Rows[id].TunedNorm));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (Origin.IsResized) new VocabularyReport(rows.Scan, tokens, Vocabulary!).Write(json);
        json.WriteStrings("warnings", WhyTyingMatters() is { } warning ? [warning] : []);
        json.WriteString("tuned_tensor", TunedTensor);
        json.WriteTruth("tuned_tied", IsTunedTied);
        json.WriteString("tokenizer", tokens.Source);
        json.WriteString("kernel", rows.Scan.Kernel);
        json.WriteNumber("threads", rows.Scan.Threads);
        json.WriteNumberOrNull("rows_per_second", rows.Scan.RowsPerSecond);
        json.WriteNumber("scan_seconds", rows.Scan.Elapsed.TotalSeconds);
        json.WriteNumber("compile_seconds", rows.Scan.BuildTime.TotalSeconds);
        json.WriteNumber("seconds", Elapsed.TotalSeconds);
        json.WriteStartArray("files");
        foreach (string file in Files) json.WriteStringValue(Path.Combine(options.Out!, file));
        if (options.Html is not null) json.WriteStringValue(options.Html);
        json.WriteEndArray();
    }
}
