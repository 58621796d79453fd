using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Reports;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli;

/// <summary><c>kslottery prune --sweep</c>: what a model loses by pruning, at one sparsity after another.</summary>
internal sealed class SweepCommand
{
    private readonly SweepOptions _options;
    private readonly LoadedModel _loaded;
    private readonly PruneText _text;
    private readonly CancellationToken _cancel;

    private SweepCommand(SweepOptions options, LoadedModel loaded, CancellationToken cancel) =>
        (_options, _loaded, _text, _cancel) = (options, loaded, PruneText.Read(options, loaded), cancel);

    public static int Run(SweepOptions options, TicketScore score, ConsoleUi ui, CancellationToken cancel)
    {
        using LoadedModel loaded = new(options.Model, ui, cancel);
        using Checkpoint checkpoint = Checkpoint.Open(options.Model.Path, options.Model.Reading);
        SweepCommand command = new(options, loaded, cancel);
        SweepFolder? folder;
        List<SweepPoint> points;
        using (ProgressLine line = ui.StartProgress())
        {
            SparsitySweep sweep = new(checkpoint, loaded.Model, score, options.Tensors, options.KeptOf, cancel);
            folder = options.Out is { } path ? new(path, command.Settings(checkpoint, sweep), options.Resume) : null;
            points = [.. folder?.Points ?? []];
            sweep.Run(options.Sparsities, sparsity => command.Evaluate(sparsity, line), [.. points], point =>
            {
                points = [.. points.Append(point).OrderBy(p => p.Sparsity)];
                folder?.Write(points, cancel);
            }, cancel);
        }
        (SweepKnee? ofLoss, SweepKnee? ofScore) = (SweepKnee.OfLoss(points), SweepKnee.OfScore(points));
        folder?.Finish(points, ofLoss, ofScore, cancel);
        string? report = folder is null ? null : Path.Combine(options.Out!, "report");
        if (report is not null)
            Report.FromFolder(options.Out!, new() { Origin = options.Origin }, cancel).WriteFolder(report, replace: true, cancel);
        SweepReport.Write(ui, options, points, ofLoss, ofScore, report);
        return ExitCode.Ok;
    }

    private (double Loss, double Score) Evaluate(UnitShare sparsity, ProgressLine line)
    {
        if (_options.Data is null)
            return (Evaluator.MeanLoss(_loaded.Model, _text.Sequences, progress: line.Of<int>(done =>
                $"{sparsity} pruned: loss of {Sizes.Count(done)} of {Sizes.Count(_text.Sequences.Count)} sequences"),
                cancellationToken: _cancel), double.NaN);
        GenerationOptions? generation = !_options.Generates ? null
            : StopTokens.Of(_loaded.Model.Config, _loaded.Tokenizer).ApplyTo(new() { MaxNewTokens = _options.MaxNewTokens });
        EvaluationResult result = Evaluator.Run(_loaded.Model, _loaded.Operations, _loaded.Tokenizer, _text.Samples,
            new() { Generation = generation }, line.Of<EvaluationProgress>(value => $"{sparsity} pruned: {EvalCommand.Describe(value)}"),
            _cancel);
        return (result.Loss, result.Scores?.FirstLine.Chrf.Score ?? double.NaN);
    }

    /// <summary>All that decides a point, but its sparsity.</summary>
    private IReadOnlyList<KeyValuePair<string, string>> Settings(Checkpoint checkpoint, SparsitySweep sweep) =>
    [
        new("model", string.Join(' ', checkpoint.Shards.Select(s => Fingerprint.OfFile(s.Path)))),
        .. PruneText.Settings(_options, _loaded),
        new("new-tokens", _options.Generates ? _options.MaxNewTokens.ToString(CultureInfo.InvariantCulture) : "none"),
        new("scope", sweep.Recipe.ToString()),
    ];
}
