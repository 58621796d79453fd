using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli;

/// <summary>Prints how the rows of a resized vocabulary were paired, and which were added and dropped, as text or as JSON.</summary>
internal sealed class VocabularyReport(RowScanResult scan, RowTokens tokens, VocabularyPairing vocabulary)
{
    private const int MaxNamed = 8;

    private RowPairing Pairing => scan.Pairing;

    public void Write(ConsoleUi ui)
    {
        ui.WriteLine($"vocabulary: {Sizes.Count(Pairing.BaseRows, "row")} in the base, {Sizes.Count(Pairing.TunedRows)} in the tuned; "
            + $"{Sizes.Count(Pairing.Count)} compared, paired by {(Pairing.IsById ? "id" : "text")}"
            + (vocabulary.NamedDifferently.Count > 0 ? $", {Sizes.Count(vocabulary.NamedDifferently.Count)} of them named differently"
            : ""));
        WriteRows(ui, "added", Pairing.Added, Added);
        WriteRows(ui, "dropped", Pairing.Dropped, Dropped);
        ui.WriteLine();
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteNumber("compared_rows", Pairing.Count);
        json.WriteNumber("named_differently", vocabulary.NamedDifferently.Count);
        WriteRows(json, "added_rows", Pairing.Added, Added);
        WriteRows(json, "dropped_rows", Pairing.Dropped, Dropped);
    }

    private (string Piece, double Norm) Added(int place) => (vocabulary.TunedTokens.Piece(Pairing.Added[place]), scan.AddedNorms[place]);

    private (string Piece, double Norm) Dropped(int place) =>
        (tokens.Piece(Pairing.Dropped[place]), scan.Rows[Pairing.Dropped[place]].BaseNorm);

    private static void WriteRows(ConsoleUi ui, string what, IReadOnlyList<int> ids, Func<int, (string Piece, double Norm)> describe)
    {
        if (ids.Count == 0) return;
        string names = string.Join(", ", ids.Take(MaxNamed).Select((id, place) =>
        {
            (string piece, double norm) = describe(place);
            return string.Create(CultureInfo.InvariantCulture, $"{id}{(piece.Length > 0 ? $" {piece}" : "")} ({NumberText.Real(norm)})");
        }));
        ui.WriteLine($"{Sizes.Count(ids.Count, "row")} {what}, with norms: {names}"
            + (ids.Count > MaxNamed ? $" and {Sizes.Count(ids.Count - MaxNamed)} more: see --json, or {VocabularyFile.FileName}" : ""));
    }

    private static void WriteRows(Utf8JsonWriter json, string name, IReadOnlyList<int> ids, Func<int, (string Piece, double Norm)> describe)
    {
        json.WriteStartArray(name);
        for (int place = 0; place < ids.Count; place++)
        {
            (string piece, double norm) = describe(place);
            json.WriteStartObject();
            json.WriteNumber("id", ids[place]);
            json.WriteString("piece", piece);
            json.WriteNumberOrNull("norm", norm);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
