namespace KsLottery.Engine.Text.Corpora;

/// <summary>What happens to a sample with more tokens than are allowed.</summary>
public enum OverlongSamples
{
    /// <summary>It is an error that names file and line.</summary>
    Fail,

    /// <summary>It is left out and counted.</summary>
    Skip,

    /// <summary>Its end is cut off, the end token with it, and it is counted; left out where no token of the target would remain.</summary>
    Truncate,
}
