using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Operations;

/// <summary>Takes elements of a product one after the other, row by row, and adds their sums to them, eight at a time.</summary>
/// <param name="shape">How lines are made.</param>
/// <param name="blocks">How many blocks they hold.</param>
/// <param name="rows">Lines of the rows.</param>
/// <param name="columns">Lines of the columns.</param>
/// <param name="totals">What is added to.</param>
internal ref struct SampledSums(SampledShape shape, int blocks, ReadOnlySpan<float> rows, ReadOnlySpan<float> columns, Span<float> totals)
{
    private const int Together = 8;

    private readonly ReadOnlySpan<float> _rows = rows, _columns = columns;
    private readonly Span<float> _totals = totals;
    private SampledQuad _waiting, _next;

    /// <summary>Takes the next element.</summary>
    /// <param name="row">Where the line of its row begins.</param>
    /// <param name="column">Where the line of its column begins.</param>
    public void Add(nint row, nint column)
    {
        _next.Add(row, column);
        if (_next.IsFull) EndRow();
    }

    /// <summary>The next element is of another row.</summary>
    public void EndRow()
    {
        if (_next.Count == 0) return;
        int after = _next.First + _next.Count;
        if (_waiting.Count > 0)
        {
            Multiply(_waiting, _next);
            _waiting = default;
        }
        else _waiting = _next;
        _next = new() { First = after };
    }

    /// <summary>There are no more elements.</summary>
    public void End()
    {
        EndRow();
        if (_waiting.Count > 0) Multiply(_waiting, _waiting with { Count = 0 });
    }

    private readonly void Multiply(in SampledQuad a, in SampledQuad b)
    {
        Span<float> sums = stackalloc float[Together * SampledShape.MaxLanes];
        ref readonly float row = ref MemoryMarshal.GetReference(_rows), column = ref MemoryMarshal.GetReference(_columns);
        ref float first = ref MemoryMarshal.GetReference(sums);
        if (shape.Lanes == 1) SampledTile<GemmLanes1, float>.Multiply(shape.Rows, in row, in column, in a, in b, ref first);
        else SampledTile<GemmLanes128, Vector128<float>>.Multiply(shape.Rows, in row, in column, in a, in b, ref first);
        Put(a, sums);
        Put(b, sums[(Together / 2 * shape.Lanes)..]);
    }

    private readonly void Put(in SampledQuad quad, ReadOnlySpan<float> sums)
    {
        for (int i = 0; i < quad.Count; i++)
        {
            ref float total = ref _totals[quad.First + i];
            for (int block = 0; block < blocks; block++) total += sums[(i * shape.Lanes) + block];
        }
    }
}
