using System.Text;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Scoring;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Evaluation;

/// <summary>Evaluates a model on sentence pairs: its loss on the targets, and what it writes itself.</summary>
public static class Evaluator
{
    /// <summary>Evaluates.</summary>
    /// <param name="model">The model.</param>
    /// <param name="operations">Its device.</param>
    /// <param name="tokenizer">Its tokenizer, which encoded the samples.</param>
    /// <param name="samples">The pairs in tokens, at least one; see <see cref="SampleSet.LeaveRoom"/>.</param>
    /// <param name="options">How; only the loss where left out.</param>
    /// <param name="progress">Reports every batch and pass, on the caller's thread.</param>
    /// <param name="cancellationToken">Stops between passes.</param>
    /// <exception cref="ArgumentException">There are no samples, or a sample or an option is outside its range.</exception>
    /// <exception cref="Checkpoints.CheckpointFormatException">A weight is NaN or infinite; names the tensor and the row.</exception>
    /// <exception cref="NotFiniteNumberException">The model's logits are NaN or infinite although its weights are not.</exception>
    /// <exception cref="OperationCanceledException">The evaluation was cancelled.</exception>
    public static EvaluationResult Run(LlamaModel model, IOperations operations, Tokenizer tokenizer, IReadOnlyList<TrainingSample> samples,
        EvaluationOptions? options = null, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(operations);
        ArgumentNullException.ThrowIfNull(tokenizer);
        options ??= new();
        EvaluatedSample[] evaluated = Losses(model, samples, options, progress, cancellationToken);
        long targets = evaluated.Sum(sample => (long)sample.TargetCount);
        EvaluationResult result = new()
        {
            Loss = evaluated.Sum(sample => sample.Loss) / targets,
            TargetCount = targets,
            Calibration = options.CalibrationBins is { } bins ? Calibrate(model, samples, bins, options, cancellationToken) : null,
            Samples = evaluated
        };
        if (options.Generation is null) return result;

        Generate(model, operations, tokenizer, samples, options, evaluated, progress, cancellationToken);
        GeneratedText[] texts = [.. evaluated.Select(sample => sample.Output!.Value)];
        return result with
        {
            Scores = OutputScores.Of([.. texts.Select(text => text.Text)], [.. samples.Select(sample => sample.Pair.Target)],
                options.Pieces),
            Summary = GenerationSummary.Of(texts),
            MeanTokens = evaluated.Average(sample => (double)sample.Tokens.Count),
        };
    }

    /// <summary>The mean loss of a token of some sequences, in nats.</summary>
    /// <param name="model">The model.</param>
    /// <param name="sequences">The sequences, at least one.</param>
    /// <param name="microBatchRows">The most rows that losses are computed of at once, unless a single sequence has more.</param>
    /// <param name="progress">Reports how many sequences are done.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    /// <exception cref="ArgumentException">There are no sequences, or a token is outside the vocabulary.</exception>
    /// <exception cref="NotFiniteNumberException">The loss is NaN or infinite although the weights are not.</exception>
    /// <exception cref="OperationCanceledException">The evaluation was cancelled.</exception>
    public static double MeanLoss(LlamaModel model, IReadOnlyList<TokenSequence> sequences, int microBatchRows = 1024,
        IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        double loss = 0;
        long targets = 0;
        int done = 0;
        foreach (TokenBatch batch in BatchSchedule.Pack(sequences, microBatchRows))
        {
            cancellationToken.ThrowIfCancellationRequested();
            loss += model.Loss(batch);
            targets += batch.TargetCount;
            progress?.Report(done += batch.SequenceCount);
        }
        return double.IsFinite(loss) ? loss / targets : throw model.NotFinite("The loss");
    }

    private static EvaluatedSample[] Losses(LlamaModel model, IReadOnlyList<TrainingSample> samples, EvaluationOptions options,
        IProgress<EvaluationProgress>? progress, CancellationToken cancellationToken)
    {
        EvaluatedSample[] evaluated = new EvaluatedSample[samples.Count];
        int done = 0;
        foreach (TokenBatch batch in BatchSchedule.Pack([.. samples.Select(sample => sample.Sequence)], options.MicroBatchRows))
        {
            cancellationToken.ThrowIfCancellationRequested();
            float[] losses = model.Losses(batch);
            for (int s = 0; s < batch.SequenceCount; s++, done++)
            {
                double loss = 0;
                for (int row = batch.Starts[s]; row < batch.Starts[s + 1]; row++) loss += losses[row];
                if (!double.IsFinite(loss)) throw model.NotFinite($"The loss of pair {done + 1}");
                TrainingSample sample = samples[done];
                evaluated[done] = new(sample.Pair, loss, sample.Tokens.Length - sample.PromptLength);
            }
            progress?.Report(new(done, 0, samples.Count, 0));
        }
        return evaluated;
    }

    private static Calibration Calibrate(LlamaModel model, IReadOnlyList<TrainingSample> samples, int bins, EvaluationOptions options,
        CancellationToken cancellationToken)
    {
        Calibration calibration = new(bins);
        foreach (TokenBatch batch in BatchSchedule.Pack([.. samples.Select(sample => sample.Sequence)], options.MicroBatchRows))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach ((TopTwo likeliest, int target) in model.TopTwo(batch).Zip(batch.Targets.Where(t => t != TokenBatch.NoTarget)))
                calibration.Add(likeliest.FirstProbability, likeliest.First == target);
        }
        return calibration;
    }

    private static void Generate(LlamaModel model, IOperations operations, Tokenizer tokenizer, IReadOnlyList<TrainingSample> samples,
        EvaluationOptions options, EvaluatedSample[] evaluated, IProgress<EvaluationProgress>? progress,
            CancellationToken cancellationToken)
    {
        int[][] prompts = [.. samples.Select(sample => sample.Tokens[..sample.PromptLength])];
        int capacity = (int)Math.Min(model.Config.MaxLength, prompts.Max(prompt => prompt.Length) + (long)options.Generation!.MaxNewTokens);
        using LlamaDecoder decoder = new(model, operations, options.Slots, capacity);
        IReadOnlyList<Generated> texts = Generator.Generate(decoder, prompts, options.Generation,
            progress is null ? null : new ProgressRelay<GenerationProgress>(Pass), cancellationToken);
        for (int i = 0; i < texts.Count; i++)
        {
            byte[] written = tokenizer.DecodeContinuation(prompts[i], texts[i].Tokens);
            string text = Encoding.UTF8.GetString(options.Generation.StopTexts is { } stops ? stops.Cut(written) : written);
            evaluated[i] = evaluated[i] with { Output = new(text, texts[i].StoppedAtEos), Tokens = texts[i].Tokens };
        }

        void Pass(GenerationProgress value) =>
            progress!.Report(new(value.PromptCount, value.PromptsDone, value.PromptCount, value.TokensDone));
    }
}
