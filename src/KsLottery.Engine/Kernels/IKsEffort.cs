namespace KsLottery.Engine.Kernels;

/// <summary>A kernel that tells how much a row took: a bound that no row exceeds is proved of it, not of time.</summary>
internal interface IKsEffort
{
    /// <summary>How many bytes of values, positions and counters the loops of the last row went through, at most; a comparison of a sort
    /// as its value.</summary>
    long Effort { get; }
}
