using System.Diagnostics;
using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Reproduction;

/// <summary>The steps of a recipe with one seed. What stands in its folder with the same settings is not made again.</summary>
internal sealed partial class SeedWork : ISeedWork
{
    private const string AppliedName = "applied", BaseScoresName = "base-scores";

    private readonly ExperimentPlan _plan;
    private readonly string _folder;
    private readonly ulong _seed;
    private readonly ComputeDevice _device;
    private readonly Tokenizer _tokenizer;
    private readonly Dictionary<string, TaskData> _tasks;
    private readonly IReadOnlyList<RecipeText> _texts;
    private readonly Dictionary<string, MadeStep> _made = [];
    private readonly CancellationToken _cancel;

    /// <param name="plan">Base, tasks and budget, by paths that are good.</param>
    /// <param name="texts">The plain texts, by paths from the folder.</param>
    /// <param name="folder">The seed's folder.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="device">Where it is computed.</param>
    /// <param name="cancel">Stops it.</param>
    public SeedWork(ExperimentPlan plan, IReadOnlyList<RecipeText> texts, string folder, ulong seed, ComputeDevice device,
        CancellationToken cancel)
    {
        (_plan, _texts, _folder, _seed, _device, _cancel) = (plan, texts, folder, seed, device, cancel);
        _tokenizer = plan.Tokenizer is { } path ? Tokenizer.Open(path) : Tokenizer.OpenBeside(plan.Base, "Name one (\"tokenizer\").");
        using Checkpoint model = Checkpoint.Open(plan.Base);
        Config = LlamaConfig.Load(model);
        _tasks = plan.Tasks.ToDictionary(t => t.Name, t => TaskData.Read(t, plan, _tokenizer, Config));
    }

    /// <summary>The base's shape.</summary>
    public LlamaConfig Config { get; }

    /// <summary>Hears of every step of a training.</summary>
    public IProgress<TrainingProgress>? Training { get; init; }

    /// <summary>The bins of the calibration error; null where it is not taken.</summary>
    public int? CalibrationBins { get; init; }

    /// <summary>Hears how scoring goes.</summary>
    public IProgress<EvaluationProgress>? Scoring { get; init; }

    /// <summary>Makes a step whose inputs were made.</summary>
    public MadeStep Make(RecipeStep step)
    {
        string folder = Path.Combine(_folder, ExperimentArm.SlugOf(step.Name));
        return _made[step.Name] = MadeStep.Of(step, folder, _made, () => step switch
        {
            TrainStep train => Train(train, folder),
            FindStep find => Find(find, folder),
            DrawStep draw => Draw(draw, folder),
            CopyStep copy => Copy(copy, folder),
            MergeStep merge => Merge(merge, folder),
            PerturbStep perturb => Perturb(perturb, folder),
            ReinitializeStep fresh => Reinitialize(fresh, folder),
            GraftStep graft => Graft(graft, folder),
            PruneStep prune => Prune(prune, folder),
            MatrixStep matrix => ReportOn(matrix, folder),
            RoundsStep rounds => RunRounds(rounds),
            ScaleStep scale => Scale(scale, folder),
            SparsityStep sparsity => Measure(sparsity, folder),
            TurnStep turn => Measure(turn, folder),
            BetweenStep between => Measure(between, folder),
            SweepStep sweep => Measure(sweep, folder),
            _ => throw new UnreachableException($"{step.GetType().Name} is not made"),
        });
    }

    /// <summary>Scores a step's model on a task, or the base's.</summary>
    public ArmOutcome Score(string name, string task)
    {
        MadeStep? made = _made.GetValueOrDefault(name);
        string folder = made?.Folder ?? Path.Combine(_folder, BaseScoresName);
        Directory.CreateDirectory(folder);
        // A patch is put on the model that it was trained on; any other folder is a model itself.
        using Checkpoint model = Checkpoint.Open(made is not null && IsPatch(made) ? PathOf(OriginOf(made.Step)) : PathOf(name));
        string print = Fingerprint.OfTensor(model.GetInputEmbedding(), FingerprintKind.Tree, _cancel);
        ArmScoring scoring = new(_plan, _device.Operations, _tokenizer, _tasks[task], $"-{_tasks[task].Task.Slug}")
        {
            CalibrationBins = CalibrationBins,
        };
        return scoring.Run(folder, model, print, Scoring, _cancel);
    }

    /// <summary>What a step and all that it is built on spent, and how much of that was no training of its own model; the most memory
    /// that one of these trainings held.</summary>
    public (TrainingCost Total, TrainingCost Search, long PeakBytes) CostOf(string name)
    {
        IReadOnlyCollection<MadeStep> all = Reach(name, s => s.BuiltOn);
        TrainingCost total = Sum(all);
        return (total, total + (-1 * Sum(Reach(name, s => s.Parts))), all.Select(s => s.PeakBytes).DefaultIfEmpty().Max());
    }

    /// <summary>A step and the earlier ones that it leads to, each once.</summary>
    private Dictionary<string, MadeStep>.ValueCollection Reach(string name, Func<RecipeStep, IEnumerable<string>> next)
    {
        Dictionary<string, MadeStep> all = [];
        Collect(name);
        return all.Values;

        void Collect(string step)
        {
            if (!_made.TryGetValue(step, out MadeStep? made) || !all.TryAdd(step, made)) return;
            foreach (string earlier in next(made.Step)) Collect(earlier);
        }
    }

    private static TrainingCost Sum(IEnumerable<MadeStep> steps) => steps.Aggregate(default(TrainingCost), (sum, s) => sum + s.Cost);

    private static bool IsPatch(MadeStep made) => File.Exists(Path.Combine(made.Folder, TicketPatch.FileName));

    /// <summary>The step whose model a patch is put on: a control of a delta has the delta's.</summary>
    private string OriginOf(RecipeStep step) => step is PerturbStep perturb ? OriginOf(_made[perturb.Of].Step) : step.Origin!;

    /// <summary>A step's model as a checkpoint; of a patch, once it is applied.</summary>
    private string PathOf(string name)
    {
        if (!_made.TryGetValue(name, out MadeStep? made)) return _plan.Base;
        if (!IsPatch(made)) return made.Folder;
        string applied = Path.Combine(made.Folder, AppliedName);
        if (!Directory.Exists(applied))
            PatchApplication.Apply(PathOf(OriginOf(made.Step)), Path.Combine(made.Folder, TicketPatch.FileName), applied,
                cancellationToken: _cancel);
        return applied;
    }

    private TicketMask MaskOf(string ticket) => _made[ticket].Mask!;

    private TicketMask? UnionOf(IReadOnlyList<string> tickets) =>
        tickets.Count == 0 ? null : tickets.Select(MaskOf).Aggregate((a, b) => a.Union(b));

    private MadeStep Train(TrainStep step, string folder)
    {
        using Checkpoint from = Checkpoint.Open(PathOf(step.From));
        IReadOnlyList<TokenSequence> training = step.Text is { } text ? Read(_texts.First(t => t.Name == text))
            : _tasks[step.Task!].Training;
        TrainingScope scope = step.Part switch
        {
            TrainedPart.Full => TrainingScope.Full,
            TrainedPart.Embedding => TrainingScope.Embedding,
            TrainedPart.Ticket => TrainingScope.Mask(UnitsOf(step.Ticket!)),
            TrainedPart.Lora => TrainingScope.LowRank(ExperimentBase.RankFor(
                Config with { LayerCount = step.Layers?.Count ?? Config.LayerCount }, MaskOf(step.Ticket!).Parameters), _seed, step.Layers),
            TrainedPart.Spiel => TrainingScope.Regrown(MaskOf(step.Ticket!).Tensors.Select(t => from.GetTensor(t.Name)),
                MaskOf(step.Ticket!).Parameters, _seed, _cancel),
            _ => throw new UnreachableException($"{step.Part} is not trained"),
        };
        TrainingCost pass = TrainingCost.OfPass(Config, training, scope);
        TrainingPlan plan = _plan.Training with
        {
            Seed = step.Order == 1 ? _seed : SplitMix64.Mix(_seed + (ulong)step.Order),
            LearningRate = step.LearningRate ?? RateOf(step.Part),
            WeightDecay = step.WeightDecay ?? _plan.Training.WeightDecay,
            L1ToBase = step.L1ToBase,
            Regrowth = step.Regrowth,
        };
        if (step.Epochs is { } epochs) plan = plan with { Epochs = epochs, Steps = null };
        if (step.FlopsOf is { } other)
            plan = plan with { Epochs = (CostOf(other).Total.Flops - CostOf(step.From).Total.Flops) / pass.Flops, Steps = null };
        // Of a device of its own the peak is this training's.
        using ComputeDevice device = ComputeDevice.Open(_device.Name, DeviceWork.Model, _device.ThreadCount);
        using TuningRun run = new(from, scope, training, [], device.Operations, new()
        {
            Plan = plan,
            Out = folder,
            Resume = true,
            KeepFinished = true,
            Tokenizer = _plan.Tokenizer,
            Policy = PolicyOf(step),
            Rewind = RewindOf(step),
            KeepStates = StatesOf(step, plan.StepCount(((training.Count - 1) / plan.BatchSize) + 1)),
            Signature = step.Part == TrainedPart.Ticket ? Describe(UnitsOf(step.Ticket!)) : "",
        }, _cancel);
        PeakMemory peak = new(folder, () => device.Operations.PeakAllocatedBytes + run.HostBytes, Training);
        TrainingSummary summary = run.Run(peak, _cancel);
        return new(step, folder)
        {
            Mask = scope.Units,
            Parameters = run.ParameterCount,
            StepCount = run.StepCount,
            Cost = (double)run.StepCount / run.StepsPerEpoch * pass,
            PeakBytes = peak.Bytes,
            HasDiverged = summary.HasDiverged,
        };
    }

    private IReadOnlyList<TokenSequence> Read(RecipeText text) => TextSequences.Encode(
        PlainText.Read(Path.Combine(_folder, text.File)), _tokenizer, Config.VocabularySize, text.Length, heldOutShare: 0).Training;

    private double RateOf(TrainedPart part) => part switch
    {
        TrainedPart.Full => _plan.Rates.Full,
        TrainedPart.Embedding => _plan.Rates.Embedding,
        TrainedPart.Ticket or TrainedPart.Spiel => _plan.Rates.Rows,
        TrainedPart.Lora => _plan.Rates.LowRank,
        _ => throw new UnreachableException($"{part} has no rate"),
    };

    private static string Describe(TicketMask mask) => string.Create(CultureInfo.InvariantCulture,
        $"units:{mask.Count}|mask:{mask.TakeFingerprint()}");
}
