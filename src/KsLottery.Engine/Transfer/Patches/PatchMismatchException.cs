namespace KsLottery.Engine.Transfer;

/// <summary>A checkpoint is not the one that a patch belongs to; nothing was written.</summary>
/// <remarks>The message names file and tensor, both fingerprints, the rows that differ and the next step.</remarks>
public sealed class PatchMismatchException : Exception
{
    internal PatchMismatchException(string path, string message, string? expected = null, string? actual = null)
        : base(message) => (Path, ExpectedFingerprint, ActualFingerprint) = (path, expected, actual);

    /// <summary>The file that does not fit the patch.</summary>
    public string Path { get; }

    /// <summary>The fingerprint that the patch asks for, or null where the mismatch shows otherwise.</summary>
    public string? ExpectedFingerprint { get; }

    /// <summary>The fingerprint that was found, or null where the mismatch shows otherwise.</summary>
    public string? ActualFingerprint { get; }
}
