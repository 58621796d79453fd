namespace KsLottery.Engine.Reproduction;

/// <summary>What a run says of a claim.</summary>
public enum Verdict
{
    /// <summary>The claim is not run.</summary>
    NotRun,
    /// <summary>The gain that shares are of is too small against the seeds' spread for a share to mean anything.</summary>
    Void,
    /// <summary>Neither it nor its reverse holds in the mean and in every seed, or a number is none.</summary>
    NotShown,
    /// <summary>It holds in the mean and in every seed.</summary>
    Shown,
    /// <summary>Its reverse does.</summary>
    ShownTheOtherWay,
}

/// <summary>The rule of verdicts. A bound that is met by a NaN is never met.</summary>
public static class VerdictRule
{
    /// <summary>A gain is told from nothing where it is so many standard deviations of the seeds.</summary>
    public const double MinDeviations = 3;

    /// <summary>What files and tables call a verdict.</summary>
    public static string NameOf(Verdict verdict) => verdict switch
    {
        Verdict.NotRun => "not run",
        Verdict.Void => "void",
        Verdict.NotShown => "not shown",
        Verdict.Shown => "shown",
        Verdict.ShownTheOtherWay => "shown the other way",
        _ => throw new System.Diagnostics.UnreachableException($"{verdict} has no name"),
    };

    /// <summary>Judges a gain as a share of another.</summary>
    /// <param name="gains">The gain over the base, by seed.</param>
    /// <param name="whole">The gain that is the whole, by seed.</param>
    /// <param name="bound">The share.</param>
    /// <param name="isBelow">Whether it must lie below the bound; its reverse is then to reach it.</param>
    /// <returns>The verdict; <see cref="Verdict.Void"/> where the whole's mean is under <see cref="MinDeviations"/> sample standard
    /// deviations, as of one seed, which has none. The mean is that of gains over that of wholes; a seed whose whole is not above 0 has
    /// no share.</returns>
    public static ClaimFigures OfShares(IReadOnlyList<double> gains, IReadOnlyList<double> whole, double bound, bool isBelow)
    {
        ThrowIfUneven(gains, whole);
        double[] shares = [.. gains.Zip(whole, Share)];
        double mean = Share(Mean(gains), Mean(whole));
        Verdict verdict = !(Mean(whole) >= MinDeviations * Deviation(whole)) ? Verdict.Void
            : Judge(shares, mean, isBelow ? x => x < bound : x => x >= bound, isBelow ? x => x >= bound : x => x < bound);
        return new(verdict, mean, shares);

        static double Share(double part, double of) => of > 0 ? part / of : double.NaN;
    }

    /// <summary>Judges by how much one does better than another.</summary>
    /// <param name="values">The one's, by seed, larger being better.</param>
    /// <param name="others">The other's.</param>
    /// <param name="margin">By how much at least; the reverse is to do worse by as much. At 0 it must be above.</param>
    public static ClaimFigures OfDifferences(IReadOnlyList<double> values, IReadOnlyList<double> others, double margin)
    {
        ThrowIfUneven(values, others);
        double[] differences = [.. values.Zip(others, (one, other) => one - other)];
        bool IsAbove(double x) => margin > 0 ? x >= margin : x > 0;
        double mean = Mean(differences);
        return new(Judge(differences, mean, IsAbove, x => IsAbove(-x)), mean, differences);
    }

    /// <summary>Judges by a bound on a value itself.</summary>
    /// <param name="values">The values, by seed.</param>
    /// <param name="bound">The bound.</param>
    /// <param name="isAtMost">Whether they must not lie above it; else they must reach it.</param>
    public static ClaimFigures OfLevels(IReadOnlyList<double> values, double bound, bool isAtMost)
    {
        ArgumentNullException.ThrowIfNull(values);
        double mean = Mean(values);
        return new(Judge(values, mean, isAtMost ? x => x <= bound : x => x >= bound, isAtMost ? x => x > bound : x => x < bound), mean,
            values);
    }

    /// <summary>Judges by a rank correlation.</summary>
    /// <param name="correlations">The correlations, by seed, -1 to 1; NaN where one side is the same throughout.</param>
    /// <param name="bound">Above 0 what they must reach, below 0 what they must not lie above; the reverse is the same bound with the other
    /// sign.</param>
    public static ClaimFigures OfCorrelations(IReadOnlyList<double> correlations, double bound)
    {
        ArgumentNullException.ThrowIfNull(correlations);
        double mean = Mean(correlations), sign = Math.Sign(bound);
        return new(Judge(correlations, mean, x => sign * x >= sign * bound, x => -sign * x >= sign * bound), mean, correlations);
    }

    /// <summary>Judges that nothing changed.</summary>
    /// <param name="changed">How many values did, by seed.</param>
    public static ClaimFigures OfChanges(IReadOnlyList<double> changed)
    {
        ArgumentNullException.ThrowIfNull(changed);
        double mean = Mean(changed);
        return new(Judge(changed, mean, x => x == 0, x => x > 0), mean, changed);
    }

    /// <summary>What all claims together come to: what they agree on, and else that it is not shown; claims that are not run count as
    /// not shown.</summary>
    public static Verdict Of(IReadOnlyList<Verdict> claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        return claims.Count > 0 && claims[0] is Verdict.Shown or Verdict.ShownTheOtherWay && claims.All(c => c == claims[0])
            ? claims[0] : Verdict.NotShown;
    }

    private static Verdict Judge(IReadOnlyList<double> seeds, double mean, Func<double, bool> holds, Func<double, bool> isReverse) =>
        seeds.Count > 0 && holds(mean) && seeds.All(holds) ? Verdict.Shown
        : seeds.Count > 0 && isReverse(mean) && seeds.All(isReverse) ? Verdict.ShownTheOtherWay
        : Verdict.NotShown;

    private static double Mean(IReadOnlyList<double> values) => values.Count == 0 ? double.NaN : values.Average();

    /// <summary>NaN where there are fewer than two.</summary>
    private static double Deviation(IReadOnlyList<double> values)
    {
        if (values.Count < 2) return double.NaN;
        double mean = Mean(values);
        return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));
    }

    private static void ThrowIfUneven(IReadOnlyList<double> one, IReadOnlyList<double> other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        if (one.Count != other.Count)
            throw new ArgumentException($"one has {one.Count} seeds, the other {other.Count}. Give both the same.", nameof(other));
    }
}

/// <summary>A claim's verdict, and the numbers that it rests on.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Mean">What is held against the bound, in the mean.</param>
/// <param name="Seeds">The same of each seed.</param>
public sealed record ClaimFigures(Verdict Verdict, double Mean, IReadOnlyList<double> Seeds);

/// <summary>A claim, judged.</summary>
/// <param name="Claim">The claim.</param>
/// <param name="Figures">Its verdict and numbers.</param>
public sealed record JudgedClaim(RecipeClaim Claim, ClaimFigures Figures);
