using KsLottery.Engine.Reproduction;

namespace KsLottery.Engine.Tests.Reproduction;

/// <summary>The rule of verdicts, by numbers that were made up for it.</summary>
public sealed class VerdictRuleTests
{
    private static readonly double[] Whole = [10, 11, 10];

    [TestCase(new[] { 9.6, 10.6, 9.6 }, Verdict.Shown)]
    [TestCase(new[] { 9.5, 10.45, 9.5 }, Verdict.Shown, TestName = "At the bound itself")]
    [TestCase(new[] { 9.4, 11.5, 10.5 }, Verdict.NotShown, TestName = "In the mean and not in every seed")]
    [TestCase(new[] { 9.0, 10.0, 9.0 }, Verdict.ShownTheOtherWay)]
    [TestCase(new[] { 9.0, 10.9, 9.0 }, Verdict.NotShown, TestName = "Reversed in the mean and not in every seed")]
    [TestCase(new[] { 9.9, double.NaN, 9.9 }, Verdict.NotShown, TestName = "A NaN holds nothing")]
    [TestCase(new[] { 0.0, double.NaN, 0.0 }, Verdict.NotShown, TestName = "A NaN reverses nothing")]
    public void A_share_is_shown_where_it_holds_in_the_mean_and_in_every_seed(double[] gains, Verdict verdict)
    {
        Assert.That(VerdictRule.OfShares(gains, Whole, 0.95, isBelow: false).Verdict, Is.EqualTo(verdict));
        Verdict reverse = verdict switch
        {
            Verdict.Shown => Verdict.ShownTheOtherWay,
            Verdict.ShownTheOtherWay => Verdict.Shown,
            _ => verdict,
        };
        Assert.That(VerdictRule.OfShares(gains, Whole, 0.95, isBelow: true).Verdict, Is.EqualTo(reverse), "below the bound instead");
    }

    [TestCase(new[] { 10.0, 14.0, 12.0 }, Verdict.Shown, TestName = "Six deviations")]
    [TestCase(new[] { 3.0, 6.0, 9.0 }, Verdict.Void, TestName = "Two deviations")]
    [TestCase(new[] { 2.0, 3.0, 4.0 }, Verdict.Shown, TestName = "Three deviations")]
    [TestCase(new[] { -1.0, 1.0, 0.0 }, Verdict.Void, TestName = "No gain at all")]
    [TestCase(new[] { 0.0, 0.0, 0.0 }, Verdict.NotShown, TestName = "Nothing moved, and there is no share of it")]
    [TestCase(new[] { -5.0, -5.1, -5.0 }, Verdict.Void, TestName = "The whole is a loss")]
    [TestCase(new[] { 10.0, double.NaN, 10.0 }, Verdict.Void, TestName = "A NaN in the whole")]
    [TestCase(new[] { 10.0 }, Verdict.Void, TestName = "One seed has no spread")]
    public void A_share_is_void_where_the_whole_is_under_three_deviations_of_the_seeds(double[] whole, Verdict verdict) =>
        Assert.That(VerdictRule.OfShares(whole, whole, 0.95, isBelow: false).Verdict, Is.EqualTo(verdict));

    [Test]
    public void The_mean_is_that_of_gains_over_that_of_wholes()
    {
        ClaimFigures figures = VerdictRule.OfShares([5, 10, 9], [10, 10, 10], 0.95, isBelow: false);
        Assert.That(figures.Mean, Is.EqualTo(0.8).Within(1e-15));
        Assert.That(figures.Seeds, Is.EqualTo(new[] { 0.5, 1, 0.9 }));
    }

    [TestCase(new[] { 3.0, 2.0, 2.5 }, 1.0, Verdict.Shown)]
    [TestCase(new[] { 3.0, 1.5, 2.5 }, 1.0, Verdict.NotShown)]
    [TestCase(new[] { 1.0, 1.0, 1.0 }, 0.0, Verdict.NotShown, TestName = "Equal is not better")]
    [TestCase(new[] { 0.0, -1.0, 0.0 }, 1.0, Verdict.ShownTheOtherWay)]
    [TestCase(new[] { 3.0, double.NaN, 3.0 }, 1.0, Verdict.NotShown)]
    public void A_difference_is_shown_where_every_seed_has_the_margin(double[] values, double margin, Verdict verdict) =>
        Assert.That(VerdictRule.OfDifferences(values, [1, 1, 1], margin).Verdict, Is.EqualTo(verdict));

    [TestCase(new[] { 2.0, 1.0 }, Verdict.Shown)]
    [TestCase(new[] { 2.0, 2.1 }, Verdict.NotShown, TestName = "One seed is above")]
    [TestCase(new[] { 2.1, 3.0 }, Verdict.ShownTheOtherWay)]
    [TestCase(new[] { 1.0, double.NaN }, Verdict.NotShown, TestName = "A NaN keeps no bound")]
    [TestCase(new double[0], Verdict.NotShown, TestName = "No seed keeps no bound")]
    public void A_level_is_shown_where_every_seed_keeps_the_bound(double[] values, Verdict verdict)
    {
        Assert.That(VerdictRule.OfLevels(values, 2, isAtMost: true).Verdict, Is.EqualTo(verdict));
        Assert.That(VerdictRule.OfLevels([.. values.Select(v => -v)], -2, isAtMost: false).Verdict, Is.EqualTo(verdict), "the other bound");
    }

    [TestCase(new[] { 0.5, 1.0, 0.9 }, Verdict.Shown)]
    [TestCase(new[] { 0.4, 1.0, 0.9 }, Verdict.NotShown, TestName = "One seed is under the bound")]
    [TestCase(new[] { -0.5, -1.0 }, Verdict.ShownTheOtherWay)]
    [TestCase(new[] { -0.4, -1.0 }, Verdict.NotShown, TestName = "Reversed in one seed alone")]
    [TestCase(new[] { 0.9, double.NaN }, Verdict.NotShown, TestName = "A measure that never changes")]
    [TestCase(new double[0], Verdict.NotShown, TestName = "No seed")]
    public void A_rank_correlation_is_shown_where_every_seed_reaches_it(double[] values, Verdict verdict)
    {
        Assert.That(VerdictRule.OfCorrelations(values, 0.5).Verdict, Is.EqualTo(verdict));
        Assert.That(VerdictRule.OfCorrelations([.. values.Select(v => -v)], -0.5).Verdict, Is.EqualTo(verdict), "of a falling one");
    }

    [TestCase(new[] { 0.0, 0.0 }, Verdict.Shown)]
    [TestCase(new[] { 0.0, 1.0 }, Verdict.NotShown)]
    [TestCase(new[] { 2.0, 1.0 }, Verdict.ShownTheOtherWay)]
    [TestCase(new[] { 0.0, double.NaN }, Verdict.NotShown)]
    [TestCase(new double[0], Verdict.NotShown)]
    public void Bits_are_unchanged_where_no_seed_changed_one(double[] changed, Verdict verdict) =>
        Assert.That(VerdictRule.OfChanges(changed).Verdict, Is.EqualTo(verdict));

    [TestCase(new[] { Verdict.Shown, Verdict.Shown }, Verdict.Shown)]
    [TestCase(new[] { Verdict.ShownTheOtherWay, Verdict.ShownTheOtherWay }, Verdict.ShownTheOtherWay)]
    [TestCase(new[] { Verdict.Shown, Verdict.ShownTheOtherWay }, Verdict.NotShown)]
    [TestCase(new[] { Verdict.Shown, Verdict.NotRun }, Verdict.NotShown)]
    [TestCase(new[] { Verdict.Void, Verdict.Void }, Verdict.NotShown)]
    [TestCase(new Verdict[0], Verdict.NotShown)]
    public void A_system_is_shown_where_all_its_claims_are(Verdict[] claims, Verdict verdict) =>
        Assert.That(VerdictRule.Of(claims), Is.EqualTo(verdict));

    [Test]
    public void Seeds_that_do_not_pair_are_refused() =>
        Assert.Throws<ArgumentException>(() => VerdictRule.OfShares([1, 2], [1], 0.95, isBelow: false));
}
