using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>Reads the <c>ticket.json</c> of a ticket of units: every value by its type and range, then whether all of them agree.</summary>
internal sealed class UnitTicketFileReader(string path)
{
    public UnitTicketSummary Read()
    {
        try
        {
            using JsonDocument document = JsonFile.Parse(path, new() { AllowDuplicateProperties = false });
            return Read(new(document.RootElement, (place, _, problem) => Invalid(place.Length == 0 ? "file" : place, problem)));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: no JSON object with unique keys in {JsonDefect.Describe(e)}. {Remedy.FindAgain}.", e);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException($"{path}: a lone surrogate in a string. {Remedy.FindAgain}.", e);
        }
    }

    private static UnitTicketSummary Read(JsonPlace root)
    {
        if (root.Text("format") != UnitTicketFile.Format)
            throw root.Wrong("format", $"this is no ticket of units, which has \"{UnitTicketFile.Format}\" there");
        if (root.Integer("format_version", 1, int.MaxValue) is var version && version > UnitTicketFile.FormatVersion)
            throw root.Wrong("format_version", $"{version} is newer than this version of kslottery, which reads "
                + $"{UnitTicketFile.FormatVersion}");
        UnitTicketSummary ticket = new()
        {
            Recipe = root.Text("recipe"),
            Score = root.Text("score"),
            Unit = TicketUnit.TryParse(root.Text("unit"), out TicketUnit unit) ? unit
                : throw root.Wrong("unit", $"it is none of {string.Join(", ", TicketUnit.Names)}"),
            Payload = TicketPayloads.TryParse(root.Text("payload"), out TicketPayload payload) ? payload
                : throw root.Wrong("payload", $"it is none of {string.Join(", ", TicketPayloads.Names)}"),
            Signature = root.Text("signature"),
            IsTied = root.TruthOrNull("tied"),
            Tensors = [.. root.List("tensors").Select(tensor => ReadTensor(tensor, unit))],
            CheckpointParameters = root.Integer("checkpoint_parameters", 0, long.MaxValue),
            MaskFingerprint = root.Text("mask_fingerprint"),
            Version = root.Text("version"),
        };
        if (ticket.Tensors.Count == 0) throw root.Wrong("tensors", "it must name one at least");
        ThrowIfOther("units", ticket.UnitCount);
        ThrowIfOther("ticket_units", ticket.Count);
        ThrowIfOther("ticket_parameters", ticket.Parameters);
        return ticket.Signature.StartsWith($"{ticket.Recipe}|", StringComparison.Ordinal) ? ticket
            : throw root.Wrong("signature", "it does not begin with the recipe");

        void ThrowIfOther(string key, long sum)
        {
            if (root.Integer(key, 0, long.MaxValue) != sum) throw root.Wrong(key, $"those of the tensors come to {sum}");
        }
    }

    private static UnitTensorSummary ReadTensor(JsonPlace place, TicketUnit unit)
    {
        ElementType before = Type(place, "base_dtype"), after = Type(place, "tuned_dtype");
        long[] shape = [.. place.List("shape").Select(side => side.Integer(0, long.MaxValue))];
        if (TensorSize.Measure(shape, before.BitSize(), out long elements, out _) is not null)
            throw place.Wrong("shape", "it is too large");
        (long rows, long columns) = Tensor.RowShapeOf(shape, elements);
        UnitGrid grid = unit.Cut(rows, columns);
        JsonPlace[] block = [.. place.List("block")];
        if (block.Length != 2 || block[0].Integer(0, long.MaxValue) != grid.BlockRows
            || block[1].Integer(0, long.MaxValue) != grid.BlockColumns)
            throw place.Wrong("block", $"{unit} of this shape have {grid.BlockRows} rows and {grid.BlockColumns} columns");
        if (place.Integer("units", 0, long.MaxValue) != grid.Count) throw place.Wrong("units", $"there are {grid.Count}");
        return new(place.Text("tensor"), before, after, shape, grid,
            place.Integer("ticket_units", 0, grid.Count), place.Integer("ticket_parameters", 0, elements),
            place.Integer("base_non_finite", 0, elements), place.Integer("tuned_non_finite", 0, elements),
            place.Text("base_fingerprint"), place.Text("tuned_fingerprint"));
    }

    private static ElementType Type(JsonPlace place, string key) => ElementTypes.TryParse(place.Text(key), out ElementType type) ? type
        : throw place.Wrong(key, "it is no element type of safetensors");

    private InvalidDataException Invalid(string place, string problem) =>
        new($"{path}, {place}: {problem}. The file was changed by hand or cut short. {Remedy.FindAgain}.");
}
