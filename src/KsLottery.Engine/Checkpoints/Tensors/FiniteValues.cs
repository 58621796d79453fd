using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Checkpoints;

/// <summary>Finds values that no model computes with: a NaN or an infinity.</summary>
internal static class FiniteValues
{
    /// <summary>Checks all of a tensor of a readable type.</summary>
    /// <exception cref="CheckpointFormatException">A value is NaN or infinite; names the first such row.</exception>
    public static void Check(Tensor tensor, CancellationToken cancellationToken = default)
    {
        long done = 0;
        ElementCodec codec = ElementCodec.Of(tensor.ElementType);
        tensor.VisitBytes(tensor, (chunk, tensor) =>
        {
            int place = codec.IndexOfNonFinite(chunk);
            if (place >= 0) throw Defect(tensor, (done / tensor.ElementType.ByteSize()) + place);
            done += chunk.Length;
        }, cancellationToken);
    }

    /// <summary>The values of a tensor of a readable type that are NaN or infinite.</summary>
    public static IndexSet FindOthers(Tensor tensor, CancellationToken cancellationToken = default)
    {
        ElementCodec codec = ElementCodec.Of(tensor.ElementType);
        int size = tensor.ElementType.ByteSize();
        IndexSetBuilder found = new(tensor.ElementCount);
        long first = 0;
        tensor.VisitBytes(tensor, (chunk, tensor) =>
        {
            int done = 0;
            for (int place; (place = codec.IndexOfNonFinite(chunk[(done * size)..])) >= 0; done += place + 1)
                found.Add(first + done + place);
            first += chunk.Length / size;
        }, cancellationToken);
        return found.ToSet();
    }

    /// <summary>Takes a tensor's fingerprint of <see cref="FingerprintKind.Tree"/>, and counts as the bytes pass the values that are NaN or
    /// infinite.</summary>
    public static (string Fingerprint, long Others) TakeFingerprint(Tensor tensor, CancellationToken cancellationToken = default)
    {
        ElementCodec codec = ElementCodec.Of(tensor.ElementType);
        int size = tensor.ElementType.ByteSize();
        long others = 0;
        FingerprintBlocks blocks = new(tensor.ElementType, tensor.Shape, tensor.ByteLength, (offset, length, buffer) =>
        {
            ReadOnlySpan<byte> bytes = tensor.GetBytes(offset, length, buffer);
            int found = 0;
            for (int done = 0, place; (place = codec.IndexOfNonFinite(bytes[(done * size)..])) >= 0; done += place + 1) found++;
            Interlocked.Add(ref others, found);
            return bytes;
        }, tensor.DontNeed);
        blocks.TakeMissing(0, tensor.ByteLength, threads: 0, cancellationToken);
        return (blocks.Root(), others);
    }

    private static CheckpointFormatException Defect(Tensor tensor, long element)
    {
        (_, long width) = tensor.RowShape;
        string place = tensor.Shape.Count > 1 ? $"row {element / width}, column {element % width}" : $"element {element}";
        return new(CheckpointDefect.NonFiniteWeights, tensor.File.Path,
            $"{place} is NaN or infinite, and what a model computes with it is no number",
            "Take a checkpoint from before its training diverged, or replace the value", tensor.Name,
            tensor.FileOffset + (element * tensor.ElementType.ByteSize()));
    }
}
