using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Experiments;

/// <summary>Holds each arm of an experiment against each control, from the <c>segments.tsv</c> of both.</summary>
/// <param name="plan">The plan, with its controls.</param>
/// <param name="folders">Where the arms stand.</param>
internal sealed class ArmComparisons(ExperimentPlan plan, ArmFolders folders)
{
    /// <summary>Compares the arms of one task.</summary>
    /// <param name="groups">The task's seeds.</param>
    /// <param name="results">What was scored.</param>
    /// <param name="cancel">Stops between arms.</param>
    public IEnumerable<ArmComparison> Of(IReadOnlyList<ArmGroup> groups, IReadOnlyList<ArmResult> results, CancellationToken cancel)
    {
        string task = groups[0].Task.Task.Name;
        PairedBootstrap bootstrap = new(groups[0].Task.Test.Count);
        Dictionary<(ExperimentArm, ulong), (ResampledScore Bleu, ResampledScore Loss)> known = [];
        foreach (ExperimentArm arm in plan.Arms.Where(a => !IsControl(a)))
            foreach (ExperimentArm control in plan.Arms.Where(c => IsControlOf(c, arm)))
            {
                ulong[] seeds = [.. plan.Seeds.Where(seed => IsScored(arm, seed) && IsScored(control, seed))];
                ArmGroup[] both = [.. groups.Where(g => seeds.Contains(g.Seed))];
                if (both.Length == 0) continue;
                cancel.ThrowIfCancellationRequested();
                var ones = both.Select(g => Read(arm, g)).ToArray();
                var others = both.Select(g => Read(control, g)).ToArray();
                yield return new(task, arm, control,
                    bootstrap.CompareResampled([.. ones.Select(s => s.Bleu)], [.. others.Select(s => s.Bleu)]),
                    bootstrap.CompareResampled([.. ones.Select(s => s.Loss)], [.. others.Select(s => s.Loss)]),
                    both.Length, groups[0].Task.Test.Count);
            }

        bool IsScored(ExperimentArm arm, ulong seed) =>
            results.Any(r => r.Task == task && r.Arm == arm && (r.Seed == seed || arm.Method == ArmMethod.Base));

        (ResampledScore Bleu, ResampledScore Loss) Read(ExperimentArm arm, ArmGroup group)
        {
            if (known.TryGetValue((arm, group.Seed), out (ResampledScore, ResampledScore) scores)) return scores;
            string path = Path.Combine(folders.Place(group.FolderOf(arm)), ArmSegments.FileName);
            ArmSegments segments = ArmSegments.Read(path);
            if (segments.Bleu.Count != groups[0].Task.Test.Count)
                throw new InvalidDataException($"{path}: it has {segments.Bleu.Count} lines, the task {groups[0].Task.Test.Count} test "
                    + $"pairs. Delete it and {ArmScoring.ScoresName} beside it, and they are made again.");
            return known[(arm, group.Seed)] = (bootstrap.Sample(segments.Bleu), bootstrap.Sample(segments.Loss));
        }
    }

    private static bool IsControl(ExperimentArm arm) => arm.IsControl || arm.Method is ArmMethod.Base or ArmMethod.Token;

    /// <summary>A control of a ticket's size is held against the arms of that ticket, and of those without a ticket.</summary>
    private bool IsControlOf(ExperimentArm control, ExperimentArm arm) => IsControl(control)
        && (!arm.TakesTicket || !control.IsControl || !plan.ControlledBy(control).Any() || plan.ControlledBy(control).Contains(arm));
}
