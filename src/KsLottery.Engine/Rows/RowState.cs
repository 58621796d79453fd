namespace KsLottery.Engine.Rows;

/// <summary>What became of a row between the base and the tuned checkpoint.</summary>
public enum RowState : byte
{
    /// <summary>Every value is the same; both zeros count as one value.</summary>
    Unchanged,

    /// <summary>Some value differs.</summary>
    Changed,

    /// <summary>
    /// Some value differs, and the base row was constant or nearly zero: any noise then gives D near 1/2 or above, which says nothing
    /// about the task.
    /// </summary>
    Degenerate,

    /// <summary>Either row holds a NaN or an infinity. With a NaN there is no statistic and no rank.</summary>
    NonFinite,

    /// <summary>The tuned matrix has no counterpart of the row, see <see cref="RowPairing"/>: there is nothing to test.</summary>
    Dropped,
}
