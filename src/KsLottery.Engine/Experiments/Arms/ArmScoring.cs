using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Experiments;

/// <summary>Scores what an arm's folder holds, once: <c>scores.json</c> keeps the numbers, and what they depend on.</summary>
/// <remarks>It is written last, behind <c>hypotheses.txt</c> and <see cref="ArmSegments"/>.</remarks>
/// <param name="plan">How it is scored.</param>
/// <param name="operations">Where it is computed.</param>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="task">What it is scored on.</param>
/// <param name="suffix">What the files' names end with where one model is scored on several tasks.</param>
internal sealed class ArmScoring(ExperimentPlan plan, IOperations operations, Tokenizer tokenizer, TaskData task, string suffix = "")
{
    public const string ScoresName = "scores.json";

    private const string HypothesesName = "hypotheses.txt", Format = "kslottery-scores", CalibrationName = "calibration_error";

    /// <summary>The bins of the calibration error; null where it is not taken.</summary>
    public int? CalibrationBins { get; init; }

    /// <summary>Scores the folder's patch on the base, or its model, or the base itself where there is neither.</summary>
    public ArmOutcome Run(
        string folder, Checkpoint baseModel, string baseFingerprint, IProgress<EvaluationProgress>? progress, CancellationToken cancel)
    {
        string patchPath = Path.Combine(folder, TicketPatch.FileName), trainingPath = Path.Combine(folder, RunFolder.FileName);
        bool isPatch = File.Exists(patchPath), isModel = !isPatch && File.Exists(trainingPath);
        Dictionary<string, string> settings = new()
        {
            ["version"] = LibraryVersion.Current,
            ["device"] = operations.Name,
            ["base"] = baseFingerprint,
            // What was trained is decided by its settings, which stand in this file.
            ["model"] = isPatch ? Fingerprint.OfFile(patchPath, cancel) : isModel ? Fingerprint.OfFile(trainingPath, cancel) : "base",
            ["test"] = task.TestFingerprint,
            ["max_new_tokens"] = plan.MaxNewTokens.ToString(CultureInfo.InvariantCulture),
            ["beams"] = plan.Beams.ToString(CultureInfo.InvariantCulture),
            ["batch"] = plan.Slots.ToString(CultureInfo.InvariantCulture),
        };
        if (plan.StopIds.Count > 0) settings["stop_ids"] = string.Join(',', plan.StopIds);
        if (plan.StopTexts.Count > 0)
            settings["stop"] = JsonWriting.ArrayOf(plan.StopTexts);
        if (CalibrationBins is { } bins) settings["calibration_bins"] = bins.ToString(CultureInfo.InvariantCulture);
        string path = Place(ScoresName);
        if (File.Exists(path))
        {
            ArmOutcome known = Read(path, settings);
            if (File.Exists(Place(ArmSegments.FileName))) return known;
        }

        using Checkpoint? own = isModel ? Checkpoint.Open(folder) : null;
        Checkpoint checkpoint = own ?? baseModel;
        using LlamaWeights weights = LlamaWeights.Open(checkpoint, LlamaConfig.Load(checkpoint), operations);
        if (isPatch)
        {
            using TicketPatch patch = TicketPatch.Open(patchPath);
            PatchOverlay.Apply(patch, baseModel, weights, cancel);
        }
        using LlamaModel model = new(weights, operations);
        EvaluationResult result = Evaluator.Run(model, operations, tokenizer, task.Test, new()
        {
            Generation = StopTokens.Of(model.Config, tokenizer, plan.StopIds, plan.StopTexts)
                .ApplyTo(new() { MaxNewTokens = plan.MaxNewTokens, Beams = plan.Beams }),
            Slots = Math.Max(plan.Slots, plan.Beams),
            CalibrationBins = CalibrationBins,
        }, progress, cancel);
        ArmOutcome outcome = ArmOutcome.Of(result);
        AtomicFile.WriteText(Place(HypothesesName),
            string.Concat(result.Samples.Select(s => s.Output!.Value.Text.ReplaceLineEndings("\\n") + "\n")), cancel);
        ArmSegments.Of(result).Write(Place(ArmSegments.FileName), cancel);
        Write(path, settings, outcome, cancel);
        return outcome;

        string Place(string name) =>
            Path.Combine(folder, $"{Path.GetFileNameWithoutExtension(name)}{suffix}{Path.GetExtension(name)}");
    }

    private static void Write(string path, Dictionary<string, string> settings, ArmOutcome outcome, CancellationToken cancel) =>
        AtomicFile.Write(path, stream =>
        {
            using (Utf8JsonWriter json = new(stream, JsonWriting.Layout))
            {
                json.WriteStartObject();
                json.WriteString("format", Format);
                json.WriteNumber("format_version", 1);
                json.WriteStartObject("settings");
                foreach ((string name, string value) in settings) json.WriteString(name, value);
                json.WriteEndObject();
                json.WriteStartObject("scores");
                foreach ((string name, Func<ArmOutcome, double> get) in ArmOutcome.Columns) json.WriteNumber(name, get(outcome));
                if (outcome.CalibrationError is { } error) json.WriteNumber(CalibrationName, error);
                json.WriteEndObject();
                json.WriteEndObject();
            }
            stream.WriteByte((byte)'\n');
        }, cancel);

    private static ArmOutcome Read(string path, Dictionary<string, string> settings)
    {
        try
        {
            using JsonDocument document = JsonFile.Parse(path);
            JsonElement root = document.RootElement, scores = root.GetProperty("scores");
            if (root.GetProperty("format").GetString() == Format && root.GetProperty("format_version").GetInt32() == 1)
            {
                Dictionary<string, string> saved = root.GetProperty("settings").EnumerateObject()
                    .ToDictionary(s => s.Name, s => s.Value.GetString()!);
                RunSettings.ThrowIfDifferent(path, saved, settings);
                return ArmOutcome.From(name => scores.GetProperty(name).GetDouble()) with
                {
                    CalibrationError = scores.TryGetProperty(CalibrationName, out JsonElement error) ? error.GetDouble() : null,
                };
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException or FormatException) { }
        throw new InvalidDataException($"{path}: these are no scores that this version knows. Delete the file, and they are made again.");
    }
}
