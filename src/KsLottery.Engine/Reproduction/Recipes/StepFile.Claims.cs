using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;

namespace KsLottery.Engine.Reproduction;

/// <content>Claims.</content>
internal static partial class StepFile
{
    private enum ClaimKey
    {
        Says, Arm, Of, Than, Task, Measure, AtLeast, Below, By, Outside, NotRun, Card, ThanTask, IsAtLeast, IsAtMost, Ticket, MaxShare,
        Overlap, MaxTimesChance,
    }

    /// <summary>Reads a claim.</summary>
    public static RecipeClaim ReadClaim(string path, JsonPlace place)
    {
        PlanSection<ClaimKey> claim = new(path, place);
        string says = claim.Required(ClaimKey.Says);
        if (claim.Text(ClaimKey.NotRun) is { } why) return new OpenClaim(says, why);
        if (claim.Text(ClaimKey.Ticket) is { } ticket)
            return new SizeClaim(says, ticket, (double)(ReadShare(claim, ClaimKey.MaxShare)
                ?? throw claim.Wrong(ClaimKey.MaxShare, "Say how large a part it may be: 0.5%, for instance")).Value);
        if (claim.List(ClaimKey.Overlap) is { } overlap)
            return overlap is [var one, var other]
                ? new OverlapClaim(says, one.Text(), other.Text(), claim.Number(ClaimKey.MaxTimesChance, n => n > 0, AboveZero)
                    ?? throw claim.Wrong(ClaimKey.MaxTimesChance, AboveZero))
                : throw claim.Wrong(ClaimKey.Overlap, "name two tickets");
        string arm = claim.Required(ClaimKey.Arm);
        if (claim.List(ClaimKey.Outside) is { } outside) return new UnchangedClaim(says, arm, [.. outside.Select(o => o.Text())]);
        return ReadMeasured(claim, says, arm) with { Card = claim.Text(ClaimKey.Card) };
    }

    private static MeasuredClaim ReadMeasured(PlanSection<ClaimKey> claim, string says, string arm)
    {
        string task = claim.Required(ClaimKey.Task), measure = claim.Required(ClaimKey.Measure);
        string[] measures = [.. claim.Text(ClaimKey.Card) is null ? StepResult.Measures.Select(m => m.Name)
            : CardMeasures.All.Select(m => m.Name)];
        if (!measures.Contains(measure)) throw claim.Wrong(ClaimKey.Measure, $"it must be one of {string.Join(", ", measures)}");
        if (measure == StepResult.PeakName && claim.Text(ClaimKey.Than) is not null)
            throw claim.Wrong(ClaimKey.Than, $"{measure} is claimed as a share: name the other step as \"of\"");
        if (claim.Text(ClaimKey.Than) is { } than)
            return new DifferenceClaim(says, arm, than, task, measure, Number(ClaimKey.By) ?? 0)
            {
                ThanTask = claim.Text(ClaimKey.ThanTask),
            };
        double? isAtLeast = Number(ClaimKey.IsAtLeast), isAtMost = Number(ClaimKey.IsAtMost);
        double? atLeast = Number(ClaimKey.AtLeast), below = Number(ClaimKey.Below);
        if (((double?[])[isAtLeast, isAtMost, atLeast, below]).Count(n => n is not null) != 1)
            throw claim.Wrong(ClaimKey.AtLeast, "give it or below, is_at_least or is_at_most, one of the four");
        return (isAtLeast ?? isAtMost) is { } level ? new LevelClaim(says, arm, task, measure, level, isAtMost is not null)
            : new GainClaim(says, arm, claim.Required(ClaimKey.Of), task, measure, (atLeast ?? below)!.Value, below is not null);

        double? Number(ClaimKey key) => claim.Number(key, n => n >= 0, "it must be a number from 0");
    }
}
