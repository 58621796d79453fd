namespace KsLottery.Engine.Text.Scoring;

/// <summary>A score of a corpus that can be taken of any of its segments, each as often as it is named: what a bootstrap draws.</summary>
public interface ISegmentedScore
{
    /// <summary>The number of segments.</summary>
    int Count { get; }

    /// <summary>The score of some segments.</summary>
    /// <param name="segments">Their numbers, from 0; one that stands there twice counts twice.</param>
    double ScoreOf(ReadOnlySpan<int> segments);
}
