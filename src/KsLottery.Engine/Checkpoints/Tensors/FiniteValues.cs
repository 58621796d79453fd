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
