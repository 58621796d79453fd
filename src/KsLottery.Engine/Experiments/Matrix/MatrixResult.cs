using System.Globalization;
using System.Text;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Experiments;

/// <summary>A report card.</summary>
/// <param name="Plan">What was asked.</param>
/// <param name="Accuracies">How often the identifier takes held-out lines for another language, by language.</param>
/// <param name="Cells">Every model on every test, by model.</param>
/// <param name="Notes">What the reader should know, as whole sentences.</param>
public sealed record MatrixResult(MatrixPlan Plan, IReadOnlyList<LanguageAccuracy> Accuracies, IReadOnlyList<MatrixCell> Cells,
    IReadOnlyList<string> Notes)
{
    /// <summary>A line for each cell.</summary>
    public const string CellsName = "matrix.tsv";

    /// <summary>A line for each language: how sure the identifier is.</summary>
    public const string LanguagesName = "languages.tsv";

    /// <summary>All of it.</summary>
    public const string WholeName = "report-card.json";

    /// <summary>The cells put together by model and exposure.</summary>
    public IReadOnlyList<MatrixGroup> Groups => [.. MatrixGroup.Of(Cells)];

    /// <summary>Pairs that are tested in both directions, by model, the largest difference first.</summary>
    public IReadOnlyList<MatrixDirections> Directions =>
        [.. MatrixDirections.Of(Cells).GroupBy(d => d.Model).SelectMany(m => m.OrderByDescending(d => d.Difference))];

    /// <summary>What files call an exposure: <c>zero_shot_pair</c>.</summary>
    internal static string NameOf(PairExposure exposure) => JsonNamingPolicy.SnakeCaseLower.ConvertName(exposure.ToString());

    /// <summary>Writes the files into a folder.</summary>
    internal void Write(string folder, CancellationToken cancel)
    {
        StringBuilder cells = new("model\ttest\tsource_language\ttarget_language\texposure\tpairs\tchrf\tgain\tbleu_over_pieces"
            + "\toff_target\tdetermined\tmostly_in\tidentifier_error\toff_target_references\teos_rate\tmean_tokens\tloss\n");
        foreach (MatrixCell c in Cells)
            Add(cells, c.Model.Name, c.Test.Name, c.Test.Languages.Source, c.Test.Languages.Target, NameOf(c.Exposure), $"{c.Pairs}",
                Real(c.Scores.Chrf.Score), c.Gain is { } gain ? Real(gain) : "", Real(c.Scores.PieceBleu.Score), $"{c.Scores.OffTarget}",
                $"{c.Scores.Languages.Determined}", c.Scores.Languages.MostlyIn(c.Test.Languages.Target) ?? "",
                Real(c.Accuracy.ErrorRate), $"{c.ReferenceLanguages.OffTarget(c.Test.Languages.Target)}", Real(c.Scores.Summary.EosRate),
                Real(c.MeanTokens), Real(c.Loss));
        StringBuilder languages = new("language\tlines\theld_out\terrors\tmostly_taken_for\n");
        foreach (LanguageAccuracy a in Accuracies)
            Add(languages, a.Language, $"{a.Lines}", $"{a.HeldOut}", $"{a.Errors}", a.MostlyTakenFor ?? "");
        AtomicFile.WriteText(Path.Combine(folder, CellsName), cells.ToString(), cancel);
        AtomicFile.WriteText(Path.Combine(folder, LanguagesName), languages.ToString(), cancel);
        AtomicFile.Write(Path.Combine(folder, WholeName), stream =>
        {
            using (Utf8JsonWriter json = new(stream, JsonWriting.Layout))
            {
                json.WriteStartObject();
                WriteTo(json);
                json.WriteEndObject();
            }
            stream.WriteByte((byte)'\n');
        }, cancel);

        static void Add(StringBuilder text, params ReadOnlySpan<string?> cells) => text.AppendJoin('\t', cells).Append('\n');

        static string Real(double value) => value.ToString("R", CultureInfo.InvariantCulture);
    }

    /// <summary>Writes the properties of an object.</summary>
    internal void WriteTo(Utf8JsonWriter json)
    {
        json.WriteString("output", MatrixFile.NameOf(Plan.Form));
        json.WriteString("baseline", Plan.Baseline);
        json.WriteStartArray("languages");
        foreach (LanguageAccuracy a in Accuracies)
        {
            json.WriteStartObject();
            json.WriteString("name", a.Language);
            json.WriteNumber("lines", a.Lines);
            json.WriteNumber("held_out", a.HeldOut);
            json.WriteNumber("errors", a.Errors);
            json.WriteNumber("error_rate", a.ErrorRate);
            json.WriteString("mostly_taken_for", a.MostlyTakenFor);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("cells");
        foreach (MatrixCell cell in Cells) Write(json, cell);
        json.WriteEndArray();
        json.WriteStartArray("groups");
        foreach (MatrixGroup group in Groups)
        {
            json.WriteStartObject();
            json.WriteString("model", group.Model);
            json.WriteString("exposure", NameOf(group.Exposure));
            json.WriteNumber("cells", group.Cells);
            json.WriteNumber("mean_chrf", group.MeanChrf);
            json.WriteNumberOrNull("spread_of_chrf", group.SpreadOfChrf);
            json.WriteNumberOrNull("mean_gain", group.MeanGain);
            json.WriteNumberOrNull("off_target_rate", group.OffTargetRate);
            json.WriteNumber("eos_rate", group.EosRate);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("directions");
        foreach (MatrixDirections pair in Directions)
        {
            json.WriteStartObject();
            json.WriteString("model", pair.Model);
            json.WriteString("better", pair.Better.ToString());
            json.WriteNumber("value", pair.Value);
            json.WriteNumber("reverse", pair.Reverse);
            json.WriteNumber("difference", pair.Difference);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, MatrixCell cell)
    {
        (MatrixScores scores, string target) = (cell.Scores, cell.Test.Languages.Target);
        json.WriteStartObject();
        json.WriteString("model", cell.Model.Name);
        json.WriteString("test", cell.Test.Name);
        json.WriteString("source_language", cell.Test.Languages.Source);
        json.WriteString("target_language", target);
        json.WriteString("exposure", NameOf(cell.Exposure));
        json.WriteNumber("pairs", cell.Pairs);
        json.WriteNumber("skipped", cell.Skipped);
        json.WriteNumber("chrf", scores.Chrf.Score);
        json.WriteNumberOrNull("gain", cell.Gain);
        json.WriteNumber("bleu_over_pieces", scores.PieceBleu.Score);
        json.WriteNumber("off_target", scores.OffTarget);
        json.WriteNumberOrNull("off_target_rate", scores.OffTargetRate);
        json.WriteBoolean("is_off_target", cell.IsOffTarget);
        json.WriteNumber("identifier_error_rate", cell.Accuracy.ErrorRate);
        json.WriteNumber("off_target_references", cell.ReferenceLanguages.OffTarget(target));
        json.WriteStartObject("output_languages");
        foreach ((string language, int count) in scores.Languages.Counts) json.WriteNumber(language, count);
        json.WriteEndObject();
        json.WriteNumber("undetermined", scores.Languages.Undetermined);
        json.WriteNumber("eos_rate", scores.Summary.EosRate);
        json.WriteNumber("mean_tokens", cell.MeanTokens);
        json.WriteNumberOrNull("loss", cell.Loss);
        json.WriteString("chrf_signature", scores.Chrf.Signature);
        json.WriteString("bleu_signature", scores.PieceBleu.Signature);
        json.WriteEndObject();
    }
}
