namespace KsLottery.Engine.Kernels;

/// <summary>Splits the values of both rows around pivots, and goes on with those parts alone that could still beat the best
/// difference.</summary>
internal interface IKsKeySplitter<TKey> where TKey : unmanaged
{
    /// <inheritdoc cref="IKsEffort.Effort"/>
    long Effort { get; }

    /// <summary>Looks at two rows of values given by their bits.</summary>
    /// <param name="before">The first row.</param>
    /// <param name="after">The second row, of the same width.</param>
    /// <param name="infinity">The key of infinity.</param>
    /// <param name="lowest">The key of minus infinity.</param>
    KsSplit Run(ReadOnlySpan<TKey> before, ReadOnlySpan<TKey> after, TKey infinity, TKey lowest);
}

/// <summary>How a <see cref="IKsKeySplitter{TKey}"/> ended.</summary>
/// <param name="Best">What it found, by key with the sign bit flipped.</param>
/// <param name="HasNaN">Whether a row holds a NaN.</param>
/// <param name="IsDone">False where pivots split so badly that sorting is faster.</param>
internal readonly record struct KsSplit(KsBest Best, bool HasNaN, bool IsDone);
