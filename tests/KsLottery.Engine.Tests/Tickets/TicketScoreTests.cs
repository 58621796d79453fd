using System.Runtime.Intrinsics;
using System.Text.Json;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Tests.Tickets;

public sealed class TicketScoreTests
{
    private const int Rows = 24, Columns = 70;

    private static float[] Values(ulong seed)
    {
        SplitMix64 random = new(seed);
        return [.. Enumerable.Range(0, Rows * Columns).Select(_ => (float)random.NextNormal())];
    }

    /// <summary>Row 3 is unchanged, row 5 was zero, row 7 holds an infinity.</summary>
    private static ScoreFixture Pair(ElementType type = ElementType.F32)
    {
        float[] before = Values(1), after = Values(2);
        before.AsSpan(3 * Columns, Columns).CopyTo(after.AsSpan(3 * Columns));
        before.AsSpan(5 * Columns, Columns).Clear();
        after[(7 * Columns) + 9] = float.NegativeInfinity;
        return new([Rows, Columns], before, after, type);
    }

    [Test]
    public void Elementwise_scores_are_those_of_the_golden_data()
    {
        int compared = 0;
        foreach (JsonElement one in ScoreFixture.Golden("scores.json").GetProperty("elementwise").EnumerateArray())
        {
            double[] after = ScoreFixture.Numbers(one.GetProperty("w")), before = ScoreFixture.Numbers(one.GetProperty("w_ref"));
            Compare<MagnitudeScore.TunedFormula>("magnitude");
            Compare<MovementFormula>("movement");
            Compare<MagnitudeIncreaseScore.Formula>("magnitude_increase");
            Compare<RelativeShiftScore.Formula>("relative_movement");

            void Compare<TFormula>(string name) where TFormula : IElementFormula
            {
                double[] expected = ScoreFixture.Numbers(one.GetProperty("expected").GetProperty(name));
                for (int i = 0; i < expected.Length; i++)
                {
                    double actual = TFormula.Of(Vector512.Create(before[i]), Vector512.Create(after[i]))[5];
                    Assert.That(actual, Is.EqualTo(expected[i]).Within(1e-15).Percent, $"{one.GetProperty("name")}: {name}");
                    compared++;
                }
            }
        }
        Assert.That(compared, Is.EqualTo(4 * (6 + 3 + 3 + 3 + 3 + 3 + 24)));
    }

    [Test]
    public void Rows_have_the_numbers_of_the_scan_with_or_without_one([Values(ElementType.F32, ElementType.BF16)] ElementType type)
    {
        using ScoreFixture pair = Pair(type);
        ScoreSource source = pair.Source(TicketUnit.Rows);
        RowScanResult scan = RowScan.Run(RowMatrix.FromTensor(source.Base), RowMatrix.FromTensor(source.Tuned!), new() { Threads = 1 });
        Compare("ks", row => (double)row.Count / Columns);
        Compare("shift", row => row.L2Delta);
        Compare("relative-shift", row => row.RelativeDelta);
        Compare("cosine", row => 1 - row.Cosine);
        Compare("tuned-magnitude", row => row.TunedNorm);
        Compare("magnitude-increase", row => row.TunedNorm - row.BaseNorm);
        double[] magnitudes = [.. scan.Rows.Select(row => row.BaseNorm)];
        Assert.That(TicketScore.Named("magnitude").Of(source).Values, Is.EqualTo(magnitudes), "the infinity is in the tuned tensor");

        void Compare(string name, Func<RowResult, double> score)
        {
            double[] expected = [.. scan.Rows.Select(row => row.State == RowState.NonFinite ? double.NaN : score(row))];
            Assert.That(TicketScore.Named(name).Of(source with { Scan = scan }, threads: 1).Values, Is.EqualTo(expected), name);
            Assert.That(TicketScore.Named(name).Of(source, threads: 2).Values, Is.EqualTo(expected), $"{name} without a scan");
        }
    }

    [Test]
    public void Movement_of_paired_rows_is_that_of_each_with_its_counterpart([Values] bool byText)
    {
        using ScoreFixture pair = Pair();
        ScoreSource source = pair.Source(TicketUnit.Rows);
        RowMatrix before = RowMatrix.FromTensor(source.Base), after = RowMatrix.FromTensor(source.Tuned!);
        int rows = (int)before.RowCount;
        int[] tunedOf = [.. Enumerable.Range(0, rows).Select(row => row % 5 == 0 ? -1 : rows - row)];
        RowPairing pairing = byText ? RowPairing.Of(tunedOf, rows) : RowPairing.ById(rows, rows);
        RowScanResult scan = RowScan.Run(before, after, new() { Pairing = pairing });
        double[] found = TicketScore.Named("movement").Of(source with { Scan = scan }, threads: 2).Values;
        double[] expected = [.. Enumerable.Range(0, rows).Select(row => pairing.TunedOf(row) is >= 0 and int other
            ? Mean(source.Base.GetRow<float>(row), source.Tuned!.GetRow<float>(other)) : double.NaN)];
        Assert.That(found, Is.EqualTo(expected));
        Assert.That(found.Count(double.IsFinite), Is.GreaterThan(rows / 2));

        static double Mean(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
        {
            double sum = 0;
            for (int i = 0; i < a.Length; i++) sum += Math.Abs((double)b[i] - a[i]);
            return double.IsFinite(sum) ? sum / a.Length : double.NaN;
        }
    }

    [Test]
    public void Ks_chooses_rows_as_ScoredRows_does()
    {
        using ScoreFixture pair = Pair();
        ScoreSource source = pair.Source(TicketUnit.Rows);
        RowScanResult scan = RowScan.Run(RowMatrix.FromTensor(source.Base), RowMatrix.FromTensor(source.Tuned!), new() { Threads = 1 });
        TicketSelection[] selections =
        [
            new BelowAlpha { Alpha = 0.3 }, new BelowAlpha { Alpha = 0.9, Adjustment = PValueAdjustment.BenjaminiHochberg },
            new BelowAlpha { Alpha = 0.9, Adjustment = PValueAdjustment.Holm }, new TopUnits(5), new TopUnits(100), new RandomUnits(6, 4),
        ];
        foreach (TicketSelection selection in selections)
        {
            long[] expected = [.. selection.Rank(new(scan, selection)).Order().Select(id => (long)id)];
            Assert.That(expected, Is.Not.Empty);
            Assert.That(UnitSelector.Select(TicketScore.Ks, selection, [source with { Scan = scan }]).Tensors[0].Units.ToArray(),
                Is.EqualTo(expected), $"{selection}");
            Assert.That(pair.Select("ks", selection, TicketUnit.Rows)[0], Is.EqualTo(expected), $"{selection} without a scan");
        }
    }

    [Test]
    public void Blocks_and_columns_are_scored_as_the_rows_of_their_own_matrix([Values(1, 3)] int threads)
    {
        float[] before = Values(1), after = Values(2);
        using ScoreFixture pair = new([Rows, Columns], before, after);
        TicketUnit[] units = [TicketUnit.Columns, TicketUnit.Blocks(5, 16), TicketUnit.Blocks(4, 0), TicketUnit.Blocks(0, 3)];
        foreach (TicketUnit unit in units)
        {
            UnitGrid grid = pair.Source(unit).Grid;
            long[][] elements = [.. Enumerable.Range(0, (int)grid.Count).Select(u => grid.GetRuns(u)
                .SelectMany(run => Enumerable.Range((int)run.Start, (int)run.Length)).Select(i => (long)i).ToArray())];
            using ScoreFixture alone = new([.. elements.Select((unit, u) => ($"{u}", new long[] { 1, unit.Length },
                unit.Select(i => before[i]).ToArray(), unit.Select(i => after[i]).ToArray()))]);
            foreach (string name in (string[])["ks", "shift", "relative-shift", "cosine", "movement", "magnitude", "magnitude-increase"])
            {
                double[] values = TicketScore.Named(name).Of(pair.Source(unit), threads).Values;
                double[] expected =
                    [.. alone.Sources(TicketUnit.Rows).Select(one => TicketScore.Named(name).Of(one, threads: 1).Values[0])];
                Assert.That(values, Is.EqualTo(expected).Within(1e-12), $"{name} of {unit}");
            }
        }
    }

    [Test]
    public void Movement_is_the_mean_of_the_differences()
    {
        using ScoreFixture pair = new([2, 3], [1, 2, 3, 4, 5, 6], [1, 4, 0, 4, float.NaN, 6]);
        Assert.That(TicketScore.Named("movement").Of(pair.Source(TicketUnit.Rows)).Values, Is.EqualTo(new[] { 5 / 3.0, double.NaN }));
        Assert.That(pair.Select("movement", new TopUnits(3))[0], Is.EqualTo(new long[] { 0, 1, 2 }), "of what stayed the first");
    }

    [Test]
    public void The_most_frequent_tokens_are_chosen_and_none_that_the_text_lacks()
    {
        using ScoreFixture pair = new([4, 1], [1, 2, 3, 4], [1, 2, 3, 4]);
        TicketScore score = TicketScore.Named("frequency");
        ScoreSource source = pair.Source(TicketUnit.Rows) with { TokenCounts = [2, 0, 7, 2], Tuned = null };
        Assert.That(new TopUnits(2).Select([score.Of(source)], [null])[0], Is.EqualTo(new long[] { 0, 2 }));
        Assert.That(new TopUnits(9).Select([score.Of(source)], [null])[0], Is.EqualTo(new long[] { 0, 2, 3 }));
        Assert.That(() => score.Of(source with { TokenCounts = [1] }),
            Throws.ArgumentException.With.Message.Contains("one for each token"));
        Assert.That(() => score.Of(source with { TokenCounts = null }), Throws.ArgumentException.With.Message.Contains("Give the text."));
    }

    [Test]
    public void A_random_score_depends_on_seed_tensor_and_unit_alone()
    {
        float[] values = new float[400];
        using ScoreFixture pair = new([("a", [20, 20], values, values), ("b", [20, 20], values, values)]);
        long[][] drawn = pair.Select("random", new TopUnits(100));
        Assert.That(pair.Select("random", new TopUnits(100), threads: 1), Is.EqualTo(drawn));
        Assert.That(drawn[0], Is.Not.EqualTo(drawn[1]));
        foreach (long[] units in drawn) Assert.That(units.Length, Is.InRange(20, 80), "half of them each, by 6 deviations");
        UnitScores rows = TicketScore.Named("random", 5).Of(pair.Source(TicketUnit.Rows));
        Assert.That(rows.Values[3], Is.EqualTo(new RandomStream(5, "a")[3]));
        Assert.That(TicketScore.Named("random", 6).Of(pair.Source(TicketUnit.Rows)).Values, Is.Not.EqualTo(rows.Values));
        Assert.That(new TicketRecipe { Score = TicketScore.Named("random", 6), Selection = new TopUnits(2) }.ToString(),
            Is.EqualTo("random|unit:rows|tensors:embedding|top:2|seed:6"));
    }

    [TestCase(1, 1.0), TestCase(2, 1 / 3.0), TestCase(3, 0.1), TestCase(4, 2 / 70.0)]
    public void Ks_of_few_values_never_reaches_alpha(int width, double smallest)
    {
        Assert.That(TicketScore.Ks.MinPValue(width), Is.EqualTo(smallest).Within(1e-12).Percent, "2 / C(2d, d)");
        UnitGrid grid = TicketUnit.Rows.Cut(8, width);
        if (smallest < 0.05) TicketScore.Ks.ThrowIfUndecidable(new BelowAlpha(), grid, "t");
        else
            Assert.That(() => TicketScore.Ks.ThrowIfUndecidable(new BelowAlpha(), grid, "t"),
                Throws.ArgumentException.With.Message.StartWith(
                $"t: no unit of {width} {(width == 1 ? "element" : "elements")} can be below alpha 0.05 "
                + "by 'ks': the smallest p-value is "
                + $"{smallest.ToString("G3", System.Globalization.CultureInfo.InvariantCulture)}."));
        Assert.That(() => TicketScore.Ks.ThrowIfUndecidable(new TopUnits(1), grid, "t"), Throws.Nothing);
    }

    [Test]
    public void Alpha_selects_by_p_values_alone()
    {
        foreach (string name in TicketScore.Names.Where(n => n != "ks"))
        {
            TicketScore score = TicketScore.Named(name);
            Assert.That((score.HasNull, score.MinPValue(100)), Is.EqualTo((false, double.NaN)));
            Assert.That(() => score.ThrowIfUndecidable(new BelowAlpha(), TicketUnit.Rows.Cut(2, 100), "t"),
                Throws.ArgumentException.With.Message.StartWith($"the score '{name}' has no p-values, so that alpha cannot select."));
        }
    }

    [Test]
    public void Every_score_is_found_by_its_name_and_says_what_it_needs()
    {
        Assert.That(TicketScore.Names, Is.EqualTo(new[]
        {
            "ks", "shift", "relative-shift", "cosine", "movement", "magnitude", "tuned-magnitude", "magnitude-increase", "frequency",
            "random",
        }));
        Assert.That(TicketScore.Names.Select(n => TicketScore.Named(n).Name), Is.EqualTo(TicketScore.Names));
        Assert.That(TicketScore.Named("ks"), Is.EqualTo(TicketScore.Ks));
        Assert.That(() => TicketScore.Named("KS"), Throws.ArgumentException.With.Message.StartWith("'KS' is no score; ks, shift, "));
        using ScoreFixture pair = Pair();
        foreach (string name in TicketScore.Names.Where(n => TicketScore.Named(n).Inputs.HasFlag(ScoreInputs.Tuned)))
            Assert.That(() => TicketScore.Named(name).Of(pair.Source(TicketUnit.Rows) with { Tuned = null }),
                Throws.ArgumentException.With.Message.StartWith($"t: the score '{name}' compares two tensors, and there is no "));
        using ScoreFixture other = new([2, 2], [1, 2, 3, 4], [1, 2, 3, 4]);
        Assert.That(() => TicketScore.Named("shift").Of(pair.Source(TicketUnit.Rows) with { Tuned = other.Source(TicketUnit.Rows).Base }),
            Throws.ArgumentException.With.Message.Contains("[24,70], the tuned tensor [2,2]"));
    }
}
