namespace KsLottery.Engine.Training;

/// <summary>Something that must not learn is not what it was before the training; the state is kept, and no result stands.</summary>
public sealed class FrozenWeightsChangedException : Exception
{
    internal FrozenWeightsChangedException(string path, string before, string after)
        : base($"{path}: what does not learn had the fingerprint {before} before the training, and has {after} now. The base was changed "
            + "meanwhile, or the disk gave other bytes; restore the base and resume.") => (Before, After) = (before, after);

    /// <summary>The fingerprint before the training.</summary>
    public string Before { get; }

    /// <summary>The fingerprint afterwards.</summary>
    public string After { get; }
}
