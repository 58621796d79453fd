using System.Text.Json;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli;

/// <summary>Prints a ticket of units, as text or as JSON.</summary>
/// <param name="options">What was asked for.</param>
/// <param name="ticket">The ticket.</param>
/// <param name="files">The names of the files that were written.</param>
/// <param name="elapsed">How long it took.</param>
internal sealed class UnitReport(FindOptions options, UnitTicket ticket, IReadOnlyList<string> files, TimeSpan elapsed)
{
    private const int NameColumns = 64;

    /// <summary>Names the rows, where there are such.</summary>
    public RowTokens Tokens { get; init; } = RowTokens.None;

    /// <summary>The rows of a single matrix, ascending; null for other units.</summary>
    private IndexSet? Rows => ticket.Recipe.Scope.Unit == TicketUnit.Rows && ticket.Tensors is [var only] ? only.Mask.Units : null;

    public void Write(ConsoleUi ui)
    {
        if (ui.IsJson) ui.WriteJson(WriteJson);
        else WriteText(ui);
    }

    private void WriteText(ConsoleUi ui)
    {
        ui.WriteLine($"{ticket.Recipe.Scope.Unit} by {ticket.Recipe.Score.Name}, in {Sizes.Count(ticket.Tensors.Count, "tensor")}"
            + (ticket.Recipe.Scope.Tensors is null ? ": the input embedding" : ""));
        ui.WriteLine();
        TextTable table = new TextTable("tensor", "type", "shape", ">units", ">in ticket", ">share", ">parameters").Limit(0, NameColumns);
        foreach (TensorTicket tensor in ticket.Tensors.Take(options.Limit)) AddLine(table, tensor);
        ui.Write(table);
        if (ticket.Tensors.Count > table.Count)
            ui.WriteLine($"… and {Sizes.Count(ticket.Tensors.Count - table.Count)} more: see --json, or --limit 0");
        ui.WriteLine();
        foreach (TensorTicket tensor in ticket.Tensors.Where(t => t.BaseNonFinite + t.TunedNonFinite > 0))
            ui.WriteAlarm($"{VisibleText.Escape(tensor.Name)}: {Sizes.Count(tensor.BaseNonFinite, "value")} of the base and "
                + $"{Sizes.Count(tensor.TunedNonFinite)} of the tuned tensor are NaN or infinite; their units never win");
        FactList facts = new();
        facts.Add("ticket", $"{Sizes.Count(ticket.Count)} of {Sizes.Count(ticket.UnitCount, "unit")}: "
            + $"{Sizes.Count(ticket.Parameters, "parameter")}, {NumberText.Percent(ticket.ShareOfCheckpoint)} of the checkpoint");
        if (Rows is { Count: > 0 } rows)
            facts.Add("rows", string.Join(", ", rows.Take(options.Limit).Select(id => Tokens.Piece((int)id) is { Length: > 0 } piece
                ? $"{id} {piece}" : $"{id}")) + (rows.Count > options.Limit ? ", …" : ""));
        facts.Add("time", NumberText.Seconds(elapsed));
        if (options.Out is not null && ticket.Count == 0) facts.Add("patch", "none, for the ticket is empty");
        if (files.Count > 0) facts.Add("written", $"{string.Join(", ", files)} in {ConsoleUi.OneLine(options.Out!)}");
        if (options.Html is not null) facts.Add("page", ConsoleUi.OneLine(options.Html));
        facts.WriteTo(ui);
        ui.WriteLine();
        ui.WriteLine(VisibleText.Escape(ticket.ShortSignature));
    }

    private static void AddLine(TextTable table, TensorTicket tensor)
    {
        string types = tensor.BaseType == tensor.TunedType ? tensor.BaseType.ToName()
            : $"{tensor.BaseType.ToName()}/{tensor.TunedType.ToName()}";
        TensorMask mask = tensor.Mask;
        table.Add(VisibleText.Escape(tensor.Name), types, $"[{string.Join(',', tensor.Shape)}]", Sizes.Count(mask.Grid.Count),
            Sizes.Count(mask.Units.Count), NumberText.Percent(mask.Units.Density), Sizes.Count(mask.Parameters));
    }

    private void WriteJson(Utf8JsonWriter json)
    {
        UnitTicketFile.WriteProperties(json, ticket);
        if (Rows is { } rows)
        {
            json.WriteStartArray("ids");
            foreach (long id in rows) json.WriteNumberValue(id);
            json.WriteEndArray();
        }
        json.WriteNumber("seconds", elapsed.TotalSeconds);
        json.WriteStartArray("files");
        foreach (string file in files) json.WriteStringValue(Path.Combine(options.Out!, file));
        if (options.Html is not null) json.WriteStringValue(options.Html);
        json.WriteEndArray();
    }
}
