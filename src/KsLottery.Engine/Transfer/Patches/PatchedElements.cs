using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>A base's tensor as a patch makes it, computed as it is read; as written by <see cref="PatchApplication.Apply"/>.</summary>
/// <remarks>Fast where it is read from front to back, also where a range begins in the row in which the last one ended.</remarks>
internal sealed class PatchedElements(PatchTarget target) : IComputedRows
{
    private readonly Lock _lock = new();
    private readonly ElementReader _base = new(target.Tensor);
    private PatchRuns? _runs;
    private bool _hasRun;
    private long _nextRow;
    private byte[] _lastRow = [];

    /// <summary>What rounding cost in the rows that were read.</summary>
    public RoundingLoss Loss { get; private set; }

    /// <summary>The tensor, whose file is the base's.</summary>
    public Tensor ToTensor() =>
        new(target.Tensor.File, target.Tensor.Name, target.Tensor.ElementType, target.Tensor.Shape, this);

    /// <inheritdoc/>
    public void Compute(long first, int count, Span<byte> bytes)
    {
        lock (_lock)
        {
            int length = bytes.Length / count;
            if (first == _nextRow - 1 && _lastRow.Length == length)
            {
                _lastRow.CopyTo(bytes);
                (first, count) = (first + 1, count - 1);
                bytes = bytes[length..];
                if (count == 0) return;
            }
            if (_runs is null || first < _nextRow) Restart();
            Read(first, bytes, length / target.Tensor.ElementType.ByteSize());
            (_nextRow, _lastRow) = (first + count, bytes[^length..].ToArray());
        }
    }

    private void Restart()
    {
        _runs = new(target.Patched, PatchSide.Tuned);
        _hasRun = _runs.MoveNext();
        Loss = default;
    }

    private void Read(long firstRow, Span<byte> bytes, int width)
    {
        int size = target.Tensor.ElementType.ByteSize();
        long start = firstRow * width, end = start + (bytes.Length / size);
        foreach (IndexRun piece in ElementReader.Pieces([new(start, end - start)]))
            _base.Get(piece.Start, (int)piece.Length).CopyTo(bytes[(int)((piece.Start - start) * size)..]);
        for (; _hasRun && _runs!.Current.Start < end; _hasRun = _runs.MoveNext())
        {
            // A piece may begin before the range, or end behind it.
            IndexRun run = _runs.Current;
            ReadOnlySpan<byte> patched = _runs.Get(_base.Get(run.Start, (int)run.Length), out RoundingLoss loss);
            long from = Math.Max(run.Start, start), to = Math.Min(run.End, end);
            if (to > from)
                patched.Slice((int)(from - run.Start) * size, (int)(to - from) * size).CopyTo(bytes[(int)((from - start) * size)..]);
            if (run.End > end) break;
            Loss += loss;
        }
    }
}
