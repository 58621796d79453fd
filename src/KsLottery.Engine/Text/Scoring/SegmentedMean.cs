namespace KsLottery.Engine.Text.Scoring;

/// <summary>A weighted mean over segments, such as the loss of a token: Σ sums / Σ weights; NaN where the weights are 0.</summary>
public sealed class SegmentedMean : ISegmentedScore
{
    private readonly double[] _sums, _weights;

    /// <summary>Takes the parts of the mean.</summary>
    /// <param name="sums">One for each segment: the sum of its losses, say.</param>
    /// <param name="weights">One for each segment: its number of tokens, say.</param>
    /// <exception cref="ArgumentException">The numbers of both differ.</exception>
    public SegmentedMean(IEnumerable<double> sums, IEnumerable<double> weights)
    {
        (_sums, _weights) = ([.. sums], [.. weights]);
        if (_sums.Length != _weights.Length)
            throw new ArgumentException($"there are {_sums.Length} sums and {_weights.Length} weights. Give one of each for every segment.",
                nameof(weights));
    }

    /// <inheritdoc/>
    public int Count => _sums.Length;

    /// <inheritdoc/>
    public double ScoreOf(ReadOnlySpan<int> segments)
    {
        double sum = 0, weight = 0;
        foreach (int segment in segments) (sum, weight) = (sum + _sums[segment], weight + _weights[segment]);
        return sum / weight;
    }

    internal double SumOf(int segment) => _sums[segment];

    internal double WeightOf(int segment) => _weights[segment];
}
