namespace KsLottery.Engine.Experiments;

/// <summary>Takes the arms that stand in collected parts, and computes none.</summary>
/// <param name="baseModel">What arms begin from.</param>
/// <param name="maker">Reads them.</param>
internal sealed class ArmCollection(ExperimentBase baseModel, ArmMaker maker)
{
    private const int MaxNamed = 5;

    /// <summary>Reports every ticket.</summary>
    public required Action<FoundTicket> Found { get; init; }

    /// <summary>Reports every arm.</summary>
    public required Action<ArmResult> Scored { get; init; }

    /// <summary>Reports every arm that could not be run.</summary>
    public required Action<SkippedArm> Skipped { get; init; }

    /// <exception cref="InvalidDataException">An arm is in no part, or one is of other settings; names them.</exception>
    public void Run(IReadOnlyList<ArmGroup> groups, CancellationToken cancel)
    {
        List<string> missing = [];
        foreach ((ArmGroup group, ExperimentArm arm) in ArmQueue.Order(baseModel.Plan, groups))
        {
            cancel.ThrowIfCancellationRequested();
            if (!TryTake(group, arm, cancel))
                missing.Add($"{group.Task.Task.Name}{(arm.Method == ArmMethod.Base ? "" : $", seed {group.Seed}")}, {arm.Name}");
        }
        if (missing.Count > 0)
            throw new InvalidDataException(
                $"{missing.Count} {(missing.Count == 1 ? "arm is" : "arms are")} done in none of the parts: "
                    + $"{string.Join("; ", missing.Take(MaxNamed))}"
                + $"{(missing.Count > MaxNamed ? "; …" : "")}. Name all parts, or {Remedy.ResumeParts}.");
    }

    private bool TryTake(ArmGroup group, ExperimentArm arm, CancellationToken cancel)
    {
        if (group.NeedsTicket(arm) && group.Found is null)
        {
            if (maker.DivergenceOf(group.FolderOf(baseModel.EmbeddingArm)) is { } cause) return Skip(group, arm, cause);
            if (!maker.IsTrained(group.FolderOf(baseModel.EmbeddingArm))) return false;
            maker.Train(baseModel.EmbeddingArm, group, null, "", cancel);
            Found(group.Found = maker.Find(group, cancel));
        }
        try
        {
            string folder = group.FolderOf(arm);
            if (!maker.IsScored(folder))
            {
                string? cause = maker.DivergenceOf(arm.Method == ArmMethod.RandomDelta ? group.FolderOf(group.TunedOf(arm)) : folder);
                if (cause is not null) return Skip(group, arm, cause);
                // A part writes nothing of an arm that it left out; that there are no rows for it is seen again here.
                if (arm.TakesTicket || arm.Preset.TakesText) group.Rows.Of(arm);
                return false;
            }
            Scored(maker.Run(arm, group, cancel));
        }
        catch (ArmSkippedException reason)
        {
            Skip(group, arm, reason.Message);
        }
        return true;
    }

    private bool Skip(ArmGroup group, ExperimentArm arm, string reason)
    {
        Skipped(new(group.Task.Task.Name, group.Seed, arm, reason));
        return true;
    }
}
