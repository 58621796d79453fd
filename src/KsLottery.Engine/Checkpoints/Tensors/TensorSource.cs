using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Checkpoints;

/// <summary>A tensor that is to be written: its facts, and the bytes when their turn comes.</summary>
/// <param name="Name">The name, unique in the file.</param>
/// <param name="ElementType">The element type.</param>
/// <param name="Shape">The dimensions, none negative; empty for a scalar.</param>
/// <param name="WriteTo">Writes exactly the bytes of the tensor, little-endian, last dimension fastest; called once.</param>
public sealed record TensorSource(string Name, ElementType ElementType, IReadOnlyList<long> Shape, Action<Stream> WriteTo)
{
    /// <summary>A tensor copied from another file, a chunk at a time.</summary>
    public static TensorSource FromTensor(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return new(tensor.Name, tensor.ElementType, tensor.Shape, stream => tensor.CopyTo(stream));
    }

    /// <summary>A tensor from bytes in memory.</summary>
    public static TensorSource FromBytes(string name, ElementType type, IReadOnlyList<long> shape, ReadOnlyMemory<byte> bytes) =>
        new(name, type, shape, stream => stream.Write(bytes.Span));
}
