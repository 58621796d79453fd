using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Reproduction;

/// <content>The verdicts of claims.</content>
public sealed partial class ReproductionRun
{
    private ClaimFigures Judge(RecipeClaim claim) => claim switch
    {
        GainClaim gain => VerdictRule.OfShares(Gains(gain, gain.Arm), Gains(gain, gain.Of), gain.Bound, gain.IsBelow),
        DifferenceClaim difference => VerdictRule.OfDifferences(Goods(difference, difference.Arm, difference.Task),
            Goods(difference, difference.Than, difference.ThanTask ?? difference.Task), difference.Margin),
        AgreementClaim same => VerdictRule.OfLevels([.. Values(same, same.Arm, same.Task).Zip(Values(same, same.Than, same.Task),
            (one, other) => Math.Abs(one - other))], same.Within, isAtMost: true),
        LevelClaim level => VerdictRule.OfLevels(Values(level, level.Arm, level.Task), level.Bound, level.IsAtMost),
        SizeClaim size => VerdictRule.OfLevels(Measured(size), size.MaxShare, isAtMost: true),
        OverlapClaim overlap => VerdictRule.OfLevels(Measured(overlap), overlap.Bound, overlap.IsAtMost),
        RankClaim rank => VerdictRule.OfCorrelations([.. recipe.Plan.Seeds.Select(seed => Correlate(rank, seed))], rank.Bound),
        UnchangedClaim unchanged => VerdictRule.OfChanges(Measured(unchanged)),
        OpenClaim => new(Verdict.NotRun, double.NaN, []),
        _ => throw new System.Diagnostics.UnreachableException($"{claim.GetType().Name} is not judged"),
    };

    private double[] Measured(RecipeClaim claim) => [.. recipe.Plan.Seeds.Select(s => _measured[(s, claim)])];

    /// <summary>The claim's measure of a step by seed; NaN where there is none.</summary>
    private double[] Values(MeasuredClaim claim, string step, string task) => [.. recipe.Plan.Seeds.Select(seed =>
        claim.Card is null ? Value(seed, step, task, claim.Measure)
            : _cards.FirstOrDefault(c => (c.Seed, c.Step) == (seed, claim.Card))?.Find(step, task) is { } cell
                ? CardMeasures.All.First(m => m.Name == claim.Measure).Get(cell) : double.NaN)];

    private double Value(ulong seed, string step, string task, string measure) => MeasureStep.AllMeasures.Contains(measure)
        ? _made.FirstOrDefault(m => (m.Seed, m.Step, m.Measure) == (seed, step, measure))?.Value ?? double.NaN
        : _results.FirstOrDefault(r => (r.Seed, r.Step, r.Task) == (seed, step, task)) is { } result
            ? StepResult.Measures.First(m => m.Name == measure).Get(result) : double.NaN;

    private double Correlate(RankClaim claim, ulong seed)
    {
        double[] ranked = Of(claim.Ranked),
            against = claim.Against is { } other ? Of(other) : [.. Enumerable.Range(1, ranked.Length).Select(i => (double)i)];
        return ranked.Concat(against).Any(double.IsNaN) ? double.NaN : RankCorrelation.Spearman(ranked, against);

        double[] Of(RankedSteps side) => [.. side.Steps.Select(step => Value(seed, step, side.Task, side.Measure))];
    }

    /// <summary>The same so that more is better.</summary>
    private double[] Goods(MeasuredClaim claim, string step, string task)
    {
        double sign = CardMeasures.IsCost(claim.Measure) ? -1 : 1;
        return [.. Values(claim, step, task).Select(v => sign * v)];
    }

    private double[] Gains(GainClaim claim, string step) =>
        [.. Goods(claim, step, claim.Task).Zip(Goods(claim, RecipeStep.Base, claim.Task), (one, before) => one - before)];
}
