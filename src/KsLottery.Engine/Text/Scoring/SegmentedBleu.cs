namespace KsLottery.Engine.Text.Scoring;

/// <summary>BLEU of any segments of a corpus, from the sums of each, as sacreBLEU keeps them for its bootstrap.</summary>
public sealed class SegmentedBleu : ISegmentedScore
{
    private readonly BleuOptions _options;
    private readonly string _signature;
    private readonly BleuCounts[] _segments;

    internal SegmentedBleu(BleuCounts[] segments, BleuOptions options, string signature) =>
        (_segments, _options, _signature) = (segments, options, signature);

    /// <inheritdoc/>
    public int Count => _segments.Length;

    internal IReadOnlyList<BleuCounts> Segments => _segments;

    /// <summary>The score of all segments, which is that of <see cref="Bleu.Corpus"/>.</summary>
    public BleuScore Whole()
    {
        BleuCounts sum = new(_options.MaxOrder);
        foreach (BleuCounts segment in _segments) sum.Add(segment);
        return sum.ToScore(_options, _signature);
    }

    /// <inheritdoc/>
    public double ScoreOf(ReadOnlySpan<int> segments)
    {
        BleuCounts sum = new(_options.MaxOrder);
        foreach (int segment in segments) sum.Add(_segments[segment]);
        return sum.ToScore(_options, _signature).Score;
    }
}
