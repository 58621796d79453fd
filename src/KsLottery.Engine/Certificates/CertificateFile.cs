using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Certificates;

/// <summary>Writes <c>certificate.json</c>: a certificate, the files it was made from, and every number of every position.</summary>
/// <remarks>
/// A JSON object of format version 1, in UTF-8; numbers are the shortest that read back the same. Paths are relative to the file's own
/// folder, so that it can move together with what it was made from. <see cref="StoredCertificate"/> derives every number again.
/// </remarks>
internal static class CertificateFile
{
    /// <summary>The default name.</summary>
    public const string FileName = "certificate.json";

    internal const string Format = "kslottery-certificate";
    internal const int FormatVersion = 1;

    /// <summary>The columns of a position, in the order of its array.</summary>
    internal static readonly IReadOnlyList<string> Columns =
        ["pair", "target", "label", "top1", "p1", "top2", "p2", "ticket_top1", "base_top1", "largest_h", "sum_h"];

    /// <summary>Writes the file whole or not at all.</summary>
    /// <param name="path">The target.</param>
    /// <param name="certificate">The certificate.</param>
    /// <param name="source">What it was made from.</param>
    /// <param name="inputs">The fingerprints of that.</param>
    /// <param name="options">How it was made.</param>
    /// <param name="folder">The folder that paths are relative to; null for that of the target.</param>
    /// <param name="cancellationToken">Looked at before the file takes its name.</param>
    /// <exception cref="IOException">The target cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static void Write(string path, Certificate certificate, CertificateSource source, IReadOnlyList<CertificateInput> inputs,
        CertificateOptions options, string? folder = null, CancellationToken cancellationToken = default)
    {
        folder ??= Path.GetDirectoryName(Path.GetFullPath(path))!;
        AtomicFile.Write(path, stream => WriteTo(stream, certificate, source, inputs, options, folder), cancellationToken);
    }

    internal static void WriteTo(Stream stream, Certificate certificate, CertificateSource source, IReadOnlyList<CertificateInput> inputs,
        CertificateOptions options, string folder)
    {
        using (Utf8JsonWriter json = new(stream, JsonWriting.Layout))
        {
            json.WriteStartObject();
            json.WriteString("format", Format);
            json.WriteNumber("format_version", FormatVersion);
            json.WriteString("version", certificate.Version);
            json.WriteString("device", certificate.Device);
            WriteSource(json, source, inputs, options, folder);
            WriteSummary(json, certificate);
            WritePositions(json, certificate);
            json.WriteEndObject();
        }
        stream.WriteByte((byte)'\n');
    }

    /// <summary>Writes all but the sources and the single positions into an object that the caller began.</summary>
    public static void WriteSummary(Utf8JsonWriter json, Certificate certificate)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(certificate);
        json.WriteString("certifies", Claims.Certified);
        json.WriteString("theory", Claims.Origin);
        json.WriteString("violation_means", Claims.Violation);
        json.WriteStartArray("assumptions");
        foreach (string assumption in Claims.Assumptions) json.WriteStringValue(assumption);
        if (Claims.Of(certificate.Mode) is { } more) json.WriteStringValue(more);
        if (certificate.Ticket.Origin.IsResized) json.WriteStringValue(Claims.Resized);
        json.WriteEndArray();

        json.WriteString("mode", NameOf(certificate.Mode));
        json.WriteString("tensor", JsonEncodedText.Encode(certificate.Ticket.Origin.Tensor));
        json.WriteNumber("rows", certificate.Ticket.Origin.Rows);
        json.WriteNumber("width", certificate.Width);
        json.WriteString("rows_read", certificate.ReadsAllRows ? "all: the output head is the input embedding"
            : "those of the tokens before a position");
        json.WriteString("base_fingerprint", certificate.Ticket.Origin.BaseFingerprint);
        json.WriteString("tuned_fingerprint", certificate.Ticket.Origin.TunedFingerprint);
        json.WriteString("ticket_signature", certificate.Ticket.Signature.ToString());
        json.WriteNumber("ticket_rows", certificate.Ticket.Entries.Count);
        json.WriteNumber("ticket_parameters", certificate.Ticket.Parameters);
        if (certificate.Ticket.Signature.IsByRank) json.WriteBoolean("by_rank", true);
        json.WriteNumber("alpha", certificate.Ticket.Selection.Alpha);
        json.WriteNumber("tau", certificate.Threshold);
        json.WriteNumber("critical_h", certificate.Ticket.CriticalCount);
        json.WriteNumber("largest_h_outside", certificate.LargestCountOutside);
        json.WriteNumber("rows_above_tau_outside", certificate.RowsAboveThreshold);

        json.WriteNumber("pairs", certificate.Pairs.Count);
        json.WriteNumber("pairs_left_out", certificate.LeftOut);
        json.WriteNumber("positions", certificate.Positions.Count);
        json.WriteStartObject("forms");
        foreach (FormResult result in certificate.Forms)
        {
            json.WriteStartObject(NameOf(result.Form));
            json.WriteString("condition", Claims.Of(result.Form));
            WriteForm(json, result, certificate.Positions.Count);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        Write(json, "agreement", certificate.Agreement);
        Write(json, "base_agreement", certificate.BaseAgreement);
        Write(json, "pair_agreement", certificate.PairAgreement);
        json.WriteNumber("tuned_right", certificate.TunedRight);
        json.WriteNumber("ticket_right", certificate.TicketRight);
        json.WriteNumber("base_right", certificate.BaseRight);
        WriteViolations(json, certificate);
        json.WriteStartArray("sweep");
        foreach (SweepPoint point in certificate.Sweep)
        {
            json.WriteStartObject();
            json.WriteNumber("alpha", point.Alpha);
            json.WriteNumber("tau", point.Threshold);
            json.WriteNumber("critical_h", point.CriticalCount);
            json.WriteNumber("ticket_rows", point.Rows);
            foreach (FormResult result in point.Forms)
            {
                json.WriteStartObject(NameOf(result.Form));
                WriteForm(json, result, certificate.Positions.Count);
                json.WriteEndObject();
            }
            Write(json, "agreement", point.Agreement);
            WriteScores(json, point.Scores);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteScores(json, certificate.TunedScores);
    }

    /// <summary><c>dataset</c>, <c>max</c> or <c>sum</c>.</summary>
    public static string NameOf(CertificateForm form) => form switch
    {
        CertificateForm.Dataset => "dataset",
        CertificateForm.Max => "max",
        _ => "sum",
    };

    /// <summary><c>transfer</c> or <c>tuned</c>.</summary>
    public static string NameOf(TicketMode mode) => mode == TicketMode.Transfer ? "transfer" : "tuned";

    private static void WriteSource(
        Utf8JsonWriter json, CertificateSource source, IReadOnlyList<CertificateInput> inputs, CertificateOptions options, string folder)
    {
        string Relative(string path) => Path.GetRelativePath(folder, Path.GetFullPath(path)).Replace(Path.DirectorySeparatorChar, '/');
        json.WriteStartObject("source");
        json.WriteString("base", Relative(source.Base));
        json.WriteString("tuned", Relative(source.Tuned));
        json.WriteString("ticket", Relative(source.Ticket));
        json.WriteStartArray("data");
        foreach (string part in File.Exists(source.Data) ? [source.Data] : source.Data.Split(',')) json.WriteStringValue(Relative(part));
        json.WriteEndArray();
        json.WriteString("tokenizer", Relative(source.Tokenizer));
        json.WriteString("trained", source.Trained is { } trained ? Relative(trained) : null);
        json.WriteNumber("source_column", source.Pairs.SourceColumn);
        json.WriteNumber("target_column", source.Pairs.TargetColumn);
        json.WriteString("source_key", source.Pairs.SourceKey);
        json.WriteString("target_key", source.Pairs.TargetKey);
        json.WriteBoolean("skip_incomplete", source.Pairs.SkipIncomplete);
        json.WriteString("template_name", source.Template.Name);
        json.WriteString("template", source.Template.Text);
        json.WriteString("source_language", source.SourceLanguage);
        json.WriteString("target_language", source.TargetLanguage);
        json.WriteNumber("limit", source.Limit);
        json.WriteBoolean("skip_overlong", source.SkipsOverlong);
        json.WriteNumber("micro_batch_rows", options.MicroBatchRows);
        json.WriteNumber("confidence", options.Confidence);
        json.WriteStartArray("alphas");
        foreach (double alpha in options.Alphas) json.WriteNumberValue(alpha);
        json.WriteEndArray();
        json.WriteNumberOrNull("scored_tokens", options.ScoredTokens);
        json.WriteStops(options.StopIds, options.StopTexts);
        json.WriteEndObject();
        json.WriteStartArray("files");
        foreach (CertificateInput input in inputs)
        {
            json.WriteStartObject();
            json.WriteString("role", input.Role);
            json.WriteString("path", Relative(input.Path));
            json.WriteString("fingerprint", input.Fingerprint);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteForm(Utf8JsonWriter json, FormResult result, int positions)
    {
        json.WriteNumber("certified", result.Certified);
        json.WriteNumber("certified_fraction", (double)result.Certified / positions);
        json.WriteNumber("certified_right", result.CertifiedRight);
        json.WriteNumber("certified_accuracy", (double)result.CertifiedRight / positions);
        json.WriteNumber("violations", result.Violations);
    }

    private static void Write(Utf8JsonWriter json, string name, Proportion proportion)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count", proportion.Count);
        json.WriteNumber("of", proportion.Total);
        json.WriteNumber("share", proportion.Share);
        json.WriteNumber("low", proportion.Interval.Low);
        json.WriteNumber("high", proportion.Interval.High);
        json.WriteEndObject();
    }

    private static void WriteViolations(Utf8JsonWriter json, Certificate certificate)
    {
        json.WriteStartArray("violations");
        foreach (CertificateForm form in Enum.GetValues<CertificateForm>())
        {
            foreach ((int index, CertifiedPosition position) in certificate.Violations(form))
            {
                json.WriteStartObject();
                json.WriteString("form", NameOf(form));
                json.WriteNumber("idx", index);
                json.WriteNumber("pair", position.Sample);
                json.WriteNumber("line", certificate.Pairs[position.Sample].Line);
                json.WriteNumber("target", position.Target);
                json.WriteNumber("predict", position.Tuned.First);
                json.WriteNumber("ticket_predict", position.TicketPrediction);
                json.WriteNumber("half_margin", position.Margin / 2);
                json.WriteNumber("bound", position.Bound(form, certificate.Threshold, certificate.Width));
                json.WriteEndObject();
            }
        }
        json.WriteEndArray();
    }

    private static void WriteScores(Utf8JsonWriter json, OutputScores? scores)
    {
        if (scores is null)
        {
            json.WriteNull("scores");
            return;
        }
        json.WriteStartObject("scores");
        foreach ((HypothesisForm form, CorpusScores of) in scores.All)
        {
            json.WriteStartObject(form switch { HypothesisForm.Raw => "raw", HypothesisForm.FirstLine => "first_line", _ => "response" });
            json.WriteNumber("bleu", of.Bleu.Score);
            json.WriteNumber("chrf", of.Chrf.Score);
            json.WriteNumber("exact_match_rate", of.ExactMatchRate);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void WritePositions(Utf8JsonWriter json, Certificate certificate)
    {
        json.WriteStartArray("pair_lines");
        foreach (KsLottery.Engine.Text.Corpora.SentencePair pair in certificate.Pairs) json.WriteNumberValue(pair.Line);
        json.WriteEndArray();
        json.WriteStartArray("position_columns");
        foreach (string column in Columns) json.WriteStringValue(column);
        json.WriteEndArray();
        json.WriteStartArray("position_rows");
        Span<char> line = stackalloc char[512];
        foreach (CertifiedPosition p in certificate.Positions)
        {
            // One line a position: with one line a number, 40,000 positions would take half a million.
            json.WriteRawValue(string.Create(System.Globalization.CultureInfo.InvariantCulture, line,
                $"\n    [{p.Sample},{p.Target},{p.Label},{p.Tuned.First},{p.Tuned.FirstProbability:R},{p.Tuned.Second},"
                + $"{p.Tuned.SecondProbability:R},{p.TicketPrediction},{p.BasePrediction},{p.LargestCount},{p.CountSum}]"));
            if (json.BytesPending > 1 << 16) json.Flush();
        }
        json.WriteEndArray();
    }
}
