namespace KsLottery.Engine.Operations;

/// <summary>One head of some rows of a sequence, and where it lies in matrices.</summary>
/// <param name="Shape">H, G, D.</param>
/// <param name="First">The sequence's first row.</param>
/// <param name="End">The row behind the last.</param>
/// <param name="Head">The query head.</param>
internal readonly record struct AttentionHead(AttentionShape Shape, int First, int End, int Head)
{
    /// <summary>How many keys the last row attends to.</summary>
    public int Keys => End - First;

    /// <summary>The head's elements from a row of a (N, H·D) matrix on, to the last row's.</summary>
    public ReadOnlySpan<float> Queries(DeviceSpan matrix, int row) => matrix.Read(QueryAt(row), Extent(row, Shape.QueryWidth));

    /// <inheritdoc cref="Queries"/>
    public Span<float> WriteQueries(DeviceSpan matrix, int row) => matrix.Write(QueryAt(row), Extent(row, Shape.QueryWidth));

    /// <summary>The same in a (N, G·D) matrix, of the head that this one reads.</summary>
    public ReadOnlySpan<float> KeysOf(DeviceSpan matrix) => matrix.Read(KeyAt(First), Extent(First, Shape.KeyWidth));

    /// <inheritdoc cref="KeysOf"/>
    public Span<float> WriteKeys(DeviceSpan matrix, int row) => matrix.Write(KeyAt(row), Extent(row, Shape.KeyWidth));

    /// <summary>Where a row's value lies in a (N, H) matrix; the next row's is H further on.</summary>
    public long ValueAt(int row) => ((long)row * Shape.Heads) + Head;

    private long QueryAt(int row) => ((long)row * Shape.QueryWidth) + (Head * Shape.HeadWidth);

    private long KeyAt(int row) => ((long)row * Shape.KeyWidth) + (Head / (Shape.Heads / Shape.KeyHeads) * Shape.HeadWidth);

    private int Extent(int row, int stride) => checked(((End - row - 1) * stride) + Shape.HeadWidth);
}
