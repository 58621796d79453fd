namespace KsLottery.Engine.Certificates;

/// <summary>Rows of the embedding that take the place of the base's.</summary>
/// <param name="Rows">k token ids, ascending; there may be none.</param>
/// <param name="Values">(k, C), in F32.</param>
internal readonly record struct ReplacedRows(IReadOnlyList<int> Rows, float[] Values)
{
    public static ReplacedRows None { get; } = new([], []);
}
