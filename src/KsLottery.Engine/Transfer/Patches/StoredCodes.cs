using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>Whether stored codes (F8, I8, U8) mean in one tensor what they mean in another.</summary>
/// <remarks>A patch holds rows as they are stored. Codes keep their values only where type and scale are those of the base.</remarks>
internal static class StoredCodes
{
    /// <summary>Whether values of two types cannot be converted into each other: either are codes.</summary>
    public static bool AreInTheWay(ElementType from, ElementType to) => from != to && (AreCodes(from) || AreCodes(to));

    /// <summary>Why rows of a tuned tensor cannot be put into the base as they are stored, without a final full stop; null where they
    /// can.</summary>
    public static string? WhyNotMovable(Tensor baseTensor, Tensor tuned, TensorMask mask, RowPairing? pairing)
    {
        (TensorScale? scale, TensorScale? other) = (baseTensor.Scale, tuned.Scale);
        if (AreInTheWay(tuned.ElementType, baseTensor.ElementType))
            return $"rows of {tuned.DtypeName} cannot be stored as {baseTensor.DtypeName}, and a patch holds rows as they are stored";
        if (scale is null && other is null) return null;
        foreach (long row in mask.Rows)
            if (scale is null || other is null || !scale.IsSame((int)row, other, pairing?.TunedOf((int)row) ?? (int)row))
                return $"row {row} has another scale in the tuned tensor, so that its codes would mean other values in the base";
        return null;
    }

    /// <summary>Whether values of a type are codes, which mean something with their scale alone.</summary>
    public static bool AreCodes(ElementType type) => ElementCodec.Find(type) is { IsCoded: true };
}
