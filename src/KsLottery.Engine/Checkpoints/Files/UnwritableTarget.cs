namespace KsLottery.Engine.Checkpoints;

/// <summary>Tells of an output that cannot be written by its own name, not by that of the temporary file or folder it grows under.</summary>
internal static class UnwritableTarget
{
    /// <summary>Whether the system refused something and said so of a path.</summary>
    public static bool IsToldOf(Exception exception, string path) =>
        exception is IOException or UnauthorizedAccessException && exception.Message.Contains(path, StringComparison.Ordinal);

    /// <summary>What to throw in place of a refusal; of its kind, with the system's reason where there is one beside the path.</summary>
    public static Exception Of(string target, Exception refusal)
    {
        int end = refusal.Message.LastIndexOf(" : '", StringComparison.Ordinal);
        string message = $"{target}: cannot be written here{(end > 0 ? $" ({refusal.Message[..end]})" : "")}: "
            + "name a folder that you may write to.";
        return refusal is IOException ? new IOException(message, refusal) : new UnauthorizedAccessException(message, refusal);
    }
}
