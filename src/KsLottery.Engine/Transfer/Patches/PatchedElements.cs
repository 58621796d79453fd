using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>A base's tensor as a patch makes it, computed as it is read; as written by <see cref="PatchApplication.Apply"/>.</summary>
/// <remarks>Fast where it is read from front to back, also where a range begins in the row in which the last one ended.</remarks>
internal sealed class PatchedElements(PatchTarget target) : IComputedRows
{
    private readonly Lock _lock = new();
    private readonly ElementReader _base = new(target.Tensor);
    private PatchRewriter? _rewriter;
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
            if (_rewriter is null || first < _nextRow) Restart();
            Read(first, bytes, length / target.Tensor.ElementType.ByteSize());
            (_nextRow, _lastRow) = (first + count, bytes[^length..].ToArray());
        }
    }

    private void Restart()
    {
        _rewriter = new(target.Patched, PatchSide.Tuned);
        Loss = default;
    }

    private void Read(long firstRow, Span<byte> bytes, int width)
    {
        int size = target.Tensor.ElementType.ByteSize(), length = ElementReader.MaxCount * size;
        for (int at = 0; at < bytes.Length; at += length)
        {
            Span<byte> window = bytes[at..Math.Min(bytes.Length, at + length)];
            long start = (firstRow * width) + (at / size);
            _base.Get(start, window.Length / size).CopyTo(window);
            Loss += _rewriter!.Rewrite(start, window);
        }
    }
}
