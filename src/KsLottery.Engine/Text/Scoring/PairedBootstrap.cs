using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>Paired bootstrap: scores over the same resampled segments, and over resampled seeds where a system was trained several
/// times.</summary>
/// <remarks>
/// Koehn, "Statistical significance tests for machine translation evaluation" (2004), as sacreBLEU draws: every resample has as many
/// segments as the corpus, with replacement, and all systems have the same. Where there are several seeds, a resample also draws as many
/// seeds with replacement and has the mean of their differences, all over its one set of segments: both are drawn, as in Owen's pigeonhole
/// bootstrap (2007), since seeds share segments. Of few seeds their own spread is drawn too small, by (n - 1) / n in variance.
/// </remarks>
/// <example><code>
/// SegmentedBleu one = Bleu.Segments(outputs, [references]), other = Bleu.Segments(otherOutputs, [references]);
/// ScoreInterval gain = new PairedBootstrap(one.Count).Compare([one], [other]);
/// bool isBetter = gain.Low > 0;
/// </code></example>
public sealed class PairedBootstrap
{
    /// <summary>sacreBLEU's number of resamples.</summary>
    public const int DefaultResamples = 1000;

    /// <summary>sacreBLEU's seed.</summary>
    public const ulong DefaultSeed = 12345;

    private readonly int[][] _segments;
    private readonly ulong _seed;

    /// <summary>Draws the segments of every resample.</summary>
    /// <param name="segments">The number of segments, 1 or more.</param>
    /// <param name="resamples">The number of resamples, 1 or more.</param>
    /// <param name="seed">Decides what is drawn.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive.</exception>
    public PairedBootstrap(int segments, int resamples = DefaultResamples, ulong seed = DefaultSeed)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(segments);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(resamples);
        _seed = seed;
        SplitMix64 random = new(seed);
        _segments = new int[resamples][];
        for (int i = 0; i < resamples; i++)
        {
            int[] drawn = _segments[i] = new int[segments];
            for (int j = 0; j < segments; j++) drawn[j] = random.NextBelow(segments);
        }
    }

    /// <summary>The number of resamples.</summary>
    public int Resamples => _segments.Length;

    /// <summary>The score, and its interval.</summary>
    /// <param name="score">A score of as many segments.</param>
    /// <exception cref="ArgumentException">It has another number of segments.</exception>
    public ScoreInterval Interval(ISegmentedScore score)
    {
        double[] resampled = Resample(score);
        return ScoreInterval.Of(Whole(score), resampled);
    }

    /// <summary>How much higher one system scores than another, in the mean over seeds.</summary>
    /// <param name="ones">The one's scores, one for each seed.</param>
    /// <param name="others">The other's, of the same seeds in the same order.</param>
    /// <exception cref="ArgumentException">There are no seeds, the numbers of seeds differ, or a score has another number of
    /// segments.</exception>
    public ScoreInterval Compare(IReadOnlyList<ISegmentedScore> ones, IReadOnlyList<ISegmentedScore> others)
    {
        ArgumentNullException.ThrowIfNull(ones);
        ArgumentNullException.ThrowIfNull(others);
        return CompareResampled([.. ones.Select(Sample)], [.. others.Select(Sample)]);
    }

    /// <summary>A score and its resamples, to be compared with several others.</summary>
    internal ResampledScore Sample(ISegmentedScore score) => new(Whole(score), Resample(score));

    /// <summary>The same for scores whose resamples are at hand.</summary>
    internal ScoreInterval CompareResampled(IReadOnlyList<ResampledScore> ones, IReadOnlyList<ResampledScore> others)
    {
        if (ones.Count == 0 || ones.Count != others.Count)
            throw new ArgumentException($"one system has {ones.Count} seeds, the other {others.Count}. Give both the same, 1 or more.",
                nameof(others));
        int seeds = ones.Count;
        double[] differences = new double[Resamples];
        SplitMix64 random = new(SplitMix64.Mix(_seed));
        for (int i = 0; i < differences.Length; i++)
        {
            for (int drawn = 0; drawn < seeds; drawn++)
            {
                int seed = random.NextBelow(seeds);
                differences[i] += ones[seed].Resamples[i] - others[seed].Resamples[i];
            }
            differences[i] /= seeds;
        }
        return ScoreInterval.Of(ones.Average(s => s.Whole) - others.Average(s => s.Whole), differences);
    }

    private static double Whole(ISegmentedScore score) => score.ScoreOf([.. Enumerable.Range(0, score.Count)]);

    private double[] Resample(ISegmentedScore score)
    {
        ArgumentNullException.ThrowIfNull(score);
        int segments = _segments[0].Length;
        if (score.Count != segments)
            throw new ArgumentException($"the score has {score.Count} segments, the bootstrap draws {segments}. Make one for as many.",
                nameof(score));
        return [.. _segments.Select(drawn => score.ScoreOf(drawn))];
    }
}

/// <summary>A score of all segments, and of the segments of each resample.</summary>
internal sealed record ResampledScore(double Whole, double[] Resamples);
