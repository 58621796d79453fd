using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>Writes and reads <c>ticket.json</c>.</summary>
/// <remarks>
/// A JSON object in UTF-8, of format version 2, or 1 where both fingerprints are <c>sha256:</c>, which is all that differs. Numbers
/// are the shortest that read back the same. What JSON has no number for (an infinite relative change of a row that was zero, the cosine
/// with it) is <c>null</c> and reads back as NaN. Of a resized or reordered vocabulary there are also <c>tuned_shape</c>, <c>pairs</c>
/// (<c>id</c> or <c>text</c>), <c>dropped</c>, <c>added</c>, and with <c>text</c> each entry's <c>tuned_id</c>; <c>ids</c> are always the
/// base's. <c>exclude</c> lists the kinds of rows that could not win, where there are some. Where codes
/// (F8, I8, U8) have a scale there are <c>base_scale_fingerprint</c> and <c>tuned_scale_fingerprint</c>.
/// </remarks>
public static class TicketFile
{
    /// <summary>The default name.</summary>
    public const string FileName = "ticket.json";

    internal const string Format = "kslottery-ticket";
    internal const int FormatVersion = 1, TreeFormatVersion = 2;
    internal const string Alternative = "two-sided";
    internal const string ExcludeName = "exclude";
    internal const string ById = "id", ByText = "text";

    internal const string BaseScale = "base_scale_fingerprint", TunedScale = "tuned_scale_fingerprint";

    private const int FlushLength = 1 << 16;

    /// <summary>Writes the file whole or not at all.</summary>
    /// <exception cref="IOException">The target cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static void Write(string path, Ticket ticket, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        AtomicFile.Write(path, stream =>
        {
            using (Utf8JsonWriter json = new(stream, JsonWriting.Layout))
            {
                json.WriteStartObject();
                WriteProperties(json, ticket, cancellationToken);
                json.WriteEndObject();
            }
            stream.WriteByte((byte)'\n');
        }, cancellationToken);
    }

    /// <summary>The file of a ticket, which may be named by the folder that <c>kslottery find --out</c> wrote.</summary>
    /// <param name="path">The file, or the folder.</param>
    /// <exception cref="FileNotFoundException">The folder has no <see cref="FileName"/>.</exception>
    public static string PathOf(string path) => FileInFolder.Resolve(path, FileName,
        _ => Remedy.NameTicket.ToString());

    /// <summary>Reads a file and checks that it says one thing throughout.</summary>
    /// <param name="path">The file, or the folder that it lies in, see <see cref="PathOf"/>.</param>
    /// <exception cref="InvalidDataException">
    /// The file is no ticket of this format version, or contradicts itself; names file and property.
    /// </exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    public static Ticket Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new TicketFileReader(PathOf(path)).Read();
    }

    /// <summary>Writes what the file holds into an object that the caller began.</summary>
    internal static void WriteProperties(Utf8JsonWriter json, Ticket ticket, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(ticket);
        TicketOrigin origin = ticket.Origin;
        json.WriteString("format", Format);
        json.WriteNumber("format_version", VersionOf(origin));
        json.WriteString("version", ticket.Version);
        json.WriteString("signature", ticket.Signature.ToString());
        // Any text may stand in a tensor's name: it is written in ASCII, escaped. A piece is visible text already.
        json.WriteString("tensor", JsonEncodedText.Encode(origin.Tensor));
        json.WriteStartArray("shape");
        json.WriteNumberValue(origin.Rows);
        json.WriteNumberValue(origin.Width);
        json.WriteEndArray();
        if (origin.IsTied is { } tied) json.WriteBoolean("tied", tied);
        else json.WriteNull("tied");
        json.WriteString("base_dtype", origin.BaseType.ToName());
        json.WriteString("tuned_dtype", origin.TunedType.ToName());
        json.WriteString("base_fingerprint", origin.BaseFingerprint);
        json.WriteString("tuned_fingerprint", origin.TunedFingerprint);
        if (origin.BaseScaleFingerprint is { } scale) json.WriteString(BaseScale, scale);
        if (origin.TunedScaleFingerprint is { } other) json.WriteString(TunedScale, other);

        if (origin.Adapter is { } adapter) WriteAdapter(json, adapter);
        if (origin.IsResized)
        {
            json.WriteStartArray("tuned_shape");
            json.WriteNumberValue(origin.TunedRows);
            json.WriteNumberValue(origin.Width);
            json.WriteEndArray();
            json.WriteString("pairs", origin.IsPairedByText ? ByText : ById);
        }

        json.WriteString("alternative", Alternative);
        json.WriteString("method", ticket.Selection.Method.ToName());
        json.WriteNumber("alpha", ticket.Selection.Alpha);
        json.WriteString("adjustment", ticket.Selection.Adjustment.ToName());
        json.WriteString("adjusted_by", ticket.Selection.ColumnAdjustment.ToName());
        if (ticket.Selection.Top is { } top) json.WriteNumber("top", top);
        else json.WriteNull("top");
        json.WriteNumber("critical_h", ticket.CriticalCount);
        json.WriteBoolean("by_rank", ticket.IsByRank);

        if (ticket.Exclude != RowKinds.None)
        {
            json.WriteStartArray(ExcludeName);
            foreach (string kind in RowKindNames.NamesOf(ticket.Exclude)) json.WriteStringValue(kind);
            json.WriteEndArray();
        }

        json.WriteNumber("rows", origin.Rows);
        json.WriteNumber("tested", ticket.Tested);
        json.WriteNumber("unchanged", ticket.Unchanged);
        json.WriteNumber("changed", ticket.Changed);
        json.WriteNumber("degenerate", ticket.Degenerate);
        json.WriteNumber("non_finite", ticket.NonFinite);
        if (origin.IsResized)
        {
            json.WriteNumber("dropped", ticket.Dropped);
            json.WriteNumber("added", ticket.Added);
        }
        json.WriteNumber("ticket_rows", ticket.Entries.Count);
        json.WriteNumber("ticket_parameters", ticket.Parameters);
        json.WriteNumber("checkpoint_parameters", origin.CheckpointParameters);
        json.WriteNumber("share_of_tensor", ticket.ShareOfTensor);
        json.WriteNumber("share_of_checkpoint", ticket.ShareOfCheckpoint);

        json.WriteStartArray("ids");
        foreach (int id in ticket.Ids) json.WriteNumberValue(id);
        json.WriteEndArray();
        WriteEntries(json, "entries", ticket.Entries, origin.IsPairedByText, cancellationToken);
    }

    /// <summary>Writes an array of rows, best first.</summary>
    internal static void WriteEntries(
        Utf8JsonWriter json, string name, IReadOnlyList<TicketEntry> entries, CancellationToken cancellationToken = default) =>
        WriteEntries(json, name, entries, false, cancellationToken);

    private static void WriteEntries(
        Utf8JsonWriter json, string name, IReadOnlyList<TicketEntry> entries, bool hasTunedIds, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(entries);
        json.WriteStartArray(name);
        for (int i = 0; i < entries.Count; i++)
        {
            TicketEntry entry = entries[i];
            json.WriteStartObject();
            json.WriteNumber("rank", i + 1);
            json.WriteNumber("id", entry.Id);
            if (hasTunedIds) json.WriteNumber("tuned_id", entry.TunedId);
            json.WriteString("piece", entry.Piece);
            json.WriteString("category", entry.Category);
            json.WriteNumber("h", entry.Count);
            json.WriteNumberOrNull("D", entry.Statistic);
            json.WriteNumberOrNull("p_value", entry.PValue);
            json.WriteNumberOrNull("log10_p", entry.Log10PValue);
            json.WriteNumberOrNull("adjusted_p", entry.AdjustedPValue);
            json.WriteNumber("sign", entry.Sign);
            json.WriteSingleOrNull("location", entry.Location);
            json.WriteNumberOrNull("l2_delta", entry.L2Delta);
            json.WriteNumberOrNull("relative_delta", entry.RelativeDelta);
            json.WriteNumberOrNull("cosine", entry.Cosine);
            json.WriteEndObject();
            if (json.BytesPending <= FlushLength) continue;
            cancellationToken.ThrowIfCancellationRequested();
            json.Flush();
        }
        json.WriteEndArray();
    }

    /// <summary>The format version: 2 where a fingerprint is of the kind that 1 does not have.</summary>
    internal static int VersionOf(TicketOrigin origin) => Fingerprint.KindOf(origin.BaseFingerprint) == FingerprintKind.Stream
        && Fingerprint.KindOf(origin.TunedFingerprint) == FingerprintKind.Stream ? FormatVersion : TreeFormatVersion;

    private static void WriteAdapter(Utf8JsonWriter json, TicketAdapter adapter)
    {
        json.WriteStartObject("adapter");
        json.WriteString("peft_type", adapter.Kind);
        json.WriteString("config_fingerprint", adapter.ConfigFingerprint);
        json.WriteString("weights_fingerprint", adapter.WeightsFingerprint);
        json.WriteEndObject();
    }
}

/// <summary>A ticket was found in another matrix than the one that it is to be used with.</summary>
/// <remarks>The message names both and their fingerprints.</remarks>
public sealed class TicketMismatchException : Exception
{
    internal TicketMismatchException(string message)
        : base(message)
    {
    }
}
