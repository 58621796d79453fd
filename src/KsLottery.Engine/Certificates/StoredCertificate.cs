using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Certificates;

/// <summary>A <c>certificate.json</c> that is to be believed or not: every number is derived again from the files that it names.</summary>
public sealed class StoredCertificate : IDisposable
{
    private const string Positions = "position_rows";
    private const string NextStep = "The file was changed by hand or cut short; make a new certificate";

    private readonly JsonDocument _document;
    private readonly string _folder;
    private readonly JsonPlace _root;

    private StoredCertificate(string path, JsonDocument document)
    {
        (Path, _document, _folder) = (path, document, System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
        _root = new(document.RootElement, (place, value, rule) =>
            new($"{path}: {(value is null ? $"{place} is missing" : $"{place}: {rule}")}. {NextStep}."));
        if (_root.Find("format") is not { Value: { ValueKind: JsonValueKind.String } format }
            || !format.ValueEquals(CertificateFile.Format))
            throw new InvalidDataException($"{path}: this is no certificate. {Remedy.NameCertificate.For(CertificateFile.FileName)}.");
        if (_root.Integer("format_version") is var version && version != CertificateFile.FormatVersion)
            throw new InvalidDataException($"{path}: the format version is {version}, this version reads {CertificateFile.FormatVersion}. "
                + "Make a new certificate.");
        Source = ReadSource(_root.Get("source", JsonValueKind.Object));
        Options = ReadOptions(_root.Get("source", JsonValueKind.Object));
        Files = [.. _root.List("files").Select(file =>
            new CertificateInput(file.Text("role"), Resolve(file.Text("path")), file.Text("fingerprint")))];
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What it was made from, its paths resolved.</summary>
    public CertificateSource Source { get; }

    /// <summary>How it was made.</summary>
    public CertificateOptions Options { get; }

    /// <summary>The files and their fingerprints.</summary>
    public IReadOnlyList<CertificateInput> Files { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">The file is no certificate of this format version, or is damaged; names the
    /// place.</exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    public static StoredCertificate Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        JsonDocument? document = null;
        try
        {
            document = JsonFile.Parse(path, new() { AllowDuplicateProperties = false });
            return new(path, document);
        }
        // No JSON, text that is not Unicode, or a path or template that cannot be.
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or ArgumentException)
        {
            document?.Dispose();
            throw new InvalidDataException($"{path}: {JsonDefect.Describe(fault)}. {NextStep}.", fault);
        }
        catch
        {
            document?.Dispose();
            throw;
        }
    }

    /// <summary>Checks every file, makes the certificate again and compares every number.</summary>
    /// <param name="operations">The device.</param>
    /// <param name="tolerance">
    /// By how much a probability may differ, for a device that rounds otherwise; all that follows from probabilities is then derived from
    /// the stored ones. With 0 they must be equal.
    /// </param>
    /// <param name="options">Rows and reading; all else is as the file says.</param>
    /// <param name="progress">Reports every batch, on the caller's thread.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    /// <returns>The certificate.</returns>
    /// <exception cref="CertificateMismatchException">A file changed or is gone, or a number differs; names the first.</exception>
    /// <inheritdoc cref="Certifier.Run(CertificateSource, IOperations, CertificateOptions?, IProgress{CertificateProgress}?,
    /// CancellationToken)" path="/exception"/>
    public Certificate Check(IOperations operations, double tolerance = 0, CertificateOptions? options = null,
        IProgress<CertificateProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tolerance);
        foreach (CertificateInput file in Files)
        {
            progress?.Report(new($"fingerprint of {System.IO.Path.GetFileName(file.Path)}", 0, 0));
            file.ThrowIfChanged(cancellationToken);
        }
        ThrowIfUnlisted();
        CertificateOptions used = options is null ? Options : Options with { Rows = options.Rows, Reading = options.Reading };
        Certificate derived = Certifier.Run(Source, operations, used,
            tolerance > 0 ? computed => Adopt(computed, tolerance) : null, progress, cancellationToken);
        ThrowIfDifferent(derived);
        return derived;
    }

    /// <inheritdoc/>
    public void Dispose() => _document.Dispose();

    /// <summary>A file that is used and not listed could have any bytes.</summary>
    private void ThrowIfUnlisted()
    {
        HashSet<(string, string)> listed = [.. Files.Select(file => (file.Role, file.Path))];
        foreach ((string role, string path) in Source.Files())
            if (!listed.Contains((role, System.IO.Path.GetFullPath(path))))
                throw new CertificateMismatchException($"{Path}: files lists no fingerprint of the {role} file {path}, which is used. "
                    + "Make a new certificate.");
    }

    private void ThrowIfDifferent(Certificate derived)
    {
        using MemoryStream stream = new();
        CertificateFile.WriteTo(stream, derived, Source, Files, Options, _folder);
        using JsonDocument again = JsonDocument.Parse(stream.GetBuffer().AsMemory(0, (int)stream.Length));
        JsonElement stored = _document.RootElement;
        // All else follows from the positions, so a difference there is the cause of others.
        JsonElement positions = _root.Get(Positions, JsonValueKind.Array).Value;
        string? difference = FirstDifference(positions, again.RootElement.GetProperty(Positions), Positions)
            ?? FirstDifference(stored, again.RootElement, "");
        if (difference is null) return;
        string device = _root.Text("device"), version = _root.Text("version");
        string origin = device == derived.Device && version == derived.Version ? ""
            : $" It was made by version {version} on {device}, this is {derived.Version} on {derived.Device}.";
        string cause = difference.StartsWith(Positions, StringComparison.Ordinal)
            ? $"Do not rely on it, unless it comes from a device that rounds otherwise: then {Remedy.AllowDifference}."
            : "Do not rely on it.";
        throw new CertificateMismatchException($"{Path}: {difference}.{origin} {cause}");
    }

    /// <summary>The stored probabilities where the computed ones are as near as the tolerance says.</summary>
    private TopTwo[] Adopt(TopTwo[] computed, double tolerance)
    {
        JsonElement rows = _root.Get(Positions, JsonValueKind.Array).Value;
        if (rows.GetArrayLength() != computed.Length) return computed;
        return [.. rows.EnumerateArray().Zip(computed, (row, ours) =>
        {
            TopTwo stored = new(row[3].GetInt32(), row[4].GetDouble(), row[5].GetInt32(), row[6].GetDouble());
            bool isNear = Math.Abs(stored.FirstProbability - ours.FirstProbability) <= tolerance
                && Math.Abs(stored.SecondProbability - ours.SecondProbability) <= tolerance;
            return isNear && stored.First == ours.First ? stored : ours;
        })];
    }

    private static string? FirstDifference(JsonElement stored, JsonElement derived, string place)
    {
        if (stored.ValueKind != derived.ValueKind) return Differ();
        switch (stored.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty property in derived.EnumerateObject())
                {
                    string name = place.Length == 0 ? property.Name : $"{place}.{property.Name}";
                    if (name is "version" or "device") continue;
                    if (!stored.TryGetProperty(property.Name, out JsonElement its)) return $"{name} is missing";
                    if (FirstDifference(its, property.Value, name) is { } difference) return difference;
                }
                foreach (JsonProperty property in stored.EnumerateObject())
                    if (!derived.TryGetProperty(property.Name, out _))
                        return $"{place}{(place.Length == 0 ? "" : ".")}{property.Name} should not be there";
                return null;
            case JsonValueKind.Array:
                int count = derived.GetArrayLength();
                if (stored.GetArrayLength() != count) return $"{place} has {stored.GetArrayLength()} entries, the files give {count}";
                bool isPosition = place.StartsWith(Positions + '[', StringComparison.Ordinal);
                foreach ((int i, (JsonElement its, JsonElement ours)) in stored.EnumerateArray().Zip(derived.EnumerateArray()).Index())
                {
                    string name = isPosition && i < CertificateFile.Columns.Count ? $"{place}.{CertificateFile.Columns[i]}"
                        : string.Create(CultureInfo.InvariantCulture, $"{place}[{i}]");
                    if (FirstDifference(its, ours, name) is { } difference) return difference;
                }
                return null;
            default:
                return stored.GetRawText() == derived.GetRawText()
                    || (stored.ValueKind == JsonValueKind.String && stored.ValueEquals(derived.GetString()))
                    ? null : Differ();
        }

        string Differ() => $"{place}: the certificate says {Show(stored)}, the files give {Show(derived)}";
    }

    private static string Show(JsonElement value)
    {
        const int MaxLength = 120;
        string text = value.GetRawText();
        return text.Length <= MaxLength ? text : text[..MaxLength] + "…";
    }

    private CertificateSource ReadSource(JsonPlace source) => new()
    {
        Base = Resolve(source.Text("base")),
        Tuned = Resolve(source.Text("tuned")),
        Ticket = Resolve(source.Text("ticket")),
        Data = string.Join(',', source.List("data").Select(part => Resolve(part.Text()))),
        Tokenizer = Resolve(source.Text("tokenizer")),
        Trained = source.TextOrNull("trained") is { } trained ? Resolve(trained) : null,
        Pairs = new()
        {
            SourceColumn = source.Integer("source_column"),
            TargetColumn = source.Integer("target_column"),
            SourceKey = source.TextOrNull("source_key"),
            TargetKey = source.TextOrNull("target_key"),
            SkipIncomplete = source.Truth("skip_incomplete"),
        },
        Template = source.Text("template_name") is var name && PromptTemplate.All.FirstOrDefault(form => form.Name == name) is { } form
            ? form : PromptTemplate.From(source.Text("template")),
        SourceLanguage = source.TextOrNull("source_language"),
        TargetLanguage = source.TextOrNull("target_language"),
        Limit = source.Integer("limit"),
        SkipsOverlong = source.Truth("skip_overlong"),
    };

    private static CertificateOptions ReadOptions(JsonPlace source) => new()
    {
        MicroBatchRows = source.Integer("micro_batch_rows"),
        Confidence = source.Get("confidence", JsonValueKind.Number).Real(),
        Alphas = [.. source.List("alphas").Select(alpha => alpha.Real())],
        StopIds = source.Has("stop_ids") ? [.. source.List("stop_ids").Select(id => (int)id.Integer(int.MinValue, int.MaxValue))] : [],
        StopTexts = source.Has("stop") ? [.. source.List("stop").Select(text => text.Text())] : [],
        ScoredTokens = (int?)source.IntegerOrNull("scored_tokens", int.MinValue, int.MaxValue),
    };

    private string Resolve(string path) => System.IO.Path.GetFullPath(path, _folder);
}

/// <summary>A certificate does not say what its files say, or its files are no longer those that it was made from.</summary>
/// <remarks>The message names the first difference, with both values or both fingerprints, and the next step.</remarks>
public sealed class CertificateMismatchException : Exception
{
    internal CertificateMismatchException(string message)
        : base(message)
    {
    }
}
