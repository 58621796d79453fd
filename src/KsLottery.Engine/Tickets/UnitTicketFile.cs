using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>Writes and reads the <c>ticket.json</c> of a <see cref="UnitTicket"/>.</summary>
/// <remarks>
/// A JSON object of format <c>kslottery-unit-ticket</c>, version 1. It says how the ticket was found and counts its units; which they are
/// stands in the patch beside it, whose mask has the fingerprint <c>mask_fingerprint</c>.
/// </remarks>
public static class UnitTicketFile
{
    internal const string Format = "kslottery-unit-ticket";
    internal const int FormatVersion = 1;

    /// <summary>Writes the file whole or not at all.</summary>
    /// <exception cref="IOException">The target cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static void Write(string path, UnitTicket ticket, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        AtomicFile.Write(path, stream =>
        {
            using (Utf8JsonWriter json = new(stream, JsonWriting.Layout))
            {
                json.WriteStartObject();
                WriteProperties(json, ticket);
                json.WriteEndObject();
            }
            stream.WriteByte((byte)'\n');
        }, cancellationToken);
    }

    /// <summary>Reads the file.</summary>
    /// <param name="path">The file, or the folder that it lies in.</param>
    /// <exception cref="InvalidDataException">A value is absent, of another type or out of range, or two contradict each other; names the
    /// place.</exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    public static UnitTicketSummary Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new UnitTicketFileReader(TicketFile.PathOf(path)).Read();
    }

    /// <summary>Whether a file, or the ticket's in a folder, is that of a ticket of units, and not of rows.</summary>
    internal static bool Is(string path)
    {
        if (Directory.Exists(path)) path = Path.Combine(path, TicketFile.FileName);
        if (!File.Exists(path)) return false;
        try
        {
            using JsonDocument document = JsonFile.Parse(path);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("format", out JsonElement format) && format.ValueEquals(Format);
        }
        catch (Exception defect) when (defect is JsonException or InvalidOperationException)
        {
            return false; // Whoever reads it as a ticket of rows says what is wrong.
        }
    }

    /// <summary>Writes what the file holds into an object that the caller began.</summary>
    internal static void WriteProperties(Utf8JsonWriter json, UnitTicket ticket)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(ticket);
        json.WriteString("format", Format);
        json.WriteNumber("format_version", FormatVersion);
        json.WriteString("version", ticket.Version);
        json.WriteString("signature", ticket.Signature);
        json.WriteString("recipe", ticket.Recipe.ToString());
        json.WriteString("score", ticket.Recipe.Score.Name);
        json.WriteString("unit", ticket.Recipe.Scope.Unit.ToString());
        json.WriteString("payload", ticket.Recipe.Payload.ToName());
        if (ticket.IsTied is { } tied) json.WriteBoolean("tied", tied);
        else json.WriteNull("tied");
        json.WriteNumber("units", ticket.UnitCount);
        json.WriteNumber("ticket_units", ticket.Count);
        json.WriteNumber("ticket_parameters", ticket.Parameters);
        json.WriteNumber("checkpoint_parameters", ticket.CheckpointParameters);
        json.WriteNumber("share_of_checkpoint", ticket.ShareOfCheckpoint);
        json.WriteString("mask_fingerprint", ticket.Mask.TakeFingerprint());
        json.WriteStartArray("tensors");
        foreach (TensorTicket tensor in ticket.Tensors) Write(json, tensor);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, TensorTicket tensor)
    {
        UnitGrid grid = tensor.Mask.Grid;
        json.WriteStartObject();
        json.WriteString("tensor", JsonEncodedText.Encode(tensor.Name));
        json.WriteString("base_dtype", tensor.BaseType.ToName());
        json.WriteString("tuned_dtype", tensor.TunedType.ToName());
        json.WriteStartArray("shape");
        foreach (long side in tensor.Shape) json.WriteNumberValue(side);
        json.WriteEndArray();
        json.WriteStartArray("block");
        json.WriteNumberValue(grid.BlockRows);
        json.WriteNumberValue(grid.BlockColumns);
        json.WriteEndArray();
        json.WriteNumber("units", grid.Count);
        json.WriteNumber("ticket_units", tensor.Mask.Units.Count);
        json.WriteNumber("ticket_parameters", tensor.Mask.Parameters);
        json.WriteNumber("base_non_finite", tensor.BaseNonFinite);
        json.WriteNumber("tuned_non_finite", tensor.TunedNonFinite);
        json.WriteString("base_fingerprint", tensor.BaseFingerprint);
        json.WriteString("tuned_fingerprint", tensor.TunedFingerprint);
        if (tensor.BaseScaleFingerprint is { } before) json.WriteString("base_scale_fingerprint", before);
        if (tensor.TunedScaleFingerprint is { } after) json.WriteString("tuned_scale_fingerprint", after);
        json.WriteEndObject();
    }
}
