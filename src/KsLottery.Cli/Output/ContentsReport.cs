using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Certificates;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>What <c>kslottery inspect</c> says of a file that is no checkpoint: a patch, an adapter, a training's state, a
/// certificate.</summary>
internal sealed class ContentsReport
{
    private const string ModelFile = "model.safetensors";

    private readonly string _kind;
    private readonly List<(string Name, object? Value, string Text)> _facts = [];
    private TextTable? _table;
    private Action<Utf8JsonWriter> _writeTable = _ => { };

    private ContentsReport(string kind, string path)
    {
        _kind = kind;
        Add(kind, path, ConsoleUi.OneLine(path));
    }

    /// <summary>Looks at what a path names; null where it is a checkpoint, or nothing that is known.</summary>
    public static ContentsReport? Of(string path, CheckpointOptions reading)
    {
        if (Find(path, CertificateFile.FileName) is { } certificate) return OfCertificate(certificate);
        if (HoldsModel(path)) return null;
        if (AdaptedCheckpoint.IsAdapter(path)) return OfAdapter(path, reading);
        if (Find(path, TicketPatch.FileName) is { } patch || IsPatch(path, reading, out patch)) return OfPatch(patch, reading);
        return Find(path, TrainingState.FileName) is { } state ? OfState(state, reading) : null;
    }

    public void WriteTo(ConsoleUi ui)
    {
        FactList facts = new();
        foreach ((string name, _, string text) in _facts) facts.Add(name, text);
        facts.WriteTo(ui);
        if (_table is null) return;
        ui.WriteLine();
        ui.Write(_table);
    }

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteString("kind", _kind);
        foreach ((string name, object? value, _) in _facts)
        {
            json.WritePropertyName(name.Replace(' ', '_'));
            switch (value)
            {
                case null: json.WriteNullValue(); break;
                case long number: json.WriteNumberValue(number); break;
                case double real when double.IsFinite(real): json.WriteNumberValue(real); break;
                case double: json.WriteNullValue(); break;
                case bool truth: json.WriteBooleanValue(truth); break;
                default: json.WriteStringValue(string.Create(CultureInfo.InvariantCulture, $"{value}")); break;
            }
        }
        _writeTable(json);
    }

    private static ContentsReport OfPatch(string path, CheckpointOptions reading)
    {
        using TicketPatch patch = TicketPatch.Open(path, reading);
        ContentsReport report = new("patch", path);
        report.Add("format version", (long)patch.FormatVersion);
        report.Add("signature", patch.Signature, VisibleText.Escape(patch.Signature));
        report.Add("units", PatchReport.Units(patch.Tensors.Select(t => (t.Mask, t.Payload))));
        report.Add("elements changed", patch.Tensors.Sum(t => t.ChangedElements));
        report.Add("tied base", patch.IsTied, PatchReport.Tied(patch.IsTied));
        report.Add("checksum", patch.IsVerified, patch.IsVerified ? "holds" : "none, or not looked at");
        TextTable table = report._table = new("tensor", "base", "payload", ">units", "unit", ">elements", "fingerprint of the base");
        foreach (PatchedTensor tensor in patch.Tensors)
            table.Add(VisibleText.Escape(tensor.Name), $"{tensor.BaseElementType.ToName()} [{string.Join(", ", tensor.BaseShape)}]",
                tensor.Payload.ToName(), Sizes.Count(tensor.Mask.Units.Count), tensor.Mask.Grid.UnitName,
                Sizes.Count(tensor.Mask.Parameters), InspectReport.Shorten(tensor.BaseFingerprint));
        PatchTensor[] lines = [.. patch.Tensors.Select(t => new PatchTensor(t.Name, t.BaseElementType.ToName(), [.. t.BaseShape],
            t.Payload.ToName(), t.Mask.Grid.UnitName, t.Mask.Units.Count, t.Mask.Parameters, t.BaseFingerprint))];
        report._writeTable = json => WriteTensors(json, lines);
        return report;
    }

    private static ContentsReport OfAdapter(string path, CheckpointOptions reading)
    {
        string folder = Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!;
        PeftConfig config = PeftConfig.Load(Path.Combine(folder, PeftAdapter.ConfigName));
        ContentsReport report = new("adapter", path);
        report.Add("type", config.Kind, VisibleText.Escape(config.Kind.Length > 0 ? config.Kind : "not said"));
        report.Add("base by name", config.BaseModelName, VisibleText.Escape(config.BaseModelName ?? "not said"));
        if (config.Obstacle is { } obstacle)
            report.Add("cannot be merged", obstacle.Problem, VisibleText.Escape(obstacle.Problem));
        string weights = Path.Combine(folder, PeftAdapter.WeightsName);
        if (!File.Exists(weights)) return report.Add("weights", null, $"no {PeftAdapter.WeightsName} in the folder");
        using SafetensorsFile file = SafetensorsFile.Open(weights, reading);
        return report.AddTensors(file);
    }

    private static ContentsReport OfState(string path, CheckpointOptions reading)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path, reading);
        ContentsReport report = new("training state", path);
        if (Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path)))!.StartsWith("state-", StringComparison.Ordinal))
            report.Add("kept", true, "kslottery tune … --rewind, or pretrain, begins from it");
        else report.Add("finished", false, "no: kslottery tune … --resume, or pretrain, goes on from it");
        foreach ((string key, string value) in file.Metadata.OrderBy(m => m.Key, StringComparer.Ordinal))
            report.Add(key, value, VisibleText.Escape(value));
        return report.AddTensors(file);
    }

    private static ContentsReport OfCertificate(string path)
    {
        using StoredCertificate certificate = StoredCertificate.Open(path);
        ContentsReport report = new("certificate", path);
        report.Add("mode", certificate.Source.Trained is null ? "transfer" : "tuned");
        report.Add("confidence", certificate.Options.Confidence, NumberText.Real(certificate.Options.Confidence));
        report.Add("checked", false, "no: every number is derived again by kslottery certify --check");
        TextTable table = report._table = new("role", "file", "fingerprint");
        foreach (CertificateInput file in certificate.Files)
            table.Add(VisibleText.Escape(file.Role), ConsoleUi.OneLine(file.Path),
                InspectReport.Shorten(VisibleText.Escape(file.Fingerprint)));
        CertificateInput[] files = [.. certificate.Files];
        report._writeTable = json => WriteFiles(json, files);
        return report;
    }

    private ContentsReport AddTensors(SafetensorsFile file)
    {
        Tensor[] tensors = [.. file.Tensors];
        Add("total", tensors.Sum(t => t.ElementCount), $"{Sizes.Count(tensors.LongLength, "tensor")}, "
            + $"{Sizes.Count(tensors.Sum(t => t.ElementCount), "parameter")}, {Sizes.Bytes(tensors.Sum(t => t.ByteLength))}");
        Add("types", TensorListing.DescribeTypes(tensors));
        _table = new TensorListing(tensors, [file], isFolded: true).ToTable();
        (string Name, string Type, long[] Shape)[] lines = [.. tensors.Select(t => (t.Name, t.DtypeName, t.Shape.ToArray()))];
        _writeTable = json =>
        {
            json.WriteStartArray("tensors");
            foreach ((string name, string type, long[] shape) in lines)
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteString("dtype", type);
                WriteShape(json, shape);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        };
        return this;
    }

    private ContentsReport Add(string name, object? value, string? text = null)
    {
        _facts.Add((name, value, text ?? (value is long number ? Sizes.Count(number) : $"{value}")));
        return this;
    }

    private static bool HoldsModel(string path) =>
        File.Exists(Path.Combine(path, ModelFile)) || File.Exists(Path.Combine(path, ShardIndex.FileName));

    /// <summary>The file of a name that the path is, or that lies in the folder that it is; null where there is none.</summary>
    private static string? Find(string path, string name) =>
        File.Exists(path) ? Path.GetFileName(path) == name ? path : null
        : Path.Combine(path, name) is var file && File.Exists(file) ? file : null;

    private static bool IsPatch(string path, CheckpointOptions reading, out string file)
    {
        file = path;
        if (!File.Exists(path) || Path.GetExtension(path) != ".safetensors") return false;
        using SafetensorsFile opened = SafetensorsFile.Open(path, reading);
        return NoEmbedding.IsPatch(opened);
    }

    private static void WriteTensors(Utf8JsonWriter json, PatchTensor[] tensors)
    {
        json.WriteStartArray("tensors");
        foreach (PatchTensor tensor in tensors)
        {
            json.WriteStartObject();
            json.WriteString("name", tensor.Name);
            json.WriteString("dtype", tensor.Type);
            WriteShape(json, tensor.Shape);
            json.WriteString("payload", tensor.Payload);
            json.WriteString("unit", tensor.Unit);
            json.WriteNumber("units", tensor.Units);
            json.WriteNumber("elements", tensor.Elements);
            json.WriteString("base_fingerprint", tensor.Fingerprint);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteFiles(Utf8JsonWriter json, CertificateInput[] files)
    {
        json.WriteStartArray("files");
        foreach (CertificateInput file in files)
        {
            json.WriteStartObject();
            json.WriteString("role", file.Role);
            json.WriteString("path", file.Path);
            json.WriteString("fingerprint", file.Fingerprint);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteShape(Utf8JsonWriter json, long[] shape)
    {
        json.WriteStartArray("shape");
        foreach (long dimension in shape) json.WriteNumberValue(dimension);
        json.WriteEndArray();
    }

    private sealed record PatchTensor(string Name, string Type, long[] Shape, string Payload, string Unit, long Units, long Elements,
        string Fingerprint);
}
