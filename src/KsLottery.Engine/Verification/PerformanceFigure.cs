namespace KsLottery.Engine.Verification;

/// <summary>How fast a device did one thing.</summary>
/// <param name="Name">What, for instance <c>rows BF16 unrelated d=4096 count</c>.</param>
/// <param name="Seconds">The median time of one launch, of data that lie in the device's memory.</param>
/// <param name="Bytes">The bytes that must be read and written at least.</param>
/// <param name="Operations">The floating-point operations of its definition; 0 where they say nothing of its speed.</param>
/// <param name="Rows">Rows of a test; 0 for other work.</param>
/// <param name="CopyBytesPerSecond">What the device's memory gave to a copy, read and written, in the same run.</param>
internal sealed record PerformanceFigure(string Name, double Seconds, long Bytes, double Operations, int Rows, double CopyBytesPerSecond)
{
    /// <summary>Bytes a second.</summary>
    public double BytesPerSecond => Bytes / Seconds;

    /// <summary>The share of the copy's speed.</summary>
    public double ShareOfCopy => BytesPerSecond / CopyBytesPerSecond;

    /// <summary>Rows a second; 0 for other work.</summary>
    public double RowsPerSecond => Rows / Seconds;
}
