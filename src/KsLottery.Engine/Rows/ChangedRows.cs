using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Rows;

/// <summary>Says which rows of two matrices hold other values, without a test of how far they moved.</summary>
internal static class ChangedRows
{
    /// <summary>The base rows that differ from their counterparts.</summary>
    /// <param name="before">The base.</param>
    /// <param name="after">The tuned matrix; where its type is another, both are compared as F32.</param>
    /// <param name="pairing">Which rows stand against each other.</param>
    /// <param name="cancellationToken">Ends it between chunks.</param>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static IndexSet Of(RowMatrix before, RowMatrix after, RowPairing pairing, CancellationToken cancellationToken)
    {
        (RowMatrix first, RowMatrix second) = pairing.Select(before, after);
        bool[] differs = new bool[first.RowCount];
        RowChunks.Run(first, second, threads: 0, _ =>
        {
            float[] scratch = new float[first.Width], other = new float[first.Width];
            return (row, count, a, b) =>
            {
                for (int i = 0; i < count; i++)
                    differs[row + i] = Differ(a.Slice(i * first.RowBytes, first.RowBytes), first.ElementType, scratch,
                        b.Slice(i * second.RowBytes, second.RowBytes), second.ElementType, other);
            };
        }, cancellationToken);
        return IndexSet.Of(pairing.BaseRows, pairing.Paired().Where((_, pair) => differs[pair]));
    }

    private static bool Differ(
        ReadOnlySpan<byte> before, ElementType type, float[] scratch, ReadOnlySpan<byte> after, ElementType otherType, float[] other)
    {
        if (type == otherType && before.SequenceEqual(after)) return false;
        ReadOnlySpan<float> a = RowPair.Values(before, type, scratch), b = RowPair.Values(after, otherType, other);
        for (int i = 0; i < a.Length; i++)
            if (!(a[i] == b[i])) return true;
        return false;
    }
}
