using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Scoring;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Experiments;

/// <summary>How far a report card has come.</summary>
/// <param name="Cell">The cell that is worked on, from 1.</param>
/// <param name="CellCount">How many there are.</param>
/// <param name="Model">Its model's name.</param>
/// <param name="Test">Its test's name.</param>
/// <param name="Evaluation">How far it is.</param>
public readonly record struct MatrixProgress(int Cell, int CellCount, string Model, string Test, EvaluationProgress Evaluation);

/// <summary>Makes a report card: every model on every test.</summary>
/// <remarks>
/// Each cell has a folder, <c>MODEL/TEST</c>, with <c>outputs.json</c> and <c>hypotheses.txt</c>. What stands there and has the same
/// settings is not written again, so that a run can be cut short at any moment, and given models, tests or other texts of the languages
/// later; what has other settings is refused. <c>matrix.tsv</c>, <c>languages.tsv</c> and <c>report-card.json</c> hold the whole result.
/// </remarks>
public static class MatrixRun
{
    private const string HypothesesName = "hypotheses.txt";

    /// <summary>Runs what is not done yet.</summary>
    /// <param name="plan">The report card.</param>
    /// <param name="folder">Where it goes.</param>
    /// <param name="device">Where models are computed.</param>
    /// <param name="progress">Reports every batch and pass.</param>
    /// <param name="cancellationToken">Stops between passes; finished cells stay for the next run.</param>
    /// <exception cref="InvalidDataException">Texts, pairs or references are damaged or do not fit each other or a model, or what stands in
    /// the folder has other settings.</exception>
    /// <exception cref="ArgumentException">A text of a language is too short, or the template or the tokenizer does not fit.</exception>
    /// <exception cref="IOException">A file is absent or cannot be read or written.</exception>
    /// <exception cref="Transfer.PatchMismatchException">A checkpoint is not the base of a patch.</exception>
    /// <exception cref="NotSupportedException">A model is not computed here, or two patches of one change the same tensor.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; a run of the same plan in the same folder goes on.</exception>
    public static MatrixResult Run(MatrixPlan plan, string folder, ComputeDevice device, IProgress<MatrixProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(device);
        LanguageIdentifier identifier = LanguageIdentifier.Train(
            [.. plan.Languages.Select(l => (l.Name, PlainText.Read(l.Text)))], cancellationToken);
        MatrixTestData[] tests = [.. plan.Tests.Select(t => MatrixTestData.Read(t, plan.Limit))];
        List<MatrixCell> cells = [];
        List<string> notes = [];
        int count = plan.Models.Count * tests.Length;
        foreach (MatrixModel model in plan.Models)
        {
            using MatrixSource source = new(model, plan, device);
            foreach (MatrixTestData test in tests)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int cell = cells.Count + 1;
                cells.Add(Run(source, test, identifier, plan, folder, progress is null ? null
                    : new ProgressRelay<EvaluationProgress>(value => progress.Report(new(cell, count, model.Name, test.Test.Name, value))),
                    cancellationToken));
            }
            notes.AddRange(source.Notes);
        }
        MatrixResult result = new(plan, identifier.Accuracies, WithGains(cells, plan.Baseline), [.. notes.Distinct()]);
        result.Write(folder, cancellationToken);
        return result;
    }

    private static MatrixCell Run(MatrixSource source, MatrixTestData test, LanguageIdentifier identifier, MatrixPlan plan, string root,
        IProgress<EvaluationProgress>? progress, CancellationToken cancel)
    {
        SampleSet samples = source.Encode(test);
        string folder = Path.Combine(root, source.Model.Slug, test.Test.Slug), path = Path.Combine(folder, MatrixOutputs.FileName);
        Dictionary<string, string> settings = SettingsOf(source, samples, plan, cancel);
        MatrixOutputs outputs;
        if (File.Exists(path)) outputs = MatrixOutputs.Read(path, settings);
        else
        {
            EvaluationResult result = source.Evaluate(samples.Samples, progress, cancel);
            outputs = MatrixOutputs.Of(result);
            Directory.CreateDirectory(folder);
            AtomicFile.WriteText(Path.Combine(folder, HypothesesName),
                string.Concat(outputs.Texts.Select(t => t.Text.ReplaceLineEndings(" ") + "\n")), cancel);
            outputs.Write(path, settings, cancel);
        }
        IReadOnlyList<IReadOnlyList<string>> references = test.ReferencesOf(samples);
        string target = test.Test.Languages.Target;
        return new()
        {
            Model = source.Model,
            Test = test.Test,
            Pairs = samples.Samples.Count,
            Skipped = samples.SkippedCount,
            Loss = outputs.Loss,
            MeanTokens = outputs.MeanTokens,
            Scores = MatrixScores.Of(outputs.Texts, references, source.Pieces, identifier, target, plan.Form),
            ReferenceLanguages = identifier.Count(references[0]),
            Accuracy = identifier.Accuracies.First(a => a.Language == target),
        };
    }

    private static Dictionary<string, string> SettingsOf(MatrixSource source, SampleSet samples, MatrixPlan plan, CancellationToken cancel)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        Dictionary<string, string> settings = new()
        {
            ["version"] = LibraryVersion.Current,
            ["device"] = source.DeviceName,
            ["model"] = source.TakeFingerprint(cancel),
            ["test"] = TrainingSession.FingerprintOf(samples.Sequences),
            ["max_new_tokens"] = plan.MaxNewTokens.ToString(invariant),
            ["beams"] = plan.Beams.ToString(invariant),
            ["batch"] = plan.Slots.ToString(invariant),
        };
        if (plan.StopIds.Count > 0) settings["stop_ids"] = string.Join(',', plan.StopIds);
        if (plan.StopTexts.Count > 0) settings["stop"] = JsonWriting.ArrayOf(plan.StopTexts);
        return settings;
    }

    private static List<MatrixCell> WithGains(List<MatrixCell> cells, string? baseline) => baseline is null ? cells
        : [.. cells.Select(cell => cell with
        {
            Gain = cell.Scores.Chrf.Score - cells.First(c => c.Model.Name == baseline && c.Test == cell.Test).Scores.Chrf.Score,
        })];
}
