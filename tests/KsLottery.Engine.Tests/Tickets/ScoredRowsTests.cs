using KsLottery.Engine.Rows;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Tests.Tickets;

public sealed class ScoredRowsTests
{
    [Test]
    public void A_row_wins_from_the_critical_count_on()
    {
        ScoredRows rows = new(SmallMatrices.Scan([.. Enumerable.Range(0, 9).Select(SmallMatrices.Lifted)]));
        // C(16, 8) = 12,870: p(6) = 2 C(16,2) / 12,870 = 0.0186, p(5) = 2 C(16,3) / 12,870 = 0.0870.
        Assert.That((rows.CriticalCount, rows.Tested, rows.Method), Is.EqualTo((6, 9, KsMethod.Exact)));
        Assert.That(rows.RankBelowAlpha(), Is.EqualTo(new[] { 8, 7, 6 }));
        Assert.That(rows.SelectBelowAlpha(), Is.EqualTo(new[] { 6, 7, 8 }));
        Assert.That(rows.CountBelowAlpha(), Is.EqualTo(3));
        Assert.That(rows[6].PValue, Is.EqualTo(240 / 12870.0).Within(1e-14));
        Assert.That((rows[6].Id, rows[6].Statistic, rows[6].Row.Sign), Is.EqualTo((6, 0.75, (sbyte)1)));
    }

    [Test]
    public void Equal_counts_rank_by_relative_change_and_then_by_id()
    {
        float[] far = [.. SmallMatrices.Lifted(7).Select(x => x > 100 ? x + 50 : x)];
        ScoredRows rows = new(SmallMatrices.Scan(SmallMatrices.Lifted(7), SmallMatrices.Lifted(8), far, SmallMatrices.Lifted(7)));
        Assert.That(rows.RankBelowAlpha(), Is.EqualTo(new[] { 1, 2, 0, 3 }));
    }

    [Test]
    public void Rows_with_a_NaN_are_no_tests_and_no_winners()
    {
        float[] broken = SmallMatrices.Lifted(8);
        broken[3] = float.NaN;
        TicketSelection selection = new BelowAlpha { Adjustment = PValueAdjustment.Bonferroni };
        ScoredRows rows = new(SmallMatrices.Scan(SmallMatrices.Lifted(8), broken, SmallMatrices.Lifted(0)), selection);
        Assert.That(rows.Tested, Is.EqualTo(2));
        Assert.That(rows[0].AdjustedPValue, Is.EqualTo(2 * rows[0].PValue).Within(1e-15), "m is 2, not 3");
        Assert.That(rows.RankBelowAlpha(), Is.EqualTo(new[] { 0 }));
        Assert.That(rows.RankTop(10), Is.EqualTo(new[] { 0 }));
        Assert.That((rows[1].Statistic, rows[1].PValue, rows[1].AdjustedPValue), Is.EqualTo((double.NaN, double.NaN, double.NaN)));
        Assert.That(rows.Scan.NonFinite, Is.EqualTo(1));
    }

    [Test]
    public void Rows_with_an_infinity_before_or_after_are_no_tests_and_no_winners()
    {
        float[] infinite = SmallMatrices.Lifted(8);
        infinite[3] = float.PositiveInfinity;
        ScoredRows rows = new(SmallMatrices.Scan(
            before: [SmallMatrices.Steps, SmallMatrices.Steps, infinite], tuned: [SmallMatrices.Lifted(7), infinite, SmallMatrices.Steps]));
        Assert.That(rows.Scan.Rows.Select(row => row.Count), Is.EqualTo(new[] { 7, 8, 8 }), "an infinity is an ordinary value of the test");
        Assert.That((rows.Tested, rows.CountBelowAlpha(), rows.IsBelowAlpha(1), rows.Scan.LargestCount), Is.EqualTo((1, 1, false, 7)));
        Assert.That((rows.RankBelowAlpha().Single(), rows.RankTop(10).Single()), Is.EqualTo((0, 0)));
        Assert.That((rows[1].Statistic, rows[1].PValue, rows[2].AdjustedPValue), Is.EqualTo((1.0, double.NaN, double.NaN)));
        Assert.That(rows.Scan.Find(RowState.NonFinite), Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public void With_a_correction_exactly_the_rows_whose_adjusted_p_is_below_alpha_win(
        [Values(PValueAdjustment.Bonferroni, PValueAdjustment.Holm, PValueAdjustment.BenjaminiHochberg)] PValueAdjustment adjustment,
        [Values(0.002, 0.01, 0.05, 0.3)] double alpha)
    {
        int[] counts = [8, 7, 7, 6, 6, 5, 5, 5, 4, 3, 2, 1, 0, 0, 0];
        RowScanResult scan = SmallMatrices.Scan([.. counts.Select(SmallMatrices.Lifted)]);
        ScoredRows rows = new(scan, new BelowAlpha { Adjustment = adjustment, Alpha = alpha });
        double[] log10 = [.. Enumerable.Range(0, counts.Length).Select(id => rows[id].Log10PValue)], adjusted = new double[counts.Length];
        MultipleTesting.Adjust(log10, adjustment, adjusted);
        for (int id = 0; id < counts.Length; id++)
        {
            Assert.That(rows[id].Row.Count, Is.EqualTo(counts[id]));
            Assert.That(rows[id].Log10AdjustedPValue, Is.EqualTo(adjusted[id]), $"row {id}");
            Assert.That(rows.IsBelowAlpha(id), Is.EqualTo(adjusted[id] < Math.Log10(alpha)), $"row {id}");
        }
    }

    [Test]
    public void Without_a_correction_the_adjusted_column_is_Benjamini_and_Hochbergs_and_selects_nothing()
    {
        int[] counts = [8, 6, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        ScoredRows rows = new(SmallMatrices.Scan([.. counts.Select(SmallMatrices.Lifted)]));
        Assert.That(rows.Selection.ColumnAdjustment, Is.EqualTo(PValueAdjustment.BenjaminiHochberg));
        Assert.That(rows[1].AdjustedPValue, Is.EqualTo(rows[1].PValue * 12 / 3).Within(1e-14) & Is.GreaterThan(0.05));
        Assert.That(rows.RankBelowAlpha(), Is.EqualTo(new[] { 0, 1, 2 }));
    }

    [Test]
    public void A_p_that_a_correction_leaves_as_it_is_keeps_all_digits_and_alpha_itself_does_not_win([Range(1, 8)] int h)
    {
        RowScanResult scan = SmallMatrices.Scan(SmallMatrices.Lifted(h));
        ScoredRow row = new ScoredRows(scan)[0];
        Assert.That((row.AdjustedPValue, row.Log10AdjustedPValue), Is.EqualTo((row.PValue, row.Log10PValue)));
        if (!(row.PValue < 1 && Math.Log10(row.PValue) == row.Log10PValue)) return;
        ScoredRows corrected = new(scan, new BelowAlpha { Adjustment = PValueAdjustment.Bonferroni, Alpha = row.PValue });
        Assert.That(corrected.IsBelowAlpha(0), Is.False);
    }

    [Test]
    public void What_no_row_reaches_has_the_critical_count_that_the_best_row_would_need()
    {
        RowScanResult scan = SmallMatrices.Scan(SmallMatrices.Lifted(3), SmallMatrices.Lifted(1), SmallMatrices.Lifted(0));
        Assert.That(new ScoredRows(scan, new BelowAlpha { Adjustment = PValueAdjustment.Holm }).CriticalCount,
            Is.EqualTo(NullDistribution.ForEqualLengths(8).CriticalCount(0.05 / 3)));
        Assert.That(new ScoredRows(scan, new BelowAlpha { Alpha = 1e-9 }).CriticalCount, Is.EqualTo(9), "d + 1: no count at all");
    }

    [Test]
    public void Top_ranks_what_changed_its_distribution_and_nothing_else()
    {
        ScoredRows rows =
            new(SmallMatrices.Scan(SmallMatrices.Lifted(2), SmallMatrices.Lifted(0), SmallMatrices.Lifted(4), [8, 7, 6, 5, 4, 3, 2, 1]));
        Assert.That(rows.RankTop(1), Is.EqualTo(new[] { 2 }));
        Assert.That(rows.SelectTop(10), Is.EqualTo(new[] { 0, 2 }));
        Assert.That(rows.RankTop(10), Is.EqualTo(new[] { 2, 0 }), "an unchanged row and a permuted one have h = 0");
        Assert.That(rows.RankTop(0), Is.Empty);
        Assert.That(() => rows.RankTop(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Auto_is_asymptotic_for_rows_of_more_than_10000_values()
    {
        float[] before = [.. Enumerable.Range(0, 10_001).Select(i => (float)i)], after = [.. before.Select(x => x + 5000)];
        ScoredRows rows = new(SmallMatrices.Scan([before], [after]));
        Assert.That((rows.Method, rows[0].Row.Count), Is.EqualTo((KsMethod.Asymptotic, 5000)));
    }

    [Test]
    public void No_rows_at_all_are_no_winners()
    {
        ScoredRows rows = new(SmallMatrices.Scan(before: [], tuned: []), new BelowAlpha { Adjustment = PValueAdjustment.Bonferroni });
        Assert.That((rows.Tested, rows.CriticalCount, rows.RankBelowAlpha().Count, rows.RankTop(3).Count), Is.EqualTo((0, 9, 0, 0)));
    }

    [TestCase(0.0), TestCase(1.0), TestCase(-0.5), TestCase(double.NaN), TestCase(double.PositiveInfinity)]
    public void Alpha_lies_between_0_and_1(double alpha) =>
        Assert.That(() => new BelowAlpha { Alpha = alpha },
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("between 0 and 1"));

    [Test]
    public void Top_is_at_least_1() =>
        Assert.That(() => new TopUnits(0),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("at least 1"));
}
