using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Training;

/// <summary>Brings values from a device into files, a chunk at a time. For one thread.</summary>
internal sealed class DeviceValues(IOperations operations)
{
    private const int PieceLength = 1 << 18;

    private readonly float[] _piece = new float[PieceLength];
    private byte[] _rounded = [];

    /// <summary>What rounding cost so far.</summary>
    public RoundingLoss Loss { get; private set; }

    /// <summary>A tensor of a file: F32, or rounded to F16 or BF16.</summary>
    public TensorSource Source(string name, IReadOnlyList<long> shape, DeviceSpan values, ElementType type = ElementType.F32) =>
        new(name, type, shape, stream => WriteTo(stream, values, type));

    /// <summary>Whether no value is infinite or NaN.</summary>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public bool AreFinite(DeviceSpan values, CancellationToken cancellationToken)
    {
        for (long start = 0; start < values.Length; start += PieceLength)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Span<float> some = _piece.AsSpan(0, (int)Math.Min(PieceLength, values.Length - start));
            operations.Download(some, values.Slice(start, some.Length));
            if (!TensorPrimitives.IsFiniteAll<float>(some)) return false;
        }
        return true;
    }

    private void WriteTo(Stream stream, DeviceSpan values, ElementType type)
    {
        for (long start = 0; start < values.Length; start += PieceLength)
        {
            Span<float> some = _piece.AsSpan(0, (int)Math.Min(PieceLength, values.Length - start));
            operations.Download(some, values.Slice(start, some.Length));
            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(some);
            stream.Write(type == ElementType.F32 ? bytes : Round(bytes, type));
        }
    }

    private Span<byte> Round(ReadOnlySpan<byte> values, ElementType type)
    {
        if (_rounded.Length == 0) _rounded = new byte[PieceLength * type.ByteSize()];
        Span<byte> rounded = _rounded.AsSpan(0, values.Length / sizeof(float) * type.ByteSize());
        Loss += RowRounding.Convert(values, ElementType.F32, rounded, type);
        return rounded;
    }
}
