using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>The best elements of several tensors, however many there are, in two passes over them and little memory.</summary>
/// <remarks>
/// A histogram finds the key of the last winner: a sample brackets it, so that one pass counts every key of the bracket by itself. Where
/// the sample was wrong, or the bracket too wide, further passes narrow it. The last pass lists what is above the key, and of the elements
/// at it the first ones. The result does not depend on the sample or on threads.
/// </remarks>
internal static class ElementRanking
{
    // Below it the whole range is counted at once: a sample would cost as much.
    private const long SampledCount = 1 << 22;

    /// <summary>The elements of the largest keys, by tensor and index where keys are equal; fewer where fewer have a key.</summary>
    public static IReadOnlyList<IndexSet> Top(ElementPass elements, long count)
    {
        if (count <= 0) return [.. elements.Sources.Select(s => IndexSet.Empty(s.Grid.ElementCount))];
        IReadOnlyList<ElementChunk> chunks = elements.Cut();
        (uint key, long ties) = FindLast(elements, chunks, count);
        ElementListing listing = new(elements.Sources, chunks, key, ties, Math.Min(1, (double)count / elements.ElementCount));
        elements.Run(chunks, listing.NewVisitor);
        return listing.ToSets();
    }

    /// <summary>The key of the last winner, and how many elements of this very key win.</summary>
    internal static (uint Key, long Ties) FindLast(ElementPass elements, IReadOnlyList<ElementChunk> chunks, long count)
    {
        KeyRange range = elements.ElementCount <= SampledCount ? KeyRange.All : KeySample.Bracket(elements, chunks, count);
        while (true)
        {
            KeyHistogram histogram = new(range);
            elements.Run(chunks, histogram.NewVisitor);
            if (histogram.Above >= count) range = range.Higher;
            else if (histogram.Find(count) is not { } place)
            {
                if (range.Low == KeyRange.All.Low) return (0, 0);
                range = range.Lower;
            }
            else if (place.Range.Width == 1) return ((uint)place.Range.Low, count - place.Above);
            else range = place.Range;
        }
    }
}

/// <summary>Keys from one to below another.</summary>
/// <param name="Low">The smallest.</param>
/// <param name="High">The one behind the largest, at most 2³².</param>
internal readonly record struct KeyRange(long Low, long High)
{
    /// <summary>All keys of elements with a score.</summary>
    public static KeyRange All => new(1, 1L << 32);

    public long Width => High - Low;

    /// <summary>All keys above.</summary>
    public KeyRange Higher => new(High, All.High);

    /// <summary>All keys below.</summary>
    public KeyRange Lower => new(All.Low, Low);
}
