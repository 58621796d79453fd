using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Tests.Statistics;

/// <summary>What is refused, in the words that a user reads, and what is just allowed.</summary>
internal sealed class ArgumentTests
{
    [Test]
    public void Samples_and_options_of_the_test_are_named()
    {
        Says(() => KsTest.TwoSample([], [1.0]), "The sample x is empty; a test needs one value or more in each.");
        Says(() => KsTest.TwoSample([1f], []), "The sample y is empty; a test needs one value or more in each.");
        Says(() => KsTest.TwoSample([1.0], [2, double.NaN], new() { NanPolicy = NanPolicy.Raise }),
            "The sample y has a NaN at index 1 of 2; leave it out with NanPolicy.Omit.");
        Says(() => KsTest.TwoSample([float.NaN, float.NaN], [1f], new() { NanPolicy = NanPolicy.Omit }),
            "The sample x is empty: all its 2 values are NaN; a test needs one number or more in each.");
        foreach (int value in (int[])[-1, 3])
        {
            Says(() => KsTest.TwoSample([1.0], [1.0], new() { Method = (KsMethod)value }), "Allowed methods: Auto, Exact, Asymptotic.");
            Says(() => KsTest.TwoSample([1.0], [1.0], new() { Alternative = (KsAlternative)value }),
                "Allowed alternatives: TwoSided, Less, Greater.");
            Says(() => KsTest.TwoSample([1.0], [1.0], new() { NanPolicy = (NanPolicy)value }),
                "Allowed NaN policies: Propagate, Raise, Omit.");
        }
        Assert.That(KsTest.TwoSample([double.NaN], [1.0]).PValue, Is.NaN, "propagated, not refused");
        Assert.That(KsTest.TwoSample([1.0], [1.0], new() { NanPolicy = NanPolicy.Raise }).PValue, Is.EqualTo(1));
    }

    [Test]
    public void Rounding_above_1_is_cut_off()
    {
        Assert.That(TailProbability.FromLog(1e-9), Is.EqualTo(TailProbability.One));
        Assert.That(TailProbability.FromValue(1 + 1e-9), Is.EqualTo(TailProbability.One));
        Assert.That(TailProbability.FromComplement(-1e-9), Is.EqualTo(TailProbability.One));
    }

    [Test]
    public void A_null_distribution_names_its_limits()
    {
        Says(() => NullDistribution.ForEqualLengths(0), "A sample has 1 to 2147483590 values.");
        Says(() => NullDistribution.ForEqualLengths(Array.MaxLength), "A sample has 1 to 2147483590 values.");
        NullDistribution table = NullDistribution.ForEqualLengths(4);
        foreach (int h in (int[])[-1, 5]) Says(() => table.PValue(h), "A count of two samples of 4 values lies in 0 to 4.");
        foreach (double alpha in (double[])[0, 1, 1.5])
            Says(() => table.CriticalCount(alpha),
                FormattableString.Invariant($"alpha is {alpha}; it lies between 0 and 1, for instance 0.05."));
        Assert.That((table.Width, table.Alternative, NullDistribution.ForEqualLengths(1).PValue(1)),
            Is.EqualTo((4, KsAlternative.TwoSided, 1.0)));
    }

    [Test]
    public void Corrections_intervals_and_ranks_name_what_is_wrong()
    {
        Says(() => MultipleTesting.Adjust([-1, -2], PValueAdjustment.Holm, new double[1]),
            "There are 2 p-values and room for 1 adjusted ones; pass spans of one length.");
        Says(() => MultipleTesting.Adjust([-1, 0.5], PValueAdjustment.None, new double[2]),
            "The value at index 1 is above 0 and so the logarithm of no probability.");
        Says(() => MultipleTesting.Adjust([-1], (PValueAdjustment)4, new double[1]),
            "Allowed adjustments: None, Bonferroni, Holm, BenjaminiHochberg.");
        foreach (long successes in (long[])[-1, 5])
            Says(() => BinomialInterval.ClopperPearson(successes, 4), "of 4 trials 0 to 4 succeed.");
        foreach (double confidence in (double[])[0, 1, 1.5])
            Says(() => BinomialInterval.ClopperPearson(1, 4, confidence),
                FormattableString.Invariant($"the confidence is {confidence}; it lies between 0 and 1, for instance 0.95."));
        Says(() => RankCorrelation.Spearman([1, 2], [1]), "2 values on one side, 1 on the other: give pairs.");
        Says(() => RankCorrelation.Spearman([1, double.NaN], [1, 2]), "a value is NaN, which has no rank. Leave its pair out.");
    }

    [Test]
    public void The_largest_lattice_of_an_exact_p_fits_32_bits()
    {
        Assert.That(KsTest.Resolve(KsMethod.Exact, 1, int.MaxValue - 1), Is.EqualTo(KsMethod.Exact));
        Assert.That(KsTest.Resolve(KsMethod.Exact, 1, int.MaxValue), Is.EqualTo(KsMethod.Asymptotic));
        Assert.That(KsTest.Resolve(KsMethod.Auto, 10_000, 1), Is.EqualTo(KsMethod.Exact));
        Assert.That(KsTest.Resolve(KsMethod.Auto, 1, 10_001), Is.EqualTo(KsMethod.Asymptotic));
    }

    [Test]
    public void Of_two_equal_distances_the_positive_and_the_first_counts()
    {
        KsResult both = KsTest.TwoSample([1.0, 4], [2.0, 3]);
        Assert.That((both.Sign, both.Location, both.Statistic, both.Count, both.Ties), Is.EqualTo((1, 1.0, 0.5, (int?)1, 0)));
        KsResult first = KsTest.TwoSample([2.0, 2, 6, 6], [2.0, 4, 6, 8]);
        Assert.That((first.Sign, first.Location, first.Ties), Is.EqualTo((1, 2.0, 2)), "again at 6");
        KsResult less = KsTest.TwoSample([2.0, 4, 6, 8], [2.0, 2, 6, 6], new() { Alternative = KsAlternative.Less });
        Assert.That((less.Sign, less.Location, less.Statistic), Is.EqualTo((-1, 2.0, 0.25)));
    }

    private static void Says(Action call, string message) =>
        Assert.That(call, Throws.InstanceOf<ArgumentException>().With.Message.StartWith(message));
}
