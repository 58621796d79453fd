using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Scoring;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Certificates;

/// <summary>Makes certificates: runs the embed-tuned model, the base and the ticket model over targets whose right beginnings are
/// given.</summary>
/// <remarks>
/// One model is open at a time, and logits exist for some rows only. The same files, options and device give the same numbers, with any
/// number of threads. For one thread.
/// </remarks>
public sealed class Certifier
{
    private readonly TicketSubject _subject;
    private readonly Tokenizer _tokenizer;
    private readonly IReadOnlyList<TrainingSample> _samples;
    private readonly IReadOnlyList<TokenBatch> _batches;
    private readonly IOperations _operations;
    private readonly CertificateOptions _options;
    private readonly IProgress<CertificateProgress>? _progress;
    private readonly CancellationToken _cancel;

    private Certifier(TicketSubject subject, Tokenizer tokenizer, IReadOnlyList<TrainingSample> samples, IOperations operations,
        CertificateOptions options, IProgress<CertificateProgress>? progress, CancellationToken cancel)
    {
        (_subject, _tokenizer, _samples, _operations, _options, _progress, _cancel) =
            (subject, tokenizer, samples, operations, options, progress, cancel);
        _batches = BatchSchedule.Pack([.. samples.Select(sample => sample.Sequence)], options.MicroBatchRows);
    }

    /// <summary>Makes a certificate.</summary>
    /// <param name="source">The files, and how the data are read.</param>
    /// <param name="operations">The device.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Reports every batch, on the caller's thread.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    /// <exception cref="TicketMismatchException">The ticket was found between other tensors, or holds other rows than its level
    /// selects.</exception>
    /// <exception cref="InvalidDataException">
    /// The models differ in shape or outside the embedding, the tokenizer does not fit, the trained rows are not the ticket's, or a pair is
    /// incomplete or too long.
    /// </exception>
    /// <exception cref="CheckpointFormatException">A checkpoint is damaged, or is no model of the LLaMA type.</exception>
    /// <exception cref="IOException">A file is absent or cannot be read.</exception>
    /// <exception cref="ArgumentException">The template needs a language, or the tokenizer has no end token.</exception>
    /// <exception cref="NotFiniteNumberException">A model's logits are NaN or infinite although its weights are not.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static Certificate Run(CertificateSource source, IOperations operations, CertificateOptions? options = null,
        IProgress<CertificateProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Run(source, operations, options ?? new(), adopt: null, progress, cancellationToken);

    /// <summary>The same; <c>adopt</c> may put probabilities in place of those computed, where stored ones are as good.</summary>
    internal static Certificate Run(CertificateSource source, IOperations operations, CertificateOptions options,
        Func<TopTwo[], TopTwo[]>? adopt, IProgress<CertificateProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(operations);
        using Checkpoint original = Checkpoint.Open(source.Base, options.Reading), tuned = Checkpoint.Open(source.Tuned, options.Reading);
        progress?.Report(new("comparing the models", 0, 0));
        TicketSubject subject = TicketSubject.Open(original, tuned, source.Ticket, options.Rows, cancellationToken);
        Tokenizer tokenizer = Tokenizer.Open(source.Tokenizer);
        subject.ThrowIfUnfit(tokenizer);
        SampleSet samples = source.ReadSamples(tokenizer, subject.Config);
        Certifier certifier = new(subject, tokenizer, samples.Samples, operations, options, progress, cancellationToken);
        return certifier.Run(source.Trained, adopt) with { LeftOut = samples.SkippedCount };
    }

    private Certificate Run(string? trained, Func<TopTwo[], TopTwo[]>? adopt)
    {
        Ticket ticket = _subject.Ticket;
        int width = ticket.Origin.Width;
        WideRows none = _subject.Transfer(IndexSet.Empty(ticket.Origin.Rows)), own = trained is null ? _subject.Transfer(ticket.Ids)
            : _subject.ReadTrained(trained, _options.Reading, _cancel);
        OutputScores? tunedScores = null;
        TopTwo[] tuned = Predict("embed-tuned model", (_subject.Tuned, none), model =>
            tunedScores = Score(model, "embed-tuned model"));
        if (adopt is not null) tuned = adopt(tuned);
        int[] original = Firsts("base", none), ofTicket = own.Rows.Count == 0 ? original : Firsts("ticket model", own);

        ReadRows reads = new(_subject.Rows.Scan, ticket.Ids, _subject.Config.IsTied);
        double threshold = Certificate.ThresholdOf(ticket.Selection.Alpha, width);
        CertifiedPosition[] positions = Positions(reads, tuned, ofTicket, original);
        return new()
        {
            Mode = trained is null ? TicketMode.Transfer : TicketMode.Tuned,
            Ticket = ticket,
            ReadsAllRows = _subject.Config.IsTied,
            Threshold = threshold,
            LargestCountOutside = reads.LargestOfAll,
            RowsAboveThreshold = reads.CountAbove(threshold * width),
            Pairs = [.. _samples.Select(sample => sample.Pair)],
            LeftOut = 0,
            Positions = positions,
            Confidence = _options.Confidence,
            Sweep = Sweep(tuned, original, trained is null ? ofTicket : null),
            TunedScores = tunedScores,
            Device = _operations.Name,
        };
    }

    /// <summary>The tickets of all alphas; equal ones are run once.</summary>
    private List<SweepPoint> Sweep(TopTwo[] tuned, int[] original, int[]? ofTicket)
    {
        List<SweepPoint> points = [];
        IndexSet? last = null;
        int[] lastPredictions = [];
        OutputScores? lastScores = null;
        foreach (double alpha in _options.Alphas)
        {
            ScoredRows rows = new(_subject.Rows.Scan, new BelowAlpha(_subject.Ticket.Selection) { Alpha = alpha });
            IndexSet ids = rows.SelectBelowAlpha();
            if (!ids.Equals(last))
            {
                string name = FormattableString.Invariant($"alpha {alpha}, {ids.Count} rows");
                bool isKnown = _options.ScoredTokens is null
                    && (ids.Count == 0 || (ofTicket is not null && ids.Equals(_subject.Ticket.Ids)));
                if (isKnown) lastPredictions = ids.Count == 0 ? original : ofTicket!;
                else
                    lastPredictions = [.. Predict(name, _subject.Place(_subject.Transfer(ids)), model =>
                        lastScores = Score(model, name)).Select(p => p.First)];
                last = ids;
            }
            double threshold = Certificate.ThresholdOf(alpha, _subject.Ticket.Origin.Width);
            CertifiedPosition[] positions = Positions(new(_subject.Rows.Scan, ids, _subject.Config.IsTied), tuned,
                lastPredictions, original);
            points.Add(new(alpha, threshold, rows.CriticalCount, (int)ids.Count,
                FormResult.Of(positions, threshold, _subject.Ticket.Origin.Width),
                Proportion.Of(positions.Count(p => p.Agrees), positions.Length, _options.Confidence))
            {
                Scores = lastScores,
            });
        }
        return points;
    }

    private CertifiedPosition[] Positions(ReadRows reads, TopTwo[] tuned, int[] ofTicket, int[] original)
    {
        CertifiedPosition[] positions = new CertifiedPosition[tuned.Length];
        int sample = 0, done = 0, target = 0;
        foreach ((int largest, long sum) in _batches.SelectMany(reads.Of))
        {
            TrainingSample of = _samples[sample];
            positions[done] = new(sample, target, of.Tokens[of.PromptLength + target], tuned[done], ofTicket[done],
                original[done], largest, sum);
            done++;
            if (of.PromptLength + ++target < of.Tokens.Length) continue;
            sample++;
            target = 0;
        }
        return positions;
    }

    private int[] Firsts(string name, WideRows rows) => [.. Predict(name, _subject.Place(rows)).Select(p => p.First)];

    /// <summary>What a model predicts at every target position, with some rows of its embedding replaced.</summary>
    private TopTwo[] Predict(string name, (Checkpoint Checkpoint, WideRows Rows) of, Action<LlamaModel>? then = null)
    {
        using LlamaWeights weights = LlamaWeights.Open(of.Checkpoint, _subject.Config, _operations);
        if (of.Rows.Rows.Count > 0) weights.PutRows(of.Rows.Rows, of.Rows.Values);
        using LlamaModel model = new(weights, _operations);
        List<TopTwo> predictions = [];
        int done = 0;
        foreach (TokenBatch batch in _batches)
        {
            _cancel.ThrowIfCancellationRequested();
            predictions.AddRange(model.TopTwo(batch));
            _progress?.Report(new(name, done += batch.SequenceCount, _samples.Count));
        }
        then?.Invoke(model);
        return [.. predictions];
    }

    private OutputScores? Score(LlamaModel model, string name)
    {
        if (_options.ScoredTokens is not { } tokens) return null;
        StopTokens stops = StopTokens.Of(_subject.Config, _tokenizer, _options.StopIds, _options.StopTexts);
        EvaluationOptions scoring = new() { Generation = stops.ApplyTo(new() { MaxNewTokens = tokens }) };
        IProgress<EvaluationProgress>? shown = _progress is null ? null
            : new ProgressRelay<EvaluationProgress>(value => _progress.Report(new($"text of {name}", value.TextCount, value.SampleCount)));
        return Evaluator.Run(model, _operations, _tokenizer, _samples, scoring, shown, _cancel).Scores;
    }
}

/// <summary>How far a certificate has come.</summary>
/// <param name="Stage">What is done, such as <c>embed-tuned model</c>.</param>
/// <param name="Done">Sentence pairs done.</param>
/// <param name="Count">All of them; 0 where the stage has none.</param>
public readonly record struct CertificateProgress(string Stage, int Done, int Count);
