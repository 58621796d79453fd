using System.Globalization;

namespace KsLottery.Engine.Statistics;

/// <summary>An interval for the probability of success.</summary>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
public readonly record struct BinomialInterval(double Low, double High)
{
    /// <summary>The interval of Clopper and Pearson (1934, Biometrika 26): SciPy's <c>binomtest(k,
    /// n).proportion_ci(method="exact")</c>.</summary>
    /// <remarks>
    /// Trials are taken to be independent and equally likely to succeed; then the interval holds the probability at least as often as the
    /// confidence says. Ends are right to about 1e-12 up to 100,000 trials; above the mean, ten times as many cost about a digit.
    /// </remarks>
    /// <param name="successes">k, 0 to n.</param>
    /// <param name="trials">n, 1 or more.</param>
    /// <param name="confidence">For instance 0.95; between 0 and 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static BinomialInterval ClopperPearson(long successes, long trials, double confidence = 0.95)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(trials, 1);
        if (successes < 0 || successes > trials)
            throw new ArgumentOutOfRangeException(nameof(successes), successes, $"of {trials} trials 0 to {trials} succeed.");
        if (!(confidence > 0 && confidence < 1))
            throw new ArgumentOutOfRangeException(nameof(confidence),
                string.Create(CultureInfo.InvariantCulture,
                    $"the confidence is {confidence}; it lies between 0 and 1, for instance 0.95."));
        double tail = (1 - confidence) / 2;
        long failures = trials - successes;
        return new(
            successes == 0 ? 0 : Solve(p => IncompleteBeta.Tails(p, successes, failures + 1).AtLeast < tail),
            failures == 0 ? 1 : Solve(p => IncompleteBeta.Tails(p, successes + 1, failures).Fewer > tail));
    }

    /// <summary>Where the condition, true below and false above, turns.</summary>
    private static double Solve(Predicate<double> isBelow)
    {
        double low = 0, high = 1;
        while (true)
        {
            double middle = (low + high) / 2;
            if (middle <= low || middle >= high) return middle;
            if (isBelow(middle)) low = middle;
            else high = middle;
        }
    }
}
