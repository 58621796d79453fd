using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;

namespace KsLottery.Engine.Reproduction;

/// <content>Claims.</content>
internal static partial class StepFile
{
    private enum ClaimKey
    {
        Says, Arm, Of, Than, Task, Measure, AtLeast, Below, By, Outside, NotRun, Card, ThanTask, IsAtLeast, IsAtMost, Ticket, MaxShare,
        Overlap, MaxTimesChance, MinTimesChance, Rises, Falls, RankCorrelation, Within,
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
        if (claim.Find(ClaimKey.Overlap) is not null) return ReadOverlap(claim, says);
        foreach (ClaimKey key in (ReadOnlySpan<ClaimKey>)[ClaimKey.Rises, ClaimKey.Falls])
            if (claim.List(key) is { } ordered) return ReadOrdered(claim, says, key, ordered);
        if (claim.Find(ClaimKey.RankCorrelation) is { } sides) return ReadCorrelation(claim, says, sides);
        string arm = claim.Required(ClaimKey.Arm);
        if (claim.List(ClaimKey.Outside) is { } outside) return new UnchangedClaim(says, arm, [.. outside.Select(o => o.Text())]);
        return ReadMeasured(claim, says, arm) with { Card = claim.Text(ClaimKey.Card) };
    }

    private static OverlapClaim ReadOverlap(PlanSection<ClaimKey> claim, string says)
    {
        if (claim.List(ClaimKey.Overlap) is not [var one, var other]) throw claim.Wrong(ClaimKey.Overlap, "name two tickets");
        string measure = claim.Text(ClaimKey.Measure) ?? TicketOverlap.Measures[0].Name;
        if (!TicketOverlap.Measures.Any(m => m.Name == measure))
            throw claim.Wrong(ClaimKey.Measure, $"it must be one of {string.Join(", ", TicketOverlap.Measures.Select(m => m.Name))}");
        ClaimKey[] bounds = [ClaimKey.MaxTimesChance, ClaimKey.MinTimesChance, ClaimKey.IsAtLeast, ClaimKey.IsAtMost];
        if (bounds.Where(key => claim.Find(key) is not null).ToArray() is not [var bound])
            throw claim.Wrong(ClaimKey.MaxTimesChance, "give it or min_times_chance, is_at_least or is_at_most, one of the four");
        return new(says, PlanSection<ClaimKey>.TextOf(one), PlanSection<ClaimKey>.TextOf(other), measure,
            claim.Number(bound, n => n > 0, AboveZero)!.Value, bound is ClaimKey.MaxTimesChance or ClaimKey.IsAtMost)
        {
            IsOverChance = bound is ClaimKey.MaxTimesChance or ClaimKey.MinTimesChance,
        };
    }

    private static RankClaim ReadOrdered(PlanSection<ClaimKey> claim, string says, ClaimKey key, IReadOnlyList<JsonPlace> steps)
    {
        if (steps.Count < 3) throw claim.Wrong(key, "name three steps or more, in their order");
        double bound = claim.Number(ClaimKey.IsAtLeast, n => n is > 0 and <= 1, "it must be a number above 0, at most 1") ?? 1;
        string measure = claim.Required(ClaimKey.Measure);
        ThrowIfUnknown(claim, measure);
        return new(says, new([.. steps.Select(PlanSection<ClaimKey>.TextOf)], measure, ReadTask(claim, measure)), null,
            key == ClaimKey.Rises ? bound : -bound);
    }

    private static RankClaim ReadCorrelation(PlanSection<ClaimKey> claim, string says, JsonPlace sides)
    {
        const string Rule = "give two measures, each with the steps that it is taken of, three or more and as many of both: "
            + "{ \"barrier\": [\"between 0\", …], \"loss\": [\"ticket 0\", …] }";
        if (sides.Value.ValueKind != JsonValueKind.Object || sides.Value.EnumerateObject().Count() != 2) throw sides.Wrong(Rule);
        RankedSteps[] ranked = [.. sides.Value.EnumerateObject().Select(side =>
        {
            ThrowIfUnknown(claim, side.Name);
            return sides.Find(side.Name) is { Value.ValueKind: JsonValueKind.Array } steps
                ? new RankedSteps([.. steps.Items().Select(PlanSection<ClaimKey>.TextOf)], side.Name,
                    MeasureStep.AllMeasures.Contains(side.Name) ? "" : claim.Required(ClaimKey.Task))
                : throw sides.Wrong(Rule);
        })];
        if (ranked[0].Steps.Count < 3 || ranked[0].Steps.Count != ranked[1].Steps.Count) throw sides.Wrong(Rule);
        double? atLeast = claim.Number(ClaimKey.IsAtLeast, n => n is > 0 and <= 1, "it must be a number above 0, at most 1");
        double? atMost = claim.Number(ClaimKey.IsAtMost, n => n is >= -1 and < 0, "it must be a number below 0, at least -1");
        if (atLeast is null == atMost is null) throw claim.Wrong(ClaimKey.IsAtLeast, "give it or is_at_most, one of the two");
        return new(says, ranked[0], ranked[1], (atLeast ?? atMost)!.Value);
    }

    private static MeasuredClaim ReadMeasured(PlanSection<ClaimKey> claim, string says, string arm)
    {
        string measure = claim.Required(ClaimKey.Measure);
        if (claim.Text(ClaimKey.Card) is null) ThrowIfUnknown(claim, measure);
        else if (!CardMeasures.All.Any(m => m.Name == measure))
            throw claim.Wrong(ClaimKey.Measure, $"it must be one of {string.Join(", ", CardMeasures.All.Select(m => m.Name))}");
        bool isMade = MeasureStep.AllMeasures.Contains(measure);
        string task = ReadTask(claim, measure);
        if (measure == StepResult.PeakName && claim.Text(ClaimKey.Than) is not null)
            throw claim.Wrong(ClaimKey.Than, $"{measure} is claimed as a share: name the other step as \"of\"");
        if (claim.Text(ClaimKey.Than) is { } same && Number(ClaimKey.Within) is { } within)
            return new AgreementClaim(says, arm, same, task, measure, within);
        if (claim.Text(ClaimKey.Than) is { } than)
            return new DifferenceClaim(says, arm, than, task, measure, Number(ClaimKey.By) ?? 0)
            {
                ThanTask = claim.Text(ClaimKey.ThanTask),
            };
        double? isAtLeast = Number(ClaimKey.IsAtLeast), isAtMost = Number(ClaimKey.IsAtMost);
        double? atLeast = Number(ClaimKey.AtLeast), below = Number(ClaimKey.Below);
        if (((double?[])[isAtLeast, isAtMost, atLeast, below]).Count(n => n is not null) != 1)
            throw claim.Wrong(ClaimKey.AtLeast, "give it or below, is_at_least or is_at_most, one of the four");
        if (isMade && (atLeast ?? below) is not null)
            throw claim.Wrong(atLeast is null ? ClaimKey.Below : ClaimKey.AtLeast,
                $"the base has no {measure}, over which a share could be gained: give is_at_least or is_at_most");
        return (isAtLeast ?? isAtMost) is { } level ? new LevelClaim(says, arm, task, measure, level, isAtMost is not null)
            : new GainClaim(says, arm, claim.Required(ClaimKey.Of), task, measure, (atLeast ?? below)!.Value, below is not null);

        double? Number(ClaimKey key) => claim.Number(key, n => n >= 0, "it must be a number from 0");
    }

    private static void ThrowIfUnknown(PlanSection<ClaimKey> claim, string measure)
    {
        string[] known = [.. StepResult.Measures.Select(m => m.Name), .. MeasureStep.AllMeasures];
        if (!known.Contains(measure)) throw claim.Wrong(ClaimKey.Measure, $"a measure must be one of {string.Join(", ", known)}");
    }

    /// <summary>The task of a measure; empty where a step makes the number, which says its task itself.</summary>
    private static string ReadTask(PlanSection<ClaimKey> claim, string measure) =>
        !MeasureStep.AllMeasures.Contains(measure) ? claim.Required(ClaimKey.Task)
        : claim.Find(ClaimKey.Task) is null ? "" : throw claim.Wrong(ClaimKey.Task, $"the step that makes {measure} says it: leave it out");
}
