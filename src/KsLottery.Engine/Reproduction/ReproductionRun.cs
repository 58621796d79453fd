using System.Globalization;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Reproduction;

/// <summary>Runs a recipe: for each seed base, data, all steps and their scores; then the verdict of every claim.</summary>
/// <remarks>
/// The folder holds <c>recipe.json</c>, a folder <c>seed-N</c> for each seed with one for each step, and the tables. What stands there
/// is not made again, so that a run can be cut short at any moment and goes on in the same folder to the same tables. One process works
/// in a folder at a time.
/// </remarks>
/// <param name="recipe">The recipe.</param>
/// <param name="bytes">Its file.</param>
/// <param name="corpus">Gives the text that a base is made from; null where the recipe makes none.</param>
/// <param name="folder">Where it goes, in a folder that exists.</param>
/// <param name="device">Where it is computed.</param>
public sealed partial class ReproductionRun(ReproductionRecipe recipe, byte[] bytes, ISyntheticCorpus? corpus, string folder,
    ComputeDevice device)
{
    /// <summary>A line for each seed, step and task.</summary>
    public const string ResultsName = "results.tsv";

    /// <summary>A line for each seed and ticket.</summary>
    public const string TicketsName = "tickets.tsv";

    /// <summary>A line for each claim.</summary>
    public const string ClaimsName = "claims.tsv";

    /// <summary>A line for each seed, model and test of a report card; absent where no step makes one.</summary>
    public const string CardsName = "cards.tsv";

    /// <summary>A line for each seed, step that measures and number; absent where there is no such step.</summary>
    public const string MeasuresName = "measures.tsv";

    /// <summary>A line for each seed and two tickets of a claim; absent where there is no such claim.</summary>
    public const string OverlapsName = "overlaps.tsv";

    private const string LockName = "reproduction";

    private readonly List<StepResult> _results = [];
    private readonly List<MadeTicket> _tickets = [];
    private readonly List<SkippedStep> _skipped = [];
    private readonly List<MadeCard> _cards = [];
    private readonly List<TicketOverlap> _overlaps = [];
    private readonly List<MadeMeasure> _made = [];
    private readonly Dictionary<(ulong Seed, RecipeClaim Claim), double> _measured = [];

    /// <summary>Hears what begins: the seed, and what is done.</summary>
    public Action<ulong, string>? Began { get; init; }

    /// <summary>Hears of every step of a training.</summary>
    public IProgress<TrainingProgress>? Training { get; init; }

    /// <summary>Hears how scoring goes.</summary>
    public IProgress<EvaluationProgress>? Scoring { get; init; }

    /// <summary>The scores, seed by seed in the order of the steps, the base first.</summary>
    public IReadOnlyList<StepResult> Results => _results;

    /// <summary>The tickets.</summary>
    public IReadOnlyList<MadeTicket> Tickets => _tickets;

    /// <summary>The report cards.</summary>
    public IReadOnlyList<MadeCard> Cards => _cards;

    /// <summary>What the tickets of claims share.</summary>
    public IReadOnlyList<TicketOverlap> Overlaps => _overlaps;

    /// <summary>The numbers of steps that measure.</summary>
    public IReadOnlyList<MadeMeasure> MadeMeasures => _made;

    /// <summary>The measures that are taken, in the order of tables.</summary>
    public IReadOnlyList<(string Name, Func<StepResult, double> Get)> Measures =>
        [.. StepResult.Measures.Where(m => recipe.IsCalibrated || m.Name != StepResult.CalibrationErrorName)];

    /// <summary>The steps that could not be made.</summary>
    public IReadOnlyList<SkippedStep> Skipped => _skipped;

    /// <summary>The claims with their verdicts; empty until the run is whole.</summary>
    public IReadOnlyList<JudgedClaim> Claims { get; private set; } = [];

    /// <summary>What all claims come to.</summary>
    public Verdict Verdict => VerdictRule.Of([.. Claims.Select(c => c.Figures.Verdict)]);

    /// <summary>Runs what is not done yet, and judges.</summary>
    /// <param name="cancellationToken">Stops between parts of a step; a training's state is saved.</param>
    /// <exception cref="InvalidDataException">The folder holds another recipe, or what stands in it has other settings.</exception>
    /// <exception cref="InvalidOperationException">The recipe makes its base from a corpus, and none is given.</exception>
    /// <exception cref="IOException">A file cannot be read or written, or another process works in the folder.</exception>
    /// <exception cref="ArgumentException">A step asks for what there is not: a tensor, a task of the corpus.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; a run of the same recipe in the same folder goes on.</exception>
    public void Run(CancellationToken cancellationToken = default)
    {
        Directory.CreateDirectory(folder);
        ArmLocks locks = new(folder);
        using (ArmLock taken = locks.TryTake(LockName, out LockHolder? holder, out _) ?? throw new IOException(
            $"{folder}: {(holder is null ? "another process" : $"process {holder.ProcessId} on {holder.Host}")} works in it. Let it end, "
            + "or name another folder."))
        {
            KeepRecipe(cancellationToken);
            foreach (ulong seed in recipe.Plan.Seeds) Run(seed, cancellationToken);
            Claims = [.. recipe.Claims.Select(c => new JudgedClaim(c, Judge(c)))];
            WriteTables(cancellationToken);
        }
        locks.Remove();
    }

    private void KeepRecipe(CancellationToken cancel)
    {
        string own = Path.Combine(folder, RecipeFile.FileName);
        if (!File.Exists(own)) AtomicFile.Write(own, stream => stream.Write(bytes), cancel);
        else if (!File.ReadAllBytes(own).AsSpan().SequenceEqual(bytes))
            throw new InvalidDataException($"{own}: the folder was begun with another recipe, or another revision of it. "
                + "Name another folder.");
    }

    private void Run(ulong seed, CancellationToken cancel)
    {
        string own = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"seed-{seed}{(recipe.IsShort ? "-short" : "")}"));
        Directory.CreateDirectory(own);
        ExperimentPlan plan = recipe.PlanIn(own);
        if (recipe.Make is { } make)
        {
            Began?.Invoke(seed, RecipeStep.Base);
            new BaseMaker(make, corpus ?? throw new InvalidOperationException($"the recipe's base is made from the corpus "
                + $"\"{make.Corpus}\", and none is given. Give it."), plan, recipe.Texts, own)
                .Run(seed, device.Operations, Training, cancel);
        }
        ISeedWork work = WorkOn(plan, own, seed, cancel);
        if (recipe.IsScored) Score(work, RecipeStep.Base, null, seed);
        foreach (RecipeStep step in recipe.Steps)
        {
            cancel.ThrowIfCancellationRequested();
            Began?.Invoke(seed, step.Name);
            MadeStep made = work.Make(step);
            if (made.Skipped is { } reason) _skipped.Add(new(seed, step.Name, reason));
            else if (made.Step.IsTicket) _tickets.Add(MadeTicket.Of(seed, step, made.Mask!));
            else if (made.Card is { } card) _cards.Add(new(seed, step.Name, card));
            else if (step is RoundsStep) AddRounds(work, step.Name, seed);
            else if (step is MeasureStep measures)
                _made.AddRange(made.Measures.Select(m => new MadeMeasure(seed, step.Name, measures.Task, m.Key, m.Value)));
            if (made.Skipped is null && step.IsModel && step.IsScored) Score(work, step.Name, made, seed);
        }
        foreach (RecipeClaim claim in recipe.Claims)
        {
            if (work.Measure(claim) is { } value) _measured[(seed, claim)] = value;
            if (claim is OverlapClaim pair && !_overlaps.Any(o => (o.Seed, o.One, o.Other) == (seed, pair.One, pair.Other))
                && work.OverlapOf(pair) is ({ } found, { } chance))
                _overlaps.Add(new(seed, pair.One, pair.Other, found, chance));
        }
    }

    private ISeedWork WorkOn(ExperimentPlan plan, string own, ulong seed, CancellationToken cancel)
    {
        if (recipe.Network is not { } network)
            return new SeedWork(plan, recipe.Texts, own, seed, device, cancel)
            {
                Steps = recipe.Steps,
                CalibrationBins = recipe.IsCalibrated ? Calibration.DefaultBins : null,
                Training = Training,
                Scoring = Scoring,
            };
        NetworkWork work = new(network, plan, own, seed, device.Operations, cancel);
        work.Begin();
        return work;
    }

    /// <summary>The rounds of a step, as steps of their own, with the index of what each left.</summary>
    private void AddRounds(ISeedWork work, string name, ulong seed)
    {
        foreach (MadeRound round in work.RoundsOf(name).Skip(1))
        {
            string at = round.Model.Step.Name;
            _tickets.Add(MadeTicket.Of(seed, round.Mask!.Step, round.Mask.Mask!));
            _made.AddRange(round.Sparsity.Measures.Select(m => new MadeMeasure(seed, at, "", m.Key, m.Value)));
            if (round.Model.Step.IsScored) Score(work, at, round.Model, seed);
        }
    }

    private void Score(ISeedWork work, string name, MadeStep? made, ulong seed)
    {
        (TrainingCost total, TrainingCost search, long peak) = work.CostOf(name);
        foreach (ExperimentTask task in recipe.Plan.Tasks)
        {
            try
            {
                _results.Add(new(seed, name, task.Name, made?.Parameters ?? 0, total, search, work.Score(name, task.Name))
                {
                    PeakBytes = peak,
                    HasDiverged = made?.HasDiverged ?? false,
                });
            }
            // A training may diverge to weights that are finite and logits that are not.
            catch (Exception fault) when (made is { HasDiverged: true }
                && fault is InvalidOperationException or InvalidDataException or ArgumentException)
            {
                _skipped.Add(new(seed, name, $"the training diverged, and what it gave cannot be scored: {fault.Message}"));
                return;
            }
        }
    }

    private void WriteTables(CancellationToken cancel)
    {
        Write(ResultsName, ["seed", "step", "task", "parameters", "tokens", "flops", "search_flops",
            .. Measures.Select(m => m.Name), "diverged"],
            _results.Select(r => (string[])[$"{r.Seed}", r.Step, r.Task, $"{r.Parameters}", Real(r.Cost.Tokens), Real(r.Cost.Flops),
                Real(r.Search.Flops), .. Measures.Select(m => Real(m.Get(r))), r.HasDiverged ? "yes" : ""]));
        Write(TicketsName, ["seed", "ticket", "units", "parameters", "tensors", "mask_fingerprint"],
            _tickets.Select(t => (string[])[$"{t.Seed}", t.Step, $"{t.Units}", $"{t.Parameters}", $"{t.Tensors}", t.Fingerprint]));
        Write(ClaimsName, ["claim", "verdict", "mean", .. recipe.Plan.Seeds.Select(s => $"seed_{s}")],
            Claims.Select(c => (string[])[c.Claim.Says, VerdictRule.NameOf(c.Figures.Verdict), Real(c.Figures.Mean),
                .. recipe.Plan.Seeds.Select((_, i) => i < c.Figures.Seeds.Count ? Real(c.Figures.Seeds[i]) : "")]));
        if (_cards.Count > 0)
            Write(CardsName, ["seed", "card", "model", "test", "exposure", .. CardMeasures.All.Select(m => m.Name)],
                _cards.SelectMany(card => card.Result.Cells.Select(cell => (string[])[$"{card.Seed}", card.Step, cell.Model.Name,
                    cell.Test.Name, MatrixResult.NameOf(cell.Exposure), .. CardMeasures.All.Select(m => Real(m.Get(cell)))])));
        if (_overlaps.Count > 0)
            Write(OverlapsName, ["seed", "ticket", "other", "shared", .. TicketOverlap.Measures.Select(m => m.Name), "shared_by_chance",
                .. TicketOverlap.Measures.Select(m => $"{m.Name}_by_chance")],
                _overlaps.Select(o => (string[])[$"{o.Seed}", o.One, o.Other, .. Cells(o.Found), .. Cells(o.ByChance)]));
        if (_made.Count > 0)
            Write(MeasuresName, ["seed", "step", "task", "measure", "value"],
                _made.Select(m => (string[])[$"{m.Seed}", m.Step, m.Task, m.Measure, Real(m.Value)]));

        static string[] Cells(MaskOverlap overlap) => [Real(overlap.Shared), .. TicketOverlap.Measures.Select(m => Real(m.Get(overlap)))];

        void Write(string name, string[] title, IEnumerable<string[]> lines)
        {
            StringBuilder text = new();
            foreach (string[] line in lines.Prepend(title)) text.AppendJoin('\t', line).Append('\n');
            AtomicFile.WriteText(Path.Combine(folder, recipe.IsShort ? $"short-{name}" : name), text.ToString(), cancel);
        }
    }

    private static string Real(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>How a step does on a task, with one seed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Step">The step's name.</param>
/// <param name="Task">The task's.</param>
/// <param name="Parameters">The values that learn or differ.</param>
/// <param name="Cost">What it and all that it is built on spent, pre-training aside.</param>
/// <param name="Search">How much of that went into finding tickets.</param>
/// <param name="Outcome">How it does.</param>
public sealed record StepResult(
    ulong Seed, string Step, string Task, long Parameters, TrainingCost Cost, TrainingCost Search, ArmOutcome Outcome)
{
    /// <summary>What files call <see cref="PeakBytes"/>.</summary>
    internal const string PeakName = "peak_bytes";

    /// <summary>What files call <see cref="ArmOutcome.CalibrationError"/>.</summary>
    internal const string CalibrationErrorName = "calibration_error";

    /// <summary>What claims can be about, by the names that files give it, in the order of tables; the calibration error is taken only
    /// where a claim names it, and else NaN.</summary>
    public static IReadOnlyList<(string Name, Func<StepResult, double> Get)> Measures { get; } = [(PeakName, r => r.PeakBytes),
        .. ArmOutcome.Columns.Select(c => (c.Name, (Func<StepResult, double>)(r => c.Get(r.Outcome)))),
        (CalibrationErrorName, r => r.Outcome.CalibrationError ?? double.NaN)];

    /// <summary>The most memory that a training held on which it is built, in bytes: what the device gave out and what else is kept of
    /// the values that learn. Mapped weights of the base are not counted.</summary>
    public long PeakBytes { get; init; }

    /// <summary>Whether its training diverged.</summary>
    public bool HasDiverged { get; init; }
}

/// <summary>A ticket of a run.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Step">The step's name.</param>
/// <param name="Units">Its units.</param>
/// <param name="Parameters">Its values.</param>
/// <param name="Tensors">The tensors that it has some of.</param>
/// <param name="Fingerprint">Its mask's.</param>
public sealed record MadeTicket(ulong Seed, string Step, long Units, long Parameters, int Tensors, string Fingerprint)
{
    internal static MadeTicket Of(ulong seed, RecipeStep step, TicketMask mask) =>
        new(seed, step.Name, mask.Count, mask.Parameters, mask.Tensors.Count(t => t.Units.Count > 0), mask.TakeFingerprint());
}

/// <summary>A report card of a run.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Step">The step's name.</param>
/// <param name="Result">The card; its models are steps, its tests tasks.</param>
public sealed record MadeCard(ulong Seed, string Step, MatrixResult Result)
{
    /// <summary>The cell of a step and a task; null where there is none.</summary>
    public MatrixCell? Find(string step, string task) =>
        Result.Cells.FirstOrDefault(c => c.Model.Name == step && c.Test.Name == task);
}

/// <summary>A step that could not be made, and why.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Step">The step's name.</param>
/// <param name="Reason">A sentence.</param>
public sealed record SkippedStep(ulong Seed, string Step, string Reason);
