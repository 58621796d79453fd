using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Experiments;

/// <summary>Runs an experiment: for each seed and task Embed Tuning, the ticket, and every arm, all scored on the same pairs.</summary>
/// <remarks>
/// Each arm has a folder, <c>TASK-SEED-ARM</c>, in the form that <c>kslottery tune</c> leaves, with <c>scores.json</c> and what was
/// written. What stands there and has the same settings is not done again, so that an experiment can be cut short at any moment, and given
/// arms or
/// seeds later; what has other settings is refused. A control that comes out as an earlier one of its method, as of two tickets of one
/// size, is that one and has no folder. <c>experiment.tsv</c> grows with every arm.
/// Several processes may run one experiment in one folder: each arm is locked while one works on it, the others take other arms, wait for
/// what they need, and end where only held arms are left; the last to end has all results. A process that dies holds nothing.
/// </remarks>
public sealed class ExperimentRun : IDisposable
{
    private const string TablesLock = "tables";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly string _folder;
    private readonly IExperimentObserver? _observer;
    private readonly ExperimentBase _base;
    private readonly TaskData[] _tasks;
    private readonly List<ArmResult> _results = [];
    private readonly List<SkippedArm> _skipped = [];
    private readonly List<FoundTicket> _tickets = [];
    private readonly List<HeldArm> _held = [];

    /// <summary>Reads the base and all data; nothing is written yet.</summary>
    /// <param name="plan">The experiment.</param>
    /// <param name="folder">Where it goes, in a folder that exists.</param>
    /// <param name="device">Where it is computed.</param>
    /// <exception cref="InvalidDataException">Pairs are damaged, empty, too long or not of the base's vocabulary; names file and
    /// line.</exception>
    /// <exception cref="ArgumentException">The template needs a language that a task does not name, or the tokenizer has no end
    /// token.</exception>
    /// <exception cref="IOException">A file is absent or cannot be read.</exception>
    /// <exception cref="NotSupportedException">The base is no LLaMA-type model that is computed here.</exception>
    public ExperimentRun(ExperimentPlan plan, string folder, ComputeDevice device) : this(plan, folder, device, observer: null)
    {
    }

    /// <summary>The same for an observer, who hears how it goes.</summary>
    internal ExperimentRun(ExperimentPlan plan, string folder, ComputeDevice device, IExperimentObserver? observer)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(device);
        (Plan, _folder, _observer) = (plan.WithControls(), folder, observer);
        _base = new(Plan, device);
        try
        {
            Stops = StopTokens.Of(_base.Config, _base.Tokenizer, plan.StopIds, plan.StopTexts);
            _tasks = [.. Plan.Tasks.Select(task => TaskData.Read(task, Plan, _base.Tokenizer, _base.Config))];
            foreach (ExperimentArm arm in Plan.Arms)
                if (arm.Text is { } text && _base.Tokenizer.Encode(text).Length == 0)
                    throw new ArgumentException($"the arm {arm.Name}: its text has no token. Give a text that the tokenizer knows.",
                        nameof(plan));
        }
        catch
        {
            _base.Dispose();
            throw;
        }
    }

    /// <summary>What ends the texts that are scored.</summary>
    internal StopTokens Stops { get; }

    /// <summary>The parameters of adapters of rank 1.</summary>
    internal long ParametersOfRank => ExperimentBase.ParametersOfRank(_base.Config);

    /// <summary>What there is to know of how the base and its configuration were read.</summary>
    public IReadOnlyList<string> Notes => [.. _base.Checkpoint.Notes, .. _base.Config.Notes];

    /// <summary>The tokenizer of all models.</summary>
    public Tokenizer Tokenizer => _base.Tokenizer;

    /// <summary>The experiment, with <see cref="ExperimentPlan.WithControls">controls of each ticket's size</see>.</summary>
    public ExperimentPlan Plan { get; }

    /// <summary>The part of it that is run here.</summary>
    public ExperimentPart Part { get; init; } = ExperimentPart.Whole;

    /// <summary>Processes that share the arms, each with this plan, folder and part: as if each were started by itself, but that all end
    /// together, and the first alone writes the comparisons. Trainings are not divided.</summary>
    public RankGroup Ranks { get; init; } = RankGroup.Alone;

    /// <summary>The results so far, in the order in which they came.</summary>
    public IReadOnlyList<ArmResult> Results => _results;

    /// <summary>Each arm against each control, once all arms are done.</summary>
    public IReadOnlyList<ArmComparison> Comparisons { get; private set; } = [];

    /// <summary>The arms that could not be run.</summary>
    internal IReadOnlyList<SkippedArm> Skipped => _skipped;

    /// <summary>The arms that other processes still worked on at the end.</summary>
    internal IReadOnlyList<HeldArm> Held => _held;

    /// <summary>The tickets.</summary>
    internal IReadOnlyList<FoundTicket> Tickets => _tickets;

    /// <summary>The test pairs of each task, by the task's name, and how many of their sources are also trained on.</summary>
    public IReadOnlyDictionary<string, (int Count, int Repeated)> TestPairs =>
        _tasks.ToDictionary(t => t.Task.Name, t => (t.Test.Count, t.Repeated));

    /// <summary>Runs what is not done yet.</summary>
    /// <param name="cancellationToken">Stops between parts of a step; a training's state is saved.</param>
    /// <exception cref="InvalidDataException">What stands in the folder has other settings; names the first.</exception>
    /// <exception cref="ArgumentException">There are more parts than pairs of task and seed.</exception>
    /// <exception cref="IOException">
    /// A file cannot be read or written, or another process runs another experiment in the folder.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled; a run of the same plan in the same folder goes on.</exception>
    public void Run(CancellationToken cancellationToken = default)
    {
        ArmGroup[] groups = Groups();
        _base.Fingerprint = Fingerprint.OfTensor(_base.Embedding, FingerprintKind.Tree, cancellationToken);
        CheckpointAgreement.ThrowIfDifferent(Ranks, [_base.Checkpoint], cancellationToken);
        RankAgreement.ThrowIfDifferent(Ranks, ("the device", _base.Device.Operations.Name), ("the base", _base.Fingerprint),
            ("the part", Part.ToString()));
        Directory.CreateDirectory(_folder);
        ArmLocks locks = new(_folder);
        using (locks.Take(TablesLock, cancellationToken)) WritePlan(locks, cancellationToken);
        ArmFolders folders = new(_folder);
        ArmQueue queue = new(_base, new ArmMaker(_base, folders, _observer), locks, _observer)
        {
            WaitsForOthers = Ranks.Size > 1,
            Found = _tickets.Add,
            Scored = result =>
            {
                _results.Add(result);
                using (locks.Take(TablesLock, cancellationToken)) ExperimentTables.WriteResults(_folder, _results, Plan, cancellationToken);
                _observer?.OnScored(result);
            },
            Skipped = skipped =>
            {
                _skipped.Add(skipped);
                _observer?.OnSkipped(skipped);
            },
        };
        _held.AddRange(queue.Run(groups, Pause, cancellationToken));
        // Nobody takes the locks away while another still looks for what it waits for.
        Ranks.Barrier();
        if (Part.Count > 1 || _held.Count > 0 || !Ranks.Writes) return;
        using (locks.Take(TablesLock, cancellationToken)) WriteFindings(_folder, groups, folders, cancellationToken);
        locks.Remove();
    }

    /// <summary>Gathers parts that were run in other folders into a new one, whose bytes are those of a run of the whole.</summary>
    /// <param name="parts">The folders of the parts.</param>
    /// <param name="cancellationToken">Stops; nothing is left behind.</param>
    /// <exception cref="InvalidDataException">
    /// A part is of another plan, base or device, two have other results for one arm, or an arm is in none; names the part and what
    /// differs.
    /// </exception>
    /// <exception cref="IOException">A part cannot be read, or the folder cannot be written or is not empty.</exception>
    public void Collect(IReadOnlyList<string> parts, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parts);
        ArmFolders folders = new(_folder);
        foreach (string part in parts)
        {
            string file = Path.Combine(part, ExperimentFile.FileName);
            if (!File.Exists(file)) throw new FileNotFoundException($"{part}: no {ExperimentFile.FileName} in it. {Remedy.NameParts}.");
            ExperimentFile.ThrowIfOther(file, Plan);
            folders.Collect(part);
        }
        using StagedFolder target = new(_folder, [.. parts]);
        _base.Fingerprint = Fingerprint.OfTensor(_base.Embedding, FingerprintKind.Tree, cancellationToken);
        ArmCollection collection = new(_base, new ArmMaker(_base, folders, observer: null))
        {
            Found = _tickets.Add,
            Scored = _results.Add,
            Skipped = _skipped.Add,
        };
        ArmGroup[] groups = Groups();
        collection.Run(groups, cancellationToken);
        folders.CopyTo(target.Staging, cancellationToken);
        ExperimentFile.Write(Path.Combine(target.Staging, ExperimentFile.FileName), Plan, cancellationToken);
        ExperimentTables.WriteResults(target.Staging, _results, Plan, cancellationToken);
        WriteFindings(target.Staging, groups, folders, cancellationToken);
        target.Commit(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _base.Dispose();

    private ArmGroup[] Groups() =>
        [.. Part.Of(Plan).Select(pair => new ArmGroup(_base, _tasks.First(t => t.Task == pair.Task), pair.Seed))];

    /// <summary>Writes the plan; a file that says the same stays: it may be the one that the plan was read from.</summary>
    private void WritePlan(ArmLocks locks, CancellationToken cancel)
    {
        string own = Path.Combine(_folder, ExperimentFile.FileName);
        if (File.Exists(own))
        {
            if (ExperimentFile.Says(own, Plan)) return;
            if (locks.FirstHolder(except: TablesLock) is { } holder)
                throw new IOException($"{own}: process {holder.ProcessId} on {holder.Host} runs another experiment in this folder. "
                    + "Let it end before arms or seeds are added, or name another folder.");
        }
        ExperimentFile.Write(own, Plan, cancel);
    }

    private void WriteFindings(string folder, ArmGroup[] groups, ArmFolders folders, CancellationToken cancel)
    {
        ArmComparisons comparisons = new(Plan, folders);
        Comparisons = [.. Plan.Tasks.SelectMany(task =>
            comparisons.Of([.. groups.Where(g => g.Task.Task == task)], _results, cancel))];
        ExperimentTables.WriteComparisons(folder, Comparisons, cancel);
        FoundTicket[] inOrder = [.. Plan.Seeds.SelectMany(seed => Plan.Tasks.Select(task => (seed, task.Name)))
            .SelectMany(pair => _tickets.Where(t => (t.Seed, t.Task) == pair))];
        ExperimentTables.WriteFindings(folder, inOrder, _tasks, _base.Tokenizer.Names, cancel);
    }
}
