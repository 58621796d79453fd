using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>Reads some elements of a window of a tensor. For one thread; fast where windows ascend.</summary>
internal sealed class MaskedReader(Tensor tensor)
{
    private readonly ElementReader _reader = new(tensor);
    private readonly byte[] _values = new byte[ElementReader.MaxCount * tensor.ElementType.ByteSize()];

    /// <summary>The stored bytes; valid until the next call.</summary>
    /// <param name="start">The first element of the window, of at most <see cref="ElementReader.MaxCount"/>.</param>
    /// <param name="places">The elements, ascending, counted from there.</param>
    public ReadOnlySpan<byte> Get(long start, ReadOnlySpan<int> places)
    {
        if (places.IsEmpty) return [];
        int length = places[^1] + 1;
        ReadOnlySpan<byte> window = _reader.Get(start, length);
        // Without a gap they lie there as they are wanted.
        if (length == places.Length) return window;
        Span<byte> values = _values.AsSpan(0, places.Length * tensor.ElementType.ByteSize());
        Elements.Gather(window, places, values);
        return values;
    }
}
