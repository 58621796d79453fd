using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Cli;

/// <summary>Prints what <c>kslottery eval</c> found, as text or as JSON.</summary>
internal sealed class EvalReport(ConsoleUi ui)
{
    /// <summary>What ended the texts; null where a file is scored.</summary>
    public StopTokens? Stops { get; init; }

    /// <summary>Prints the scores of a file.</summary>
    public void Write(EvalOptions options, int lines, double meanCharacters, OutputScores scores)
    {
        WriteTable(scores);
        new FactList()
            .Add("lines", options.References.Count == 1 ? Sizes.Count(lines)
                : $"{Sizes.Count(lines)}, each with {Sizes.Count(options.References.Count, "reference")}")
            .Add("mean length", $"{NumberText.Fixed(meanCharacters, 1)} characters")
            .WriteTo(ui);
        ui.WriteLine();
        WriteSignatures(scores);
        ui.WriteJson(json =>
        {
            json.WriteString("hypotheses", options.Hypotheses);
            json.WriteStrings("references", options.References);
            json.WriteNumber("lines", lines);
            json.WriteNumberOrNull("mean_characters", meanCharacters);
            Write(json, scores);
        });
    }

    /// <summary>Prints how a model does.</summary>
    public void Write(EvalOptions options, LoadedModel loaded, EvaluationResult result, GenerationOptions? generation,
        int incomplete, int overlong, TimeSpan elapsed, IReadOnlyList<string> files)
    {
        string signature = Signature(options, loaded, generation);
        if (result.Scores is { } scores) WriteTable(scores);
        FactList facts = new();
        facts.Add("pairs",
            $"{Sizes.Count(result.Samples.Count)}{Also(incomplete, "incomplete")}{Also(overlong, "too long for the model")}");
        facts.Add("loss", $"{NumberText.Fixed(result.Loss, 4)} nats a token, over {Sizes.Count(result.TargetCount, "target token")}");
        facts.Add("perplexity", NumberText.Real(result.Perplexity));
        if (result.Calibration is { } calibration)
            facts.Add("calibration", $"error {NumberText.Percent(calibration.ExpectedError)} over {calibration.Bins.Count} bins, "
                + $"{NumberText.Percent(calibration.MaximumError)} at most: confidence {NumberText.Percent(calibration.Confidence)}, right "
                + NumberText.Percent(calibration.Accuracy));
        if (result.Summary is { } summary)
        {
            facts.Add("stops", $"{NumberText.Percent(summary.EosRate)} end by themselves, the others at "
                + $"{Sizes.Count(options.MaxNewTokens, "token")}");
            facts.Add("mean length", $"{NumberText.Fixed(summary.MeanCharacters, 1)} characters, "
                + $"{NumberText.Fixed(result.MeanTokens, 1)} tokens");
        }
        facts.Add("time", NumberText.Seconds(elapsed));
        if (files.Count > 0) facts.Add("written", $"{string.Join(", ", files)} in {ConsoleUi.OneLine(options.Out!)}");
        facts.WriteTo(ui);
        ui.WriteLine();
        ui.WriteLine(ConsoleUi.OneLine(signature));
        if (result.Scores is not null) WriteSignatures(result.Scores);
        ui.WriteJson(json =>
        {
            json.WriteString("model", options.Model!.Path);
            json.WriteString("patch", options.Model.Patch);
            if (options.Model.Adapter is { } adapter) json.WriteString("adapter", adapter);
            json.WriteString("data", options.Data);
            json.WriteNumber("pairs", result.Samples.Count);
            json.WriteNumber("incomplete", incomplete);
            json.WriteNumber("overlong", overlong);
            json.WriteNumberOrNull("loss", result.Loss);
            json.WriteNumberOrNull("perplexity", result.Perplexity);
            json.WriteNumber("target_tokens", result.TargetCount);
            if (result.Calibration is { } calibration) Write(json, calibration);
            json.WriteString("signature", signature);
            if (result is { Scores: { } scores, Summary: { } summary })
            {
                StopOptions.WriteJson(json, Stops!, loaded.Tokenizer);
                json.WriteNumber("eos_rate", summary.EosRate);
                json.WriteNumber("mean_characters", summary.MeanCharacters);
                json.WriteNumber("mean_tokens", result.MeanTokens);
                Write(json, scores);
            }
            json.WriteNumber("seconds", elapsed.TotalSeconds);
            json.WriteStrings("files", files.Select(file => Path.Combine(options.Out!, file)));
        });
    }

    /// <summary>What the result depends on beside model and data.</summary>
    private static string Signature(EvalOptions options, LoadedModel loaded, GenerationOptions? generation)
    {
        string patch = loaded.Patched ?? "no";
        string adapter = loaded.Adapter is null ? "" : $"|adapter:{loaded.Adapter.Kind},{loaded.Adapter.WeightsFingerprint}";
        string prompt = $"template:{options.Prompt.TemplateOrAlpaca.Name}|patch:{patch}{adapter}";
        if (generation is null) return $"loss|{prompt}";
        string search = generation.Beams == 1 ? "greedy" : string.Create(CultureInfo.InvariantCulture, $"beams:{generation.Beams}");
        string stop = string.Join(',', generation.EosIds.Select(id => id.ToString(CultureInfo.InvariantCulture))
            .Concat((generation.StopTexts?.Texts ?? []).Select(text => $"\"{JsonEncodedText.Encode(text)}\"")));
        return string.Create(CultureInfo.InvariantCulture, $"{search}|new:{generation.MaxNewTokens}|stop:{stop}|{prompt}");
    }

    private void WriteTable(OutputScores scores)
    {
        bool hasPieces = scores.Raw.PieceBleu is not null;
        TextTable table = new([.. (string[])["output", ">BLEU", .. hasPieces ? (string[])[">spBLEU"] : [], ">chrF", ">chrF++", ">exact"]]);
        foreach ((HypothesisForm form, CorpusScores s) in scores.All)
        {
            string name = form switch { HypothesisForm.Raw => "raw", HypothesisForm.FirstLine => "first line", _ => "response" };
            table.Add([name, Two(s.Bleu.Score),
                .. s.PieceBleu is { } pieces ? (string[])[Two(pieces.Score)] : [], Two(s.Chrf.Score), Two(s.ChrfPlusPlus.Score),
                NumberText.Percent(s.ExactMatchRate)]);
        }
        ui.Write(table);
        ui.WriteLine();
    }

    private void WriteSignatures(OutputScores scores)
    {
        CorpusScores raw = scores.Raw;
        string?[] signatures = [raw.Bleu.Signature, raw.PieceBleu?.Signature, raw.Chrf.Signature, raw.ChrfPlusPlus.Signature];
        foreach (string? signature in signatures)
            if (signature is not null) ui.WriteLine(ConsoleUi.OneLine(signature));
    }

    private static void Write(Utf8JsonWriter json, OutputScores scores)
    {
        json.WriteStartObject("scores");
        foreach ((HypothesisForm form, CorpusScores s) in scores.All)
        {
            json.WriteStartObject(form switch { HypothesisForm.Raw => "raw", HypothesisForm.FirstLine => "first_line", _ => "response" });
            json.WriteNumber("bleu", s.Bleu.Score);
            if (s.PieceBleu is { } pieces) json.WriteNumber("spbleu", pieces.Score);
            json.WriteNumber("chrf", s.Chrf.Score);
            json.WriteNumber("chrf_plus_plus", s.ChrfPlusPlus.Score);
            json.WriteNumber("exact_match_rate", s.ExactMatchRate);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteStartObject("signatures");
        json.WriteString("bleu", scores.Raw.Bleu.Signature);
        if (scores.Raw.PieceBleu is { } pieceBleu) json.WriteString("spbleu", pieceBleu.Signature);
        json.WriteString("chrf", scores.Raw.Chrf.Signature);
        json.WriteString("chrf_plus_plus", scores.Raw.ChrfPlusPlus.Signature);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Calibration calibration)
    {
        json.WriteStartObject("calibration");
        json.WriteNumber("expected_error", calibration.ExpectedError);
        json.WriteNumber("maximum_error", calibration.MaximumError);
        json.WriteNumber("confidence", calibration.Confidence);
        json.WriteNumber("accuracy", calibration.Accuracy);
        json.WriteStartArray("bins");
        foreach (CalibrationBin bin in calibration.Bins)
        {
            json.WriteStartObject();
            json.WriteNumber("from", bin.From);
            json.WriteNumber("to", bin.To);
            json.WriteNumber("count", bin.Count);
            json.WriteNumberOrNull("confidence", bin.Confidence);
            json.WriteNumberOrNull("accuracy", bin.Accuracy);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Two(double score) => NumberText.Fixed(score, 2);

    private static string Also(int count, string what) => count == 0 ? "" : $"; {Sizes.Count(count)} {what} left out";
}
