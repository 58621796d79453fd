using System.Diagnostics;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Reproduction;

/// <summary>The steps of a recipe whose model is a <see cref="MadeNetwork"/>.</summary>
/// <param name="network">The network and its pairs.</param>
/// <param name="plan">Task, rate and budget, by paths that are good.</param>
/// <param name="folder">The seed's folder.</param>
/// <param name="seed">The seed.</param>
/// <param name="operations">Where it is computed.</param>
/// <param name="cancel">Stops it.</param>
internal sealed class NetworkWork(
    MadeNetwork network, ExperimentPlan plan, string folder, ulong seed, IOperations operations, CancellationToken cancel) : ISeedWork
{
    private readonly Dictionary<string, MadeStep> _made = [];
    private readonly Dictionary<string, IReadOnlyList<ReluLook>> _looks = [];

    private (int A, int B, int Answer)[] _training = [], _test = [];

    /// <summary>Writes base and pairs where they are not there yet, and reads them.</summary>
    public void Begin()
    {
        (int A, int B)[] all = [.. Enumerable.Range(0, network.Modulus).SelectMany(a =>
            Enumerable.Range(a, network.Modulus - a).Select(b => (a, b)))];
        new SplitMix64(SplitMix64.Mix(seed)).Shuffle<(int, int)>(all);
        ExperimentTask task = plan.Tasks[0];
        _training = WithAnswers(task.Train, all[..network.Train]);
        _test = WithAnswers(task.Test, all[network.Train..]);
        if (!File.Exists(Path.Combine(plan.Base, ReluTraining.ModelName)))
            ReluTraining.Write(plan.Base, network.Shape, ReluNetwork.Draw(network.Shape, network.Scale, seed), cancel);
        _looks[RecipeStep.Base] = Train(new(0, 1, 1, 0), WeightsOf(plan.Base), Path.Combine(folder, "base-scores"));
    }

    public MadeStep Make(RecipeStep step)
    {
        string own = Path.Combine(folder, ExperimentArm.SlugOf(step.Name));
        return _made[step.Name] = MadeStep.Of(step, own, _made, () => step switch
        {
            TrainStep train => Train(train, own),
            PruneStep prune => Prune(prune, own),
            PaceStep pace => Measure(pace, own),
            _ => throw new UnreachableException($"{step.GetType().Name} is not made"),
        });
    }

    public IReadOnlyList<MadeRound> RoundsOf(string name) => [];

    /// <summary>The loss of the pairs that are not learned from, and the part of them that is right.</summary>
    public ArmOutcome Score(string name, string task) => ArmOutcome.From(column => column switch
    {
        "loss" => _looks[name][^1].TestLoss,
        "exact_match_rate" => _looks[name][^1].TestAccuracy,
        _ => double.NaN,
    });

    public (TrainingCost Total, TrainingCost Search, long PeakBytes) CostOf(string name)
    {
        if (!_made.TryGetValue(name, out MadeStep? own)) return default;
        HashSet<string> all = [];
        Collect(name);
        TrainingCost total = all.Select(n => _made[n].Cost).Aggregate((a, b) => a + b);
        return (total, total + (-1 * own.Cost), 0);

        void Collect(string step)
        {
            if (!_made.TryGetValue(step, out MadeStep? made) || !all.Add(step)) return;
            foreach (string earlier in made.Step.BuiltOn) Collect(earlier);
        }
    }

    public double? Measure(RecipeClaim claim) => null;

    public (MaskOverlap Overlap, MaskOverlap ByChance)? OverlapOf(OverlapClaim claim) => null;

    private (int A, int B, int Answer)[] WithAnswers(string path, (int A, int B)[] pairs)
    {
        (int A, int B, int Answer)[] all = [.. pairs.Select(p => (p.A, p.B, (p.A + p.B) % network.Modulus))];
        if (!File.Exists(path))
            AtomicFile.WriteText(path, string.Concat(all.Select(p => FormattableString.Invariant($"{p.A} {p.B}\t{p.Answer}\n"))), cancel);
        return all;
    }

    private MadeStep Train(TrainStep step, string own)
    {
        float[] start = WeightsOf(step.From == RecipeStep.Base ? plan.Base : _made[step.From].Folder);
        bool[]? mask = step.Ticket is { } ticket ? FlagsOf(_made[ticket].Mask!) : null;
        if (step.Outside is OutsideTicket.MatchL1 or OutsideTicket.MatchL2) Match(start, mask!, step.Outside == OutsideTicket.MatchL1);
        ReluPlan training = new(step.Steps ?? plan.Training.Steps!.Value, network.Every, step.LearningRate ?? plan.Rates.Full,
            step.WeightDecay ?? plan.Training.WeightDecay)
        {
            Mask = step.Outside == OutsideTicket.Zero ? mask : null,
            EndsWhen = step.Until switch
            {
                NetworkEnd.Memorised => HasMemorised,
                NetworkEnd.Generalised => HasGeneralised,
                _ => null,
            },
        };
        IReadOnlyList<ReluLook> looks = _looks[step.Name] = Train(training, start, own);
        double pairs = (double)looks[^1].Step * _training.Length;
        return new(step, own)
        {
            Parameters = network.Shape.ParameterCount,
            StepCount = looks[^1].Step,
            Cost = new(2 * pairs, 3 * pairs * network.Shape.ForwardFlops),
        };
    }

    private IReadOnlyList<ReluLook> Train(ReluPlan training, float[] start, string own) =>
        ReluTraining.Run(network.Shape, start, training, _training, _test, operations, own, cancel);

    private bool HasMemorised(ReluLook look) => look.Accuracy >= network.RightShare;

    private bool HasGeneralised(ReluLook look) => look.TestAccuracy >= network.RightShare;

    private MadeStep Prune(PruneStep step, string own)
    {
        using Checkpoint model = Checkpoint.Open(_made[step.Of].Folder);
        TicketMask mask = KeptUnits.Find(KeptUnits.SourcesOf(model, step.Recipe, cancel), step.Recipe, cancel);
        return new(step, own) { Mask = mask, Parameters = mask.Parameters };
    }

    private MadeStep Measure(PaceStep step, string own)
    {
        bool IsThere(ReluLook look) => look.TestAccuracy >= (step.RightShare ?? network.RightShare);
        double steps = StepsTo(step.Of, IsThere);
        return new(step, own)
        {
            Measures =
            [
                new(PaceStep.ToMemorise, StepsTo(step.Of, HasMemorised)), new(PaceStep.ToGeneralise, steps),
                new(PaceStep.Over, steps / StepsTo(step.Than ?? step.Of, IsThere)),
            ],
        };
    }

    private double StepsTo(string name, Func<ReluLook, bool> isThere) =>
        _looks[name].Where(isThere).Select(look => (double)look.Step).FirstOrDefault(double.PositiveInfinity);

    private float[] WeightsOf(string path)
    {
        using Checkpoint model = Checkpoint.Open(path);
        float[] all = new float[network.Shape.ParameterCount];
        int start = 0;
        foreach ((string name, int rows, int columns) in network.Shape.Matrices)
        {
            Span<float> own = all.AsSpan(start, rows * columns);
            ElementValues.Read(model.GetTensor(name).Values, 0, own).CopyTo(own);
            start += own.Length;
        }
        return all;
    }

    /// <summary>Which weights a ticket keeps: all of a matrix that it does not name.</summary>
    private bool[] FlagsOf(TicketMask mask)
    {
        bool[] kept = new bool[network.Shape.ParameterCount];
        int start = 0;
        foreach ((string name, int rows, int columns) in network.Shape.Matrices)
        {
            if (mask.Find(name) is not { } own) kept.AsSpan(start, rows * columns).Fill(true);
            else
                foreach (long element in own.ToElements().Units) kept[start + element] = true;
            start += rows * columns;
        }
        return kept;
    }

    /// <summary>Scales each matrix to the norm of what a ticket keeps of it.</summary>
    private void Match(float[] weights, bool[] kept, bool isSum)
    {
        int start = 0;
        foreach ((_, int rows, int columns) in network.Shape.Matrices)
        {
            double all = 0, inside = 0;
            for (int i = start; i < start + (rows * columns); i++)
            {
                double part = isSum ? Math.Abs(weights[i]) : (double)weights[i] * weights[i];
                all += part;
                if (kept[i]) inside += part;
            }
            double factor = all > 0 ? isSum ? inside / all : Math.Sqrt(inside / all) : 1;
            for (int i = start; i < start + (rows * columns); i++) weights[i] = (float)(weights[i] * factor);
            start += rows * columns;
        }
    }
}
