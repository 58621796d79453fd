using System.Text.Json;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli.Commands;

/// <summary>Prints the map of two checkpoints, as text or as JSON.</summary>
internal sealed class TensorMapReport(TicketSelection selection)
{
    private const int NameColumns = 64;

    /// <summary>The matrices that were scanned.</summary>
    public List<TensorMapLine> Lines { get; } = [];

    /// <summary>Tensors that could not be compared, and why.</summary>
    public List<(string Name, string Reason)> Apart { get; } = [];

    /// <summary>Matrices of a resized vocabulary: of these only the pairs were compared.</summary>
    private readonly List<(string Name, RowPairing Rows)> _resized = [];

    private readonly List<string> _remarks = [];

    /// <summary>Tensors that are no matrices and whose bytes differ.</summary>
    public List<string> ChangedOthers { get; } = [];

    /// <summary>How many tensors are no matrices.</summary>
    public int OtherCount { get; set; }

    public required bool? BaseIsTied { get; init; }

    public required bool? TunedIsTied { get; init; }

    /// <summary>The adapter that made the tuned tensors; null for none.</summary>
    public AdaptedCheckpoint? Adapter { get; init; }

    private long RowCount => Lines.Sum(l => l.Rows);

    private double Seconds => Lines.Sum(l => l.Seconds);

    /// <summary>A line for many tensors has no width or fingerprints; the method is the one asked for.</summary>
    private Signature Signature => new() { Selection = selection, Rows = RowCount };

    /// <summary>Says of a matrix that its vocabulary was resized.</summary>
    public void AddResized(RowScanResult scan, VocabularyPairing vocabulary)
    {
        _resized.Add((scan.Name, scan.Pairing));
        foreach (string remark in vocabulary.Remarks)
            if (!_remarks.Contains(remark)) _remarks.Add(remark);
    }

    /// <param name="ui">The terminal.</param>
    /// <param name="file">The file that was written; null for none.</param>
    public void Write(ConsoleUi ui, string? file)
    {
        foreach (string remark in _remarks) ui.Remark($"note: {remark}");
        if (ui.IsJson) ui.WriteJson(json => WriteJson(json, file));
        else WriteText(ui, file);
    }

    private void WriteText(ConsoleUi ui, string? file)
    {
        ui.WriteLine($"base {Tying(BaseIsTied)}, tuned {Tying(TunedIsTied)}");
        if (Adapter is not null) ui.WriteLine(AdapterText.Describe(Adapter, tensor: null));
        ui.WriteLine();
        if (Lines.Count > 0)
        {
            TextTable table = new("tensor", "type", ">rows", ">d", ">changed", ">in ticket", ">largest D", ">needed D");
            table.Limit(0, NameColumns);
            foreach (TensorMapLine line in Lines) AddLine(table, line);
            ui.Write(table);
            ui.WriteLine();
        }
        foreach ((string name, RowPairing rows) in _resized)
            ui.WriteLine($"{VisibleText.Escape(name)}: {Sizes.Count(rows.Count, "row")} of {Sizes.Count(rows.BaseRows)} and "
                + $"{Sizes.Count(rows.TunedRows)} compared, paired by {(rows.IsById ? "id" : "text")}; {Sizes.Count(rows.Added.Count)} "
                + $"added, {Sizes.Count(rows.Dropped.Count)} dropped");
        foreach ((string name, string reason) in Apart) ui.WriteLine($"{VisibleText.Escape(name)}: {reason}");
        foreach (string name in ChangedOthers) ui.WriteLine($"{VisibleText.Escape(name)}: changed");
        if (Apart.Count + ChangedOthers.Count + _resized.Count > 0) ui.WriteLine();

        int touched = Lines.Count(l => l.Unchanged < l.Rows);
        ui.WriteLine($"{Sizes.Count(Lines.Count)} {(Lines.Count == 1 ? "matrix" : "matrices")}, {Sizes.Count(touched)} with changed rows; "
            + $"{Sizes.Count(OtherCount, "other tensor")}, {Sizes.Count(ChangedOthers.Count)} changed; "
            + $"{Sizes.Count(Apart.Count)} not compared");
        ui.WriteLine($"{Sizes.Count(RowCount, "row")} in {NumberText.Seconds(TimeSpan.FromSeconds(Seconds))}");
        if (file is not null) ui.WriteLine($"written {ConsoleUi.OneLine(file)}");
        ui.WriteLine();
        ui.WriteLine(Signature.ToString());
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
        foreach ((string name, RowPairing rows) in _resized)
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

    private void WriteJson(Utf8JsonWriter json, string? file)
    {
        json.WriteString("signature", Signature.ToString());
        json.WriteTruth("tied", BaseIsTied);
        json.WriteTruth("tuned_tied", TunedIsTied);
        if (Adapter is not null) json.WriteString("adapter", Adapter.Kind);
        json.WriteStartArray("tensors");
        foreach (TensorMapLine line in Lines)
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
            json.WriteNumber("scan_seconds", line.Seconds);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("not_compared");
        foreach ((string name, string reason) in Apart)
        {
            json.WriteStartObject();
            json.WriteString("tensor", name);
            json.WriteString("reason", reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (_resized.Count > 0) WriteResized(json);
        json.WriteNumber("other_tensors", OtherCount);
        json.WriteStartArray("changed_others");
        foreach (string name in ChangedOthers) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteNumber("rows", RowCount);
        json.WriteNumber("scan_seconds", Seconds);
        json.WriteString("file", file);
    }
}
