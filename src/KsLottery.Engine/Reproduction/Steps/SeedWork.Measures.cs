using System.Globalization;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Reproduction;

/// <content>What is measured of models.</content>
internal sealed partial class SeedWork
{
    private const string PathName = "linear-path.tsv", ShareColumn = "share", LossColumn = "loss";

    private MadeStep Measure(BetweenStep step, string folder)
    {
        string file = Path.Combine(folder, PathName);
        if (!File.Exists(file))
        {
            using Checkpoint one = Checkpoint.Open(PathOf(step.One)), other = Checkpoint.Open(PathOf(step.Other));
            using LlamaWeights weights = LlamaWeights.Open(one, LlamaConfig.Load(one), _device.Operations);
            using LlamaModel model = new(weights, _device.Operations);
            LinearPath found = LinearPath.Of(model, one, other, step.Points, () => LossOf(model, step.Task), cancellationToken: _cancel);
            StringBuilder text = new($"{ShareColumn}\t{LossColumn}\n");
            foreach (PathPoint point in found.Points) text.Append(CultureInfo.InvariantCulture, $"{point.Share:R}\t{point.Loss:R}\n");
            Directory.CreateDirectory(folder);
            AtomicFile.WriteText(file, text.ToString(), _cancel);
        }
        LinearPath path = new([.. TsvFile.Read(file, ShareColumn, LossColumn)
            .Select(line => new PathPoint(line.Real(ShareColumn), line.Real(LossColumn)))]);
        return new(step, folder)
        {
            Measures = [new(BetweenStep.Barrier, path.Barrier), new(BetweenStep.BarrierAboveLine, path.BarrierAboveLine)],
        };
    }

    private MadeStep Measure(SweepStep step, string folder)
    {
        IReadOnlyList<SweepPoint> points = step.Pruned is { } pruned ? Prune(step, pruned, folder) : Collect(step, folder);
        SweepKnee knee = SweepKnee.OfLoss(points)!;
        Dictionary<string, double> measures = new()
        {
            [SweepStep.LossKnee] = (double)knee.Sparsity,
            [SweepStep.LossKneeReached] = knee.IsReached ? 1 : 0,
            [SweepStep.LargestFall] = points.Zip(points.Skip(1), (one, next) => Math.Max(0, 1 - (next.Loss / one.Loss))).Largest(),
            [SweepStep.ChrfKnee] = (double?)SweepKnee.OfScore(points)?.Sparsity ?? double.NaN,
        };
        return new(step, folder) { Measures = [.. step.Measures.Select(name => new KeyValuePair<string, double>(name, measures[name]))] };
    }

    /// <summary>Prunes one model at each sparsity, without training.</summary>
    private IReadOnlyList<SweepPoint> Prune(SweepStep step, SweptPruning pruned, string folder)
    {
        using Checkpoint checkpoint = Checkpoint.Open(PathOf(step.Of[0]));
        using LlamaWeights weights = LlamaWeights.Open(checkpoint, LlamaConfig.Load(checkpoint), _device.Operations);
        using LlamaModel model = new(weights, _device.Operations);
        SparsitySweep sweep = new(checkpoint, model, SeededScore(pruned.Score), pruned.Tensors,
            sparsity => ModelPruning.KeptOf(sparsity, pruned.IsPerTensor), _cancel);
        SweepFolder own = new(folder, [new("model", string.Join(' ', checkpoint.Shards.Select(s => Fingerprint.OfFile(s.Path)))),
            new("test", _tasks[step.Task].TestFingerprint), new("scope", sweep.Recipe.ToString()), new("device", _device.Operations.Name)],
            resume: true);
        List<SweepPoint> points = [.. own.Points];
        IReadOnlyList<SweepPoint> all = sweep.Run([new(0), .. pruned.Sparsities], _ => (LossOf(model, step.Task), double.NaN), own.Points,
            point =>
            {
                points.Add(point);
                own.Write(points, _cancel);
            }, _cancel);
        own.Finish(all, SweepKnee.OfLoss(all), null, _cancel);
        return all;
    }

    /// <summary>Takes the models of a curve, which are trained already.</summary>
    private List<SweepPoint> Collect(SweepStep step, string folder)
    {
        List<SweepPoint> points = [];
        foreach (string name in step.Of)
        {
            TicketMask? mask = _made.GetValueOrDefault(name)?.Step is TrainStep { Outside: OutsideTicket.Zero, Ticket: { } ticket }
                ? MaskOf(ticket) : null;
            // Of n weights ⌊(1-p)·n⌋ are kept: in tenths of a percent this is the p that was asked for.
            decimal sparsity = mask is null ? 0 : Math.Round((decimal)(mask.ElementCount - mask.Parameters) / mask.ElementCount, 3);
            if (points.Count > 0 && sparsity <= points[^1].Sparsity)
                throw new ArgumentException($"\"{name}\" is pruned by {new UnitShare(sparsity)}, the one before it by "
                    + $"{new UnitShare(points[^1].Sparsity)}. Order the models by what is pruned.");
            ArmOutcome outcome = Score(name, step.Task);
            points.Add(new(sparsity, mask?.Parameters ?? 0, outcome.Loss, outcome.Chrf));
        }
        new SweepFolder(folder, [new("models", string.Join(", ", step.Of)), new("test", _tasks[step.Task].TestFingerprint)], resume: true)
            .Finish(points, SweepKnee.OfLoss(points), SweepKnee.OfScore(points), _cancel);
        return points;
    }

    private double LossOf(LlamaModel model, string task)
    {
        TokenSequence[] sequences = [.. _tasks[task].Test.Select(s => s.Sequence)];
        return Evaluator.MeanLoss(model, sequences, cancellationToken: _cancel);
    }
}
