using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Certificates;

/// <summary>How many of some things are so, with the interval of Clopper and Pearson for the probability behind it.</summary>
/// <param name="Count">Those that are so.</param>
/// <param name="Total">All of them, 1 or more.</param>
/// <param name="Interval">The interval, which takes them to be independent.</param>
public readonly record struct Proportion(long Count, long Total, BinomialInterval Interval)
{
    /// <summary>Count / Total.</summary>
    public double Share => (double)Count / Total;

    internal static Proportion Of(long count, long total, double confidence) =>
        new(count, total, BinomialInterval.ClopperPearson(count, total, confidence));
}
