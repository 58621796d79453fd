using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Reproduction;

/// <content>Rounds of pruning, and the index of what they leave.</content>
internal sealed partial class SeedWork
{
    private static readonly PqIndex Narrow = new(), Wide = new(1, 2);

    private readonly Dictionary<string, MadeRounds> _rounds = [];

    public IReadOnlyList<MadeRound> RoundsOf(string name) => _rounds[name].All;

    private MadeStep RunRounds(RoundsStep step)
    {
        TrainStep dense = (TrainStep)_made[step.Of].Step;
        AdaptiveShare measure = step.Adaptive ?? new(Narrow, new(), step.IsPerTensor);
        List<MadeRound> rounds = [new(null, _made[step.Of], SparsityOf(step.Of, step.Tensors))];
        double before = IndexOf(measure, step.Of, step.Tensors);
        bool hasEnded = false;
        for (int round = 1, rises = 0; round <= step.Count && !hasEnded; round++)
        {
            MadeStep mask = Made(new PruneStep(step.MaskName(round), step.RecipeOf(round), rounds[^1].Model.Step.Name)),
                model = Made(dense with
                {
                    Name = step.RoundName(round),
                    Ticket = mask.Step.Name,
                    Outside = OutsideTicket.Zero,
                    Rewind = step.Of,
                    RewindTo = step.RewindTo,
                    IsScored = step.IsScored,
                });
            rounds.Add(new(mask, model, SparsityOf(model.Step.Name, step.Tensors)));
            double index = IndexOf(measure, model.Step.Name, step.Tensors);
            rises = index > before ? rises + 1 : 0;
            before = index;
            hasEnded = rises >= step.Patience;
        }
        // As in early stopping, the rounds that raised the index are not what comes of it.
        int last = rounds.Count - 1 - (hasEnded ? Math.Min(step.Patience!.Value, rounds.Count - 2) : 0);
        _rounds[step.Name] = new(rounds, last, hasEnded);
        return rounds[last].Model with { Mask = rounds[last].Mask!.Mask };
    }

    private MadeStep Made(RecipeStep step) =>
        Make(step) is { Skipped: null } made ? made : throw new StepSkippedException($"\"{step.Name}\": {_made[step.Name].Skipped}");

    private double IndexOf(AdaptiveShare measure, string name, TensorChoice? tensors)
    {
        using Checkpoint model = Checkpoint.Open(PathOf(name));
        return measure.MeanIndexOf(MatricesOf(model, tensors), _cancel);
    }

    private ModelSparsity SparsityOf(string name, TensorChoice? tensors)
    {
        using Checkpoint model = Checkpoint.Open(PathOf(name));
        Tensor[] matrices = [.. MatricesOf(model, tensors)];
        double all = matrices.Sum(t => (double)t.ElementCount), left = matrices.Sum(t => (double)new AdaptiveShare(Narrow, new())
            .IndexOf([t], _cancel).Count);
        return new(1 - (left / all), new AdaptiveShare(Narrow, new(), true).MeanIndexOf(matrices, _cancel),
            new AdaptiveShare(Wide, new(), true).MeanIndexOf(matrices, _cancel));
    }

    private static IEnumerable<Tensor> MatricesOf(Checkpoint model, TensorChoice? tensors) =>
        new TicketScope(tensors ?? ModelPruning.LayerMatrices, TicketUnit.Elements).Resolve(model).Select(t => t.Tensor);

    private MadeStep Measure(SparsityStep step, string folder) =>
        new(step, folder) { Measures = [.. SparsityOf(step.Of, step.Tensors).Measures] };

    private MadeStep Measure(TurnStep step, string folder)
    {
        (IReadOnlyList<MadeRound> rounds, int end, bool hasEnded) = _rounds[step.Of];
        IReadOnlyList<MadeRound> curve = RoundsOf(step.KneeOf ?? step.Of);
        // By their number: two rounds of a small matrix may prune the same part.
        SweepPoint[] points = [.. curve.Select((round, number) =>
        {
            double value = ArmOutcome.Columns.First(c => c.Name == step.Measure).Get(Score(round.Model.Step.Name, step.Task));
            return new SweepPoint(number, 0, value, value);
        })];
        SweepKnee? knee = step.Measure == LossColumn ? SweepKnee.OfLoss(points) : SweepKnee.OfScore(points);
        int last = (int)(knee?.Sparsity ?? 0), turn = Enumerable.Range(1, rounds.Count - 1)
            .FirstOrDefault(r => rounds[r].Sparsity.Index > rounds[r - 1].Sparsity.Index, -1);
        bool isReached = knee is { IsReached: true };
        return new(step, folder)
        {
            Measures =
            [
                new(TurnStep.Turn, turn < 0 ? double.NaN : rounds[turn].Sparsity.Share),
                new(TurnStep.Knee, curve[last].Sparsity.Share), new(TurnStep.KneeReached, isReached ? 1 : 0),
                new(TurnStep.RoundsToCollapse, turn < 0 || !isReached || curve != rounds ? double.NaN : last + 1 - turn),
                new(TurnStep.KeptOverKnee, !isReached ? double.NaN
                    : (1 - rounds[end].Sparsity.Share) / (1 - curve[last].Sparsity.Share)),
                new(TurnStep.Ended, hasEnded ? 1 : 0),
            ],
        };
    }

    private MadeStep Scale(ScaleStep step, string folder)
    {
        if (!File.Exists(Path.Combine(folder, "model.safetensors")))
        {
            Directory.CreateDirectory(folder);
            if (_tokenizer.FilePath is { } path) TokenizerFiles.Copy(path, folder);
            using Checkpoint of = Checkpoint.Open(PathOf(step.Of));
            using LlamaWeights weights = LlamaWeights.Random(Config, _device.Operations, _seed);
            foreach (Weight weight in weights.All)
            {
                Tensor tensor = of.GetTensor(weight.Name);
                float[] values = new float[tensor.ElementCount];
                ElementValues.Read(tensor.Values, 0, values).CopyTo(values);
                if (!weight.IsVector)
                    for (int i = 0; i < values.Length; i++) values[i] = (float)(values[i] * step.By);
                _device.Operations.Upload(weight.Value, values);
            }
            TrainedCheckpoint.WriteWhole(weights, _device.Operations, folder, _cancel);
        }
        return new(step, folder) { Parameters = Config.ParameterCount };
    }

    private void DrawNormal(LlamaWeights weights)
    {
        const float Deviation = 0.02f;
        SplitMix64 random = new(SplitMix64.Mix(_seed) + 1);
        foreach (Weight weight in weights.All.Where(w => !w.IsVector))
        {
            float[] values = new float[weight.Value.Length];
            for (int i = 0; i < values.Length; i++) values[i] = (float)(random.NextGaussian() * Deviation);
            _device.Operations.Upload(weight.Value, values);
        }
    }
}

/// <summary>Rounds of pruning.</summary>
/// <param name="All">The dense model, and the rounds.</param>
/// <param name="Last">The one that is taken.</param>
/// <param name="HasEnded">Whether the index ended them.</param>
internal sealed record MadeRounds(IReadOnlyList<MadeRound> All, int Last, bool HasEnded);

/// <summary>A round of pruning, or the dense model before the first.</summary>
/// <param name="Mask">Its ticket; null of the dense model.</param>
/// <param name="Model">What was trained under it.</param>
/// <param name="Sparsity">What that is like.</param>
internal sealed record MadeRound(MadeStep? Mask, MadeStep Model, ModelSparsity Sparsity);

/// <summary>How sparse a model is, see <see cref="SparsityStep"/>.</summary>
/// <param name="Share">The part of its weights that is 0.</param>
/// <param name="Index">The PQ index of the others with p = ½ and q = 1.</param>
/// <param name="WideIndex">With p = 1 and q = 2.</param>
internal sealed record ModelSparsity(double Share, double Index, double WideIndex)
{
    /// <summary>The numbers by their names in files.</summary>
    public IEnumerable<KeyValuePair<string, double>> Measures =>
        [new(SparsityStep.Sparsity, Share), new(SparsityStep.Index, Index), new(SparsityStep.WideIndex, WideIndex)];
}
