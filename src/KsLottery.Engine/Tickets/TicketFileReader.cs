using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Tickets;

/// <summary>Reads a <c>ticket.json</c>: every value by its type and range, then whether all of them agree.</summary>
internal sealed class TicketFileReader(string path)
{
    private const long MaxFileBytes = 1L << 30;
    private static readonly string NextStep = Remedy.FindAgain.ToString();

    public Ticket Read()
    {
        long length = new FileInfo(path).Length;
        if (length > MaxFileBytes) throw Invalid("file", $"{length} bytes, allowed are {MaxFileBytes}");
        try
        {
            using JsonDocument document = JsonFile.Parse(path, new() { AllowDuplicateProperties = false });
            JsonPlace root = new(document.RootElement, (place, _, problem) => Invalid(place.Length == 0 ? "file" : place, problem));
            return root.Text("format") != UnitTicketFile.Format ? Read(root) : throw new InvalidDataException(
                $"{path}: this ticket has units that are not listed one by one; one of rows by their test is asked for. "
                + $"{Remedy.FindAgain}.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: no JSON object with unique keys in {JsonDefect.Describe(e)}. {NextStep}.", e);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException($"{path}: a lone surrogate in a string. {NextStep}.", e);
        }
    }

    private static Ticket Read(JsonPlace root)
    {
        if (root.Text("format") != TicketFile.Format)
            throw root.Wrong("format", $"this is no ticket, which has \"{TicketFile.Format}\" there");
        if (root.Integer("format_version", 1, int.MaxValue) is var version && version > TicketFile.TreeFormatVersion)
            throw root.Wrong("format_version", $"{version} is newer than this version of kslottery, which reads {TicketFile.FormatVersion} "
                + $"and {TicketFile.TreeFormatVersion}");
        if (root.Text("alternative") != TicketFile.Alternative) throw root.Wrong("alternative", $"it must be \"{TicketFile.Alternative}\"");

        JsonPlace[] shape = [.. root.List("shape")];
        if (shape.Length != 2) throw root.Wrong("shape", "it must be two numbers, rows and width");
        int rows = (int)shape[0].Integer(0, int.MaxValue), width = (int)shape[1].Integer(1, int.MaxValue - 1);
        bool isResized = root.Has("pairs"), isByText = isResized && root.Text("pairs") == TicketFile.ByText;
        if (isResized && !isByText && root.Text("pairs") != TicketFile.ById)
            throw root.Wrong("pairs", $"it must be \"{TicketFile.ById}\" or \"{TicketFile.ByText}\"");
        JsonPlace[] tunedShape = isResized ? [.. root.List("tuned_shape")] : shape;
        if (tunedShape.Length != 2 || tunedShape[1].Integer(1, int.MaxValue) != width)
            throw root.Wrong("tuned_shape", "it must be two numbers, rows and the width in shape");
        int tunedRows = (int)tunedShape[0].Integer(0, int.MaxValue);
        Ticket ticket = new()
        {
            Version = root.Text("version"),
            Origin = new()
            {
                Tensor = root.Text("tensor"),
                Rows = rows,
                TunedRows = tunedRows == rows ? 0 : tunedRows,
                IsPairedByText = isByText,
                Width = width,
                IsTied = root.TruthOrNull("tied"),
                BaseType = Type(root, "base_dtype"),
                TunedType = Type(root, "tuned_dtype"),
                BaseFingerprint = root.Text("base_fingerprint"),
                TunedFingerprint = root.Text("tuned_fingerprint"),
                BaseScaleFingerprint = root.Has(TicketFile.BaseScale) ? root.Text(TicketFile.BaseScale) : null,
                TunedScaleFingerprint = root.Has(TicketFile.TunedScale) ? root.Text(TicketFile.TunedScale) : null,
                CheckpointParameters = root.Integer("checkpoint_parameters", 0, long.MaxValue),
                Adapter = root.ObjectOrNull("adapter") is { } adapter
                    ? new(adapter.Text("peft_type"), adapter.Text("config_fingerprint"), adapter.Text("weights_fingerprint"))
                    : null,
            },
            Selection = Selection(root),
            CriticalCount = (int)root.Integer("critical_h", 0, width + 1L),
            IsByRank = root.TruthOrNull("by_rank") ?? throw root.Wrong("by_rank", "it must be true or false"),
            Exclude = root.Has(TicketFile.ExcludeName) ? Kinds(root) : RowKinds.None,
            Tested = (int)root.Integer("tested", 0, rows),
            Unchanged = root.Integer("unchanged", 0, rows),
            Changed = root.Integer("changed", 0, rows),
            Degenerate = root.Integer("degenerate", 0, rows),
            NonFinite = root.Integer("non_finite", 0, rows),
            Dropped = isResized ? root.Integer("dropped", 0, rows) : 0,
            Added = isResized ? root.Integer("added", 0, tunedRows) : 0,
            Entries = [.. root.List("entries").Select(e => Entry(e, rows, width, isByText ? tunedRows : null))],
        };
        if (ticket is { IsByRank: true, Selection.Top: { } top })
            ticket = ticket with { Selection = new TopUnits(top, ticket.Selection) };
        // Versions that took rows by rank only where none was below alpha wrote alpha into the line of those too.
        if (ticket.IsByRank) ticket = ticket with { NamesAlpha = root.Text("signature").Contains("|alpha:", StringComparison.Ordinal) };
        Check(root, ticket);
        return ticket;
    }

    private static RowKinds Kinds(JsonPlace root)
    {
        RowKinds kinds = RowKinds.None;
        foreach (JsonPlace item in root.List(TicketFile.ExcludeName))
        {
            if (!RowKindNames.TryParse(item.Text(), out RowKinds kind))
                throw root.Wrong(TicketFile.ExcludeName, $"its words are {string.Join(", ", RowKindNames.All)}");
            kinds |= kind;
        }
        return kinds;
    }

    private static BelowAlpha Selection(JsonPlace root)
    {
        if (!SelectionNames.TryParse(root.Text("method"), out KsMethod method) || method == KsMethod.Auto)
            throw root.Wrong("method", "it must be exact or asymp");
        if (!SelectionNames.TryParse(root.Text("adjustment"), out PValueAdjustment adjustment))
            throw root.Wrong("adjustment", $"it must be one of {string.Join(", ", SelectionNames.OfAdjustments)}");
        double alpha = root.Real("alpha");
        if (!(alpha > 0 && alpha < 1)) throw root.Wrong("alpha", "it must lie between 0 and 1");
        long? top = root.IntegerOrNull("top", 1, int.MaxValue);
        return new BelowAlpha { Alpha = alpha, Method = method, Adjustment = adjustment, Wanted = top };
    }

    private static TicketEntry Entry(JsonPlace entry, int rows, int width, int? tunedRows)
    {
        int count = (int)entry.Integer("h", 0, width);
        TicketEntry result = new(
            (int)entry.Integer("id", 0, rows - 1L), entry.Text("piece"), entry.Text("category"), count, entry.Real("D"),
                entry.Real("p_value"),
            entry.Real("log10_p"), entry.Real("adjusted_p"), (int)entry.Integer("sign", -1, 1), (float)entry.Real("location"),
            entry.Real("l2_delta"), entry.Real("relative_delta"), entry.Real("cosine"));
        if (result.Statistic != (double)count / width) throw entry.Wrong("D", $"it must be h / d = {count} / {width}");
        return tunedRows is { } most ? result with { TunedId = (int)entry.Integer("tuned_id", 0, most - 1L) } : result;
    }

    /// <summary>Checks the values that say the same thing twice.</summary>
    private static void Check(JsonPlace root, Ticket ticket)
    {
        long[] ids = [.. root.List("ids").Select(id => id.Integer(0, ticket.Origin.Rows - 1L))];
        for (int i = 1; i < ids.Length; i++)
            if (ids[i] <= ids[i - 1]) throw root.Wrong("ids", $"{ids[i]} follows {ids[i - 1]}; they must ascend, each once");
        if (!ids.SequenceEqual(ticket.Entries.Select(e => (long)e.Id).Order()))
            throw root.Wrong("ids", "they are not the ids of the entries");
        if (root.Integer("ticket_rows", 0, int.MaxValue) != ids.Length) throw root.Wrong("ticket_rows", $"there are {ids.Length} ids");
        if (root.Integer("ticket_parameters", 0, long.MaxValue) != ticket.Parameters)
            throw root.Wrong("ticket_parameters", $"{ids.Length} rows of {ticket.Origin.Width} have {ticket.Parameters}");
        if (ticket.Unchanged + ticket.Changed + ticket.Degenerate + ticket.NonFinite + ticket.Dropped != ticket.Origin.Rows)
            throw root.Wrong("unchanged", $"with changed, degenerate{(ticket.Dropped > 0 ? ", dropped" : "")} and non_finite it must "
                + $"come to {ticket.Origin.Rows} rows");
        if (ticket.IsByRank && !(ids.Length <= ticket.Selection.Top)) throw root.Wrong("top", $"the ticket has {ids.Length} rows by rank");
        if (root.Integer("format_version", 1, int.MaxValue) < TicketFile.VersionOf(ticket.Origin))
            throw root.Wrong("format_version", $"with these fingerprints it is {TicketFile.VersionOf(ticket.Origin)}");
        if (root.Text("signature") != ticket.Signature.ToString())
            throw root.Wrong("signature", $"the other values give {ticket.Signature}");
    }

    private static ElementType Type(JsonPlace root, string key) => ElementTypes.TryParse(root.Text(key), out ElementType type) ? type
        : throw root.Wrong(key, "it is no element type of safetensors");

    private InvalidDataException Invalid(string place, string problem) =>
        new($"{path}, {place}: {problem}. The file was changed by hand or cut short. {NextStep}.");
}
