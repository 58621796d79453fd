namespace KsLottery.Engine.Experiments;

/// <summary>Takes one arm after another that is not done, is held by no other process, and has what it needs.</summary>
/// <param name="baseModel">What arms begin from.</param>
/// <param name="maker">Makes them.</param>
/// <param name="locks">Their locks.</param>
/// <param name="observer">Hears how it goes.</param>
internal sealed class ArmQueue(ExperimentBase baseModel, ArmMaker maker, ArmLocks locks, IExperimentObserver? observer)
{
    private readonly List<HeldArm> _held = [];
    private bool _isWorthWaiting;

    /// <summary>Reports every ticket.</summary>
    public required Action<FoundTicket> Found { get; init; }

    /// <summary>Reports every arm that is done, whoever did it.</summary>
    public required Action<ArmResult> Scored { get; init; }

    /// <summary>Reports every arm that cannot be run.</summary>
    public required Action<SkippedArm> Skipped { get; init; }

    /// <summary>Whether it ends only when all arms are done, whoever does them.</summary>
    public bool WaitsForOthers { get; init; }

    /// <summary>Works until all arms are done or held by others; returns those.</summary>
    public IReadOnlyList<HeldArm> Run(IReadOnlyList<ArmGroup> groups, TimeSpan pause, CancellationToken cancel)
    {
        List<(ArmGroup Group, ExperimentArm Arm)> waiting = [.. Order(baseModel.Plan, groups)];
        bool isTold = false;
        while (waiting.Count > 0)
        {
            _held.Clear();
            _isWorthWaiting = false;
            int before = waiting.Count;
            // Each arm's end is removed by itself: an exception must not lose what is done.
            foreach ((ArmGroup Group, ExperimentArm Arm) next in waiting.ToArray())
            {
                cancel.ThrowIfCancellationRequested();
                if (TryRun(next.Group, next.Arm, cancel)) waiting.Remove(next);
            }
            if (waiting.Count < before) isTold = false;
            else if (!_isWorthWaiting) break;
            else
            {
                if (!isTold) observer?.OnWaiting([.. _held]);
                isTold = true;
                cancel.WaitHandle.WaitOne(pause);
            }
        }
        return waiting.Count == 0 ? [] : _held;
    }

    /// <summary>The arms of some groups, in the order in which one process takes them; the base once for a task.</summary>
    public static IEnumerable<(ArmGroup Group, ExperimentArm Arm)> Order(ExperimentPlan plan, IReadOnlyList<ArmGroup> groups) =>
        groups.SelectMany(group => plan.Arms.Where(a => a.Method != ArmMethod.Base || group.Seed == plan.Seeds[0])
            .Select(arm => (group, arm)));

    /// <summary>Whether an arm is done, or cannot be run at all.</summary>
    private bool TryRun(ArmGroup group, ExperimentArm arm, CancellationToken cancel)
    {
        string? folder = null;
        try
        {
            if (group.NeedsTicket(arm) && !TryFind(group, cancel)) return false;
            folder = group.FolderOf(arm);
            if (maker.IsScored(folder))
            {
                Tell(group, arm);
                Scored(maker.Run(arm, group, cancel));
                return true;
            }
            if (arm.Method == ArmMethod.RandomDelta && maker.DivergenceOf(group.FolderOf(group.TunedOf(arm))) is { } why)
                throw new ArmSkippedException(why);
            if (arm.Method == ArmMethod.RandomDelta && !maker.IsTrained(group.FolderOf(group.TunedOf(arm))))
            {
                _isWorthWaiting = true; // it is held, or it would have been done before
                return false;
            }
            using ArmLock? taken = locks.TryTake(folder, out LockHolder? holder, out bool isUndecided);
            if (taken is null)
            {
                Hold(group, arm, holder, isUndecided);
                return false;
            }
            Tell(group, arm);
            Scored(maker.Run(arm, group, cancel));
        }
        catch (ArmSkippedException reason)
        {
            Tell(group, arm);
            Skipped(new(group.Task.Task.Name, group.Seed, arm, reason.Message));
        }
        // Of a loss that is no number there is no model to score; the others go on.
        catch (NotFiniteNumberException fault)
        {
            maker.KeepDivergence(folder ?? group.FolderOf(baseModel.EmbeddingArm), fault.Message);
            Tell(group, arm);
            Skipped(new(group.Task.Task.Name, group.Seed, arm, fault.Message));
        }
        return true;
    }

    /// <summary>Embed Tuning and its ticket, unless another process trains it.</summary>
    private bool TryFind(ArmGroup group, CancellationToken cancel)
    {
        if (group.Found is not null) return true;
        ExperimentArm embedding = baseModel.EmbeddingArm;
        string folder = group.FolderOf(embedding);
        bool isTrained = maker.IsTrained(folder), isUndecided = false;
        LockHolder? holder = null;
        using (ArmLock? taken = isTrained ? null : locks.TryTake(folder, out holder, out isUndecided))
        {
            if (!isTrained && taken is null)
            {
                Hold(group, embedding, holder, isUndecided);
                _isWorthWaiting = true;
                return false;
            }
            observer?.OnArm(group.Task.Task.Name, group.Seed, embedding);
            maker.Train(embedding, group, null, "", cancel);
        }
        FoundTicket found = maker.Find(group, cancel);
        using (locks.Take(ArmFolders.NameOfTicket(group.Task.Task, group.Seed), cancel)) maker.Write(found, group, cancel);
        group.Found = found;
        Found(found);
        observer?.OnTicket(found);
        return true;
    }

    private void Tell(ArmGroup group, ExperimentArm arm) => observer?.OnArm(group.Task.Task.Name, SeedOf(group, arm), arm);

    private void Hold(ArmGroup group, ExperimentArm arm, LockHolder? holder, bool isUndecided)
    {
        HeldArm held = new(group.Task.Task.Name, SeedOf(group, arm), arm, holder?.ProcessId ?? 0, holder?.Host ?? "");
        if (!_held.Contains(held)) _held.Add(held);
        // A holder that has not said who it is has just begun or just ended.
        _isWorthWaiting |= WaitsForOthers || isUndecided || holder is null;
    }

    private static ulong? SeedOf(ArmGroup group, ExperimentArm arm) => arm.Method == ArmMethod.Base ? null : group.Seed;
}
