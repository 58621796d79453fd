using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Reports;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli;

/// <summary><c>kslottery prune --sweep</c>: what a model loses by pruning, at one sparsity after another.</summary>
internal sealed class SweepCommand
{
    private readonly SweepOptions _options;
    private readonly LoadedModel _loaded;
    private readonly IReadOnlyList<TrainingSample> _samples = [];
    private readonly IReadOnlyList<TokenSequence> _sequences = [];
    private readonly CancellationToken _cancel;

    private SweepCommand(SweepOptions options, LoadedModel loaded, CancellationToken cancel)
    {
        (_options, _loaded, _cancel) = (options, loaded, cancel);
        int capacity = loaded.Model.Config.MaxLength, vocabulary = loaded.Model.Config.VocabularySize;
        if (options.Data is { } path)
        {
            SampleSet set = new SampleEncoder(loaded.Tokenizer, vocabulary, capacity, OverlongSamples.Fail)
                .Encode(ParallelText.Read(path, options.Pairs).Take(options.Limit), options.Prompt.TemplateOrAlpaca,
                    options.Prompt.SourceLanguage, options.Prompt.TargetLanguage);
            _samples = (options.Generates ? set.LeaveRoom(options.MaxNewTokens, capacity, skip: false) : set).Samples;
        }
        else
        {
            _sequences = TextSequences.Encode(PlainText.Read(options.Text).Take(options.Limit), loaded.Tokenizer, vocabulary,
                Math.Min(SampleEncoder.AuthorsLength, capacity), heldOutShare: 0).Training;
        }
    }

    public static int Run(SweepOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        using LoadedModel loaded = new(options.Model, ui, cancel);
        using Checkpoint checkpoint = Checkpoint.Open(options.Model.Path, options.Model.Reading);
        SweepCommand command = new(options, loaded, cancel);
        IReadOnlyList<SweepPoint> points;
        SweepFolder? folder;
        using (ProgressLine line = ui.StartProgress())
        {
            SparsitySweep sweep = new(checkpoint, loaded.Model, options.Score, options.Tensors, options.KeptOf, cancel);
            folder = options.Out is { } path ? new(path, command.Settings(checkpoint, sweep), options.Resume) : null;
            List<SweepPoint> known = [.. folder?.Points ?? []];
            points = sweep.Run(options.Sparsities, sparsity => command.Evaluate(sparsity, line), known, point =>
            {
                known.Add(point);
                folder?.Write([.. known.OrderBy(p => p.Sparsity)], cancel);
            }, cancel);
        }
        (SweepKnee? ofLoss, SweepKnee? ofScore) = (SweepKnee.OfLoss(points), SweepKnee.OfScore(points));
        folder?.Finish(points, ofLoss, ofScore, cancel);
        string? report = folder is null ? null : Path.Combine(options.Out!, "report");
        if (report is not null) Report.FromFolder(options.Out!).WriteFolder(report, replace: true, cancel);
        SweepReport.Write(ui, options, points, ofLoss, ofScore, report);
        return ExitCode.Ok;
    }

    private (double Loss, double Score) Evaluate(UnitShare sparsity, ProgressLine line)
    {
        if (_options.Data is null)
            return (Evaluator.MeanLoss(_loaded.Model, _sequences, progress: line.Of<int>(done =>
                $"{sparsity} pruned: loss of {Sizes.Count(done)} of {Sizes.Count(_sequences.Count)} sequences"),
                cancellationToken: _cancel), double.NaN);
        GenerationOptions? generation = !_options.Generates ? null
            : StopTokens.Of(_loaded.Model.Config, _loaded.Tokenizer).ApplyTo(new() { MaxNewTokens = _options.MaxNewTokens });
        EvaluationResult result = Evaluator.Run(_loaded.Model, _loaded.Operations, _loaded.Tokenizer, _samples,
            new() { Generation = generation }, line.Of<EvaluationProgress>(value => $"{sparsity} pruned: {EvalCommand.Describe(value)}"),
            _cancel);
        return (result.Loss, result.Scores?.FirstLine.Chrf.Score ?? double.NaN);
    }

    /// <summary>All that decides a point, but its sparsity.</summary>
    private IReadOnlyList<KeyValuePair<string, string>> Settings(Checkpoint checkpoint, SparsitySweep sweep) =>
    [
        new("model", string.Join(' ', checkpoint.Shards.Select(s => Fingerprint.OfFile(s.Path)))),
        new("tokenizer", Fingerprint.OfFile(_loaded.Tokenizer.FilePath)),
        new("data", string.Join(' ', (_options.Data is not { } data ? _options.Text.Select(FileOf)
            : File.Exists(data) ? [data] : data.Split(',')).Select(path => Fingerprint.OfFile(path)))),
        new("columns", _options.Text.Length > 0 ? string.Join(' ', _options.Text.Select(Path.GetFileName)) : _options.Pairs.ToString()),
        new("template", _options.Prompt.TemplateOrAlpaca.Text),
        new("languages", $"{_options.Prompt.SourceLanguage}, {_options.Prompt.TargetLanguage}"),
        new("limit", _options.Limit.ToString(CultureInfo.InvariantCulture)),
        new("new-tokens", _options.Generates ? _options.MaxNewTokens.ToString(CultureInfo.InvariantCulture) : "none"),
        new("scope", sweep.Recipe.ToString()),
    ];

    /// <summary>The file of FILE:COLUMN.</summary>
    private static string FileOf(string text) => File.Exists(text) ? text : text[..text.LastIndexOf(':')];
}
