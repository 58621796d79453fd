using System.Text.Json;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli;

/// <summary>Prints the map of two checkpoints, as text or as JSON.</summary>
/// <param name="map">The map.</param>
/// <param name="lines">Its lines that are shown.</param>
/// <param name="opened">The checkpoints.</param>
/// <param name="file">The file that was written; null for none.</param>
internal sealed class TensorMapReport(TensorMap map, IReadOnlyList<TensorMapLine> lines, OpenedPair opened, string? file)
{
    private const int NameColumns = 64;

    private IEnumerable<(string Name, RowPairing Rows)> Resized => map.Resized.Select(resized => (resized.Name, resized.Vocabulary.Rows));

    public void Write(ConsoleUi ui)
    {
        foreach (string remark in map.Resized.SelectMany(resized => resized.Vocabulary.Remarks).Distinct()
            .Concat(map.ValueRemarks).Concat(map.WidthRemarks))
            ui.Remark($"note: {remark}");
        if (ui.IsJson) ui.WriteJson(WriteJson);
        else WriteText(ui);
    }

    private void WriteText(ConsoleUi ui)
    {
        ui.WriteLine($"base {Tying(opened.Base.IsTied)}, tuned {Tying(opened.Tuned.IsTied)}");
        if (opened.Adapter is not null) ui.WriteLine(AdapterText.Describe(opened.Adapter, tensor: null));
        ui.WriteLine();
        if (lines.Count > 0)
        {
            TextTable table = new("tensor", "type", ">rows", ">d", ">changed", ">in ticket", ">largest D", ">needed D");
            table.Limit(0, NameColumns);
            foreach (TensorMapLine line in lines.OrderByDescending(l => l.LargestStatistic)) AddLine(table, line);
            ui.Write(table);
            ui.WriteLine();
        }
        foreach ((string name, RowPairing rows) in Resized)
            ui.WriteLine($"{VisibleText.Escape(name)}: {Sizes.Count(rows.Count, "row")} of {Sizes.Count(rows.BaseRows)} and "
                + $"{Sizes.Count(rows.TunedRows)} compared, paired by {(rows.IsById ? "id" : "text")}; {Sizes.Count(rows.Added.Count)} "
                + $"added, {Sizes.Count(rows.Dropped.Count)} dropped");
        foreach ((string name, string reason) in map.Uncompared) ui.WriteLine($"{VisibleText.Escape(name)}: {reason}");
        foreach (string name in map.ChangedOthers) ui.WriteLine($"{VisibleText.Escape(name)}: changed");
        if (map.Uncompared.Count + map.ChangedOthers.Count + map.Resized.Count > 0) ui.WriteLine();

        int touched = map.Lines.Count(l => l.Unchanged < l.Rows);
        ui.WriteLine($"{Sizes.Count(map.Lines.Count)} {(map.Lines.Count == 1 ? "matrix" : "matrices")}, {Sizes.Count(touched)} with "
            + "changed rows; "
            + $"{Sizes.Count(map.OtherCount, "other tensor")}, {Sizes.Count(map.ChangedOthers.Count)} changed; "
            + $"{Sizes.Count(map.Uncompared.Count)} not compared");
        ui.WriteLine($"{Sizes.Count(map.RowCount, "row")} in {NumberText.Seconds(map.Elapsed)}");
        if (file is not null) ui.WriteLine($"written {ConsoleUi.OneLine(file)}");
        ui.WriteLine();
        ui.WriteLine(map.Signature.ToString());
    }

    private static void AddLine(TextTable table, TensorMapLine line)
    {
        string types = line.BaseType == line.TunedType ? line.BaseType.ToName() : $"{line.BaseType.ToName()}/{line.TunedType.ToName()}";
        table.Add(VisibleText.Escape(line.Name), types, Sizes.Count(line.Rows), Sizes.Count(line.Width),
            Sizes.Count(line.Rows - line.Unchanged), Sizes.Count(line.TicketRows), NumberText.Fixed(line.LargestStatistic, 4),
            line.CriticalCount > line.Width ? "-" : NumberText.Fixed((double)line.CriticalCount / line.Width, 4));
    }

    private static string Tying(bool? isTied) => isTied switch { true => "tied", false => "not tied", null => "not known to be tied" };

    private void WriteResized(Utf8JsonWriter json)
    {
        json.WriteStartArray("resized");
        foreach ((string name, RowPairing rows) in Resized)
        {
            json.WriteStartObject();
            json.WriteString("tensor", name);
            json.WriteNumber("base_rows", rows.BaseRows);
            json.WriteNumber("tuned_rows", rows.TunedRows);
            json.WriteNumber("compared_rows", rows.Count);
            json.WriteString("pairs", rows.IsById ? "id" : "text");
            json.WriteNumber("added", rows.Added.Count);
            json.WriteNumber("dropped", rows.Dropped.Count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private void WriteJson(Utf8JsonWriter json)
    {
        json.WriteString("signature", map.Signature.ToString());
        json.WriteTruth("tied", opened.Base.IsTied);
        json.WriteTruth("tuned_tied", opened.Tuned.IsTied);
        if (opened.Adapter is not null) json.WriteString("adapter", opened.Adapter.Kind);
        json.WriteStartArray("tensors");
        foreach (TensorMapLine line in lines)
        {
            json.WriteStartObject();
            json.WriteString("tensor", line.Name);
            json.WriteString("base_dtype", line.BaseType.ToName());
            json.WriteString("tuned_dtype", line.TunedType.ToName());
            json.WriteNumber("rows", line.Rows);
            json.WriteNumber("width", line.Width);
            json.WriteNumber("unchanged", line.Unchanged);
            json.WriteNumber("changed", line.Changed);
            json.WriteNumber("degenerate", line.Degenerate);
            json.WriteNumber("non_finite", line.NonFinite);
            json.WriteNumber("ticket_rows", line.TicketRows);
            json.WriteNumber("critical_h", line.CriticalCount);
            json.WriteNumber("largest_h", line.LargestCount);
            json.WriteNumber("largest_D", line.LargestStatistic);
            json.WriteNumber("scan_seconds", line.Elapsed.TotalSeconds);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("not_compared");
        foreach ((string name, string reason) in map.Uncompared)
        {
            json.WriteStartObject();
            json.WriteString("tensor", name);
            json.WriteString("reason", reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (map.Resized.Count > 0) WriteResized(json);
        json.WriteNumber("other_tensors", map.OtherCount);
        json.WriteStartArray("changed_others");
        foreach (string name in map.ChangedOthers) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteNumber("rows", map.RowCount);
        json.WriteNumber("scan_seconds", map.Elapsed.TotalSeconds);
        json.WriteString("file", file);
    }
}
