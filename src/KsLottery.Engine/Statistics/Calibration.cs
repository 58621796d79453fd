using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Statistics;

/// <summary>How far confidences lie from how often they are right: the expected calibration error, over bins of equal width.</summary>
/// <remarks>
/// Bin i of M takes the confidences in ((i − 1)/M, i/M], by the exact edges (Guo et al., ICML 2017, section 2); a confidence of 0 lies in
/// none, and counts among all. The error is Σ n_b/n · |accuracy_b − confidence_b|. For one thread.
/// </remarks>
public sealed class Calibration
{
    /// <summary>The number of bins that Guo et al. take.</summary>
    public const int DefaultBins = 15;

    private readonly long[] _counts, _correct;
    private readonly double[] _confidences;

    /// <summary>Begins without a prediction.</summary>
    /// <param name="bins">M, from 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer bins than one.</exception>
    public Calibration(int bins = DefaultBins)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bins);
        (_counts, _correct, _confidences) = (new long[bins], new long[bins], new double[bins]);
    }

    /// <summary>How many predictions there are, n.</summary>
    public long Count { get; private set; }

    /// <summary>The share of predictions that are right; NaN of none.</summary>
    public double Accuracy => (double)CorrectCount / Count;

    /// <summary>The mean confidence; NaN of none.</summary>
    public double Confidence => ConfidenceSum / Count;

    /// <summary>Σ n_b/n · |accuracy_b − confidence_b|; NaN of none.</summary>
    public double ExpectedError => Count == 0 ? double.NaN : Bins.Where(b => b.Count > 0).Sum(b => (double)b.Count / Count * b.Gap);

    /// <summary>The largest |accuracy_b − confidence_b| of a bin that is not empty; 0 where all are, NaN of no prediction.</summary>
    public double MaximumError => Count == 0 ? double.NaN : Bins.Where(b => b.Count > 0).Select(b => b.Gap).DefaultIfEmpty(0).Largest();

    /// <summary>All bins, ascending, empty ones as well.</summary>
    public IReadOnlyList<CalibrationBin> Bins => [.. _counts.Select((count, i) => new CalibrationBin((double)i / _counts.Length,
        (double)(i + 1) / _counts.Length, count, (double)_correct[i] / count, _confidences[i] / count))];

    private long CorrectCount { get; set; }

    private double ConfidenceSum { get; set; }

    /// <summary>Adds a prediction.</summary>
    /// <param name="confidence">The probability that was given to what was predicted, 0 to 1.</param>
    /// <param name="isCorrect">Whether it was right.</param>
    /// <exception cref="ArgumentOutOfRangeException">The confidence is no probability.</exception>
    public void Add(double confidence, bool isCorrect)
    {
        if (!(confidence >= 0 && confidence <= 1))
            throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "a confidence lies between 0 and 1.");
        Count++;
        ConfidenceSum += confidence;
        if (isCorrect) CorrectCount++;
        int bin = BinOf(confidence);
        if (bin < 0) return;
        _counts[bin]++;
        _confidences[bin] += confidence;
        if (isCorrect) _correct[bin]++;
    }

    /// <summary>The product is rounded, the fused difference has the exact one's sign.</summary>
    private int BinOf(double confidence)
    {
        int bin = Math.Min(_counts.Length, (int)Math.Ceiling(confidence * _counts.Length));
        while (bin > 0 && Math.FusedMultiplyAdd(confidence, _counts.Length, -(bin - 1)) <= 0) bin--;
        while (Math.FusedMultiplyAdd(confidence, _counts.Length, -bin) > 0) bin++;
        return bin - 1;
    }
}

/// <summary>The predictions of some confidences.</summary>
/// <param name="From">The lower edge, which lies outside.</param>
/// <param name="To">The upper edge, which lies within.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Accuracy">The share that is right; NaN of none.</param>
/// <param name="Confidence">The mean confidence; NaN of none.</param>
public readonly record struct CalibrationBin(double From, double To, long Count, double Accuracy, double Confidence)
{
    /// <summary>|accuracy − confidence|.</summary>
    public double Gap => Math.Abs(Accuracy - Confidence);
}
