namespace KsLottery.Engine.Checkpoints;

/// <summary>The rows of a tensor that lies in no file and is computed as it is read. Safe from several threads.</summary>
internal interface IComputedRows
{
    /// <summary>Computes some rows, by <see cref="Tensor.RowShape"/>.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="count">How many.</param>
    /// <param name="target">Room for exactly their bytes.</param>
    void Compute(long first, int count, Span<byte> target);
}
