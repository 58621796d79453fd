using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>Words how values were read that are not compared as they are stored.</summary>
internal static class ValueRemarks
{
    /// <summary>What there is to know of the values of two tensors.</summary>
    public static IEnumerable<string> About(Tensor before, Tensor after)
    {
        Tensor[] both = [before, after];
        foreach (Tensor tensor in both)
            if (tensor.Scale is { } scale)
                yield return $"{tensor.File.Path}: the values of {Quote(tensor)} are its {tensor.DtypeName} codes times "
                    + $"{Quote(scale.Stored)}, {scale.Unit}.";
        if (Array.Find(both, tensor => IsRounded(tensor.ElementType)) is { } rounded)
            yield return About($"the values of {Quote(rounded)} are", rounded.ElementType);
    }

    /// <summary>What there is to know of the values of many matrices.</summary>
    public static IEnumerable<string> About(IEnumerable<(Tensor Base, Tensor Tuned)> pairs)
    {
        (Tensor Base, Tensor Tuned)[] all = [.. pairs];
        int scaled = all.Count(pair => pair.Base.Scale is not null || pair.Tuned.Scale is not null);
        if (scaled > 0) yield return $"values of {scaled} {Matrices(scaled)} are codes times the scale stored beside them.";
        foreach (ElementType type in ElementCodec.Types.Where(IsRounded))
            if (all.Count(pair => pair.Base.ElementType == type || pair.Tuned.ElementType == type) is > 0 and int count)
                yield return About($"the values of {count} {Matrices(count)} are", type);
    }

    private static string About(string what, ElementType type) =>
        $"{what} read from {type.ToName()} as F32, rounded to nearest, ties to even: those that differ by less than F32 can tell are ties.";

    private static bool IsRounded(ElementType type) => ElementCodec.Find(type) is { IsExact: false };

    private static string Matrices(int count) => count == 1 ? "matrix" : "matrices";

    private static string Quote(Tensor tensor) => CheckpointFormatException.Quote(tensor.Name);
}
