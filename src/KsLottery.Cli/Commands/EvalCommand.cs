using System.CommandLine;
using System.Diagnostics;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Cli;

/// <summary><c>kslottery eval</c>: how well a model translates, and how well it stops.</summary>
internal static class EvalCommand
{
    public static Command Create()
    {
        Command command = new("eval", "Scores a model on sentence pairs: loss, BLEU, chrF and exact matches of all that it writes "
            + "and of its first line.");
        EvalOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) =>
        {
            EvalOptions options = EvalOptions.From(arguments);
            if (options.Matrix is { } matrix)
            {
                MatrixCommand.Run(matrix, options.Out!, options.Resume, options.Device, ui, cancel);
                return ExitCode.Ok;
            }
            ITextTokenizer? pieces = options.Spm is null ? null : PieceTokenizers.Open(options.Spm);
            if (options.Model is null) ScoreFiles(options, pieces, ui);
            else Run(options, options.Model, pieces, ui, cancel);
            return ExitCode.Ok;
        });
        return command;
    }

    private static void ScoreFiles(EvalOptions options, ITextTokenizer? pieces, ConsoleUi ui)
    {
        IReadOnlyList<string> hypotheses = SegmentFile.Read(options.Hypotheses);
        IReadOnlyList<string>[] references = [.. options.References.Select(SegmentFile.Read)];
        foreach ((string path, IReadOnlyList<string> lines) in options.References.Zip(references))
            if (hypotheses.Count != lines.Count || hypotheses.Count == 0)
                throw new InvalidDataException($"{options.Hypotheses} has {Sizes.Count(hypotheses.Count, "line")} and {path} has "
                    + $"{Sizes.Count(lines.Count)}: they must have equally many, one at least. Give the references of these hypotheses.");
        GenerationSummary summary = GenerationSummary.Of([.. hypotheses.Select(text => new GeneratedText(text, false))]);
        new EvalReport(ui).Write(options, hypotheses.Count, summary.MeanCharacters, OutputScores.Of(hypotheses, references, pieces));
    }

    private static void Run(EvalOptions options, ModelOptions modelOptions, ITextTokenizer? pieces, ConsoleUi ui, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        EvaluationFiles? files = options.Out is null ? null : new(options.Out);
        using LoadedModel loaded = new(modelOptions, ui, cancel);
        ParallelText text = ParallelText.Read(options.Data, options.Pairs);
        SampleSet samples = Encode(options, loaded, text);
        LoadedModel.RemarkOnDoubled(samples.Samples[0].Tokens, loaded.Tokenizer, ui);
        if (options.Between is { } other)
        {
            PathReport.Write(ui, options, FollowPath(options, other, loaded, samples, ui, cancel), samples);
            return;
        }
        StopTokens stops = options.Stops.Of(loaded.Model.Config, loaded.Tokenizer);
        GenerationOptions? generation = !options.Generates ? null
            : stops.ApplyTo(new() { Beams = options.Beams, MaxNewTokens = options.MaxNewTokens });
        if (options.Generates) StopOptions.Remark(ui, stops, loaded.Tokenizer);
        EvaluationOptions how = new()
        {
            Generation = generation,
            Slots = Math.Max(options.Batch, options.Beams),
            Pieces = pieces,
            CalibrationBins = options.Calibrates ? Calibration.DefaultBins : null,
        };
        EvaluationResult result;
        using (ProgressLine line = ui.StartProgress())
            result = Evaluator.Run(loaded.Model, loaded.Operations, loaded.Tokenizer, samples.Samples, how,
                line.Of<EvaluationProgress>(value => Describe(value, started)), cancel);
        IReadOnlyList<string> written = files?.Write(result, cancel) ?? [];
        new EvalReport(ui) { Stops = stops }.Write(options, loaded, result, generation, text.SkippedCount, samples.SkippedCount,
            Stopwatch.GetElapsedTime(started), written);
    }

    private static LinearPath FollowPath(EvalOptions options, string other, LoadedModel loaded, SampleSet samples, ConsoleUi ui,
        CancellationToken cancel)
    {
        using Checkpoint second = Reading.Open(other, options.Model!.Reading, ui);
        using ProgressLine line = ui.StartProgress();
        int done = 0;
        return LinearPath.Of(loaded.Model, loaded.Checkpoint, second, options.Points, () =>
        {
            line.Report(() => $"loss at point {Sizes.Count(done + 1)} of {Sizes.Count(options.Points)}");
            return Evaluator.MeanLoss(loaded.Model, samples.Sequences, cancellationToken: cancel);
        }, _ => done++, cancel);
    }

    private static SampleSet Encode(EvalOptions options, LoadedModel loaded, ParallelText text)
    {
        int capacity = loaded.Model.Config.MaxLength;
        SampleEncoder encoder = new(loaded.Tokenizer, loaded.Model.Config.VocabularySize, capacity,
            options.SkipOverlong ? OverlongSamples.Skip : OverlongSamples.Fail);
        SampleSet samples = encoder.Encode(text.Take(options.Limit), options.Prompt.TemplateOrAlpaca, options.Prompt.SourceLanguage,
            options.Prompt.TargetLanguage);
        if (options.Generates) samples = samples.LeaveRoom(options.MaxNewTokens, capacity, options.SkipOverlong);
        return samples.Samples.Count > 0 ? samples : throw new InvalidDataException(
            $"{options.Data}: the model has room for none of the {Sizes.Count(samples.SkippedCount, "pair")}, it was made for "
            + $"{Sizes.Count(capacity)} tokens. Ask for fewer new tokens, or choose a shorter template.");
    }

    /// <summary>How far an evaluation is, in words.</summary>
    public static string Describe(EvaluationProgress value) => value.LossCount < value.SampleCount
        ? $"loss of {Sizes.Count(value.LossCount)} of {Sizes.Count(value.SampleCount)} pairs"
        : $"text for {Sizes.Count(value.TextCount)} of {Sizes.Count(value.SampleCount)} pairs, {Sizes.Count(value.NewTokens)} tokens";

    private static string Describe(EvaluationProgress value, long started) => Describe(value)
        + (value.LossCount < value.SampleCount ? "" : $", {NumberText.Seconds(Stopwatch.GetElapsedTime(started))}");
}
