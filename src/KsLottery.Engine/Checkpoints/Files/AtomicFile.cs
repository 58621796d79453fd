using System.Text;

namespace KsLottery.Engine.Checkpoints;

/// <summary>Writes a file whole or not at all.</summary>
/// <remarks>
/// The content goes to a temporary file in the target's folder, is flushed to the disk, and takes the target's name by an atomic
/// rename. Whatever fails before, a crash included, leaves the target as it was. A target that is a symbolic link is replaced by the
/// file; what the link pointed to stays.
/// </remarks>
internal static class AtomicFile
{
    private const int BufferLength = 1 << 17;

    /// <summary>Writes a file through a stream.</summary>
    /// <param name="path">The target, in a folder that exists.</param>
    /// <param name="write">Writes the content; the stream is closed by the caller.</param>
    /// <param name="cancellationToken">Looked at a last time before the rename.</param>
    /// <exception cref="IOException">The target is open as an input in this process, is a folder, or cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written to.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled; the temporary file is gone.</exception>
    public static void Write(string path, Action<Stream> write, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(write);
        ThrowIfNoTarget(path);
        string target = Path.GetFullPath(path), folder = Path.GetDirectoryName(target)!;
        string temporary = Path.Combine(folder, $".kslottery-{Path.GetRandomFileName()}.tmp");
        try
        {
            WriteBy(temporary, target, write, cancellationToken);
        }
        catch (Exception e) when (UnwritableTarget.IsToldOf(e, temporary))
        {
            throw UnwritableTarget.Of(path, e);
        }
    }

    /// <summary>Looks before any work whether a file can have a name.</summary>
    /// <param name="path">The target, in a folder that exists.</param>
    /// <exception cref="IOException">The target is open as an input in this process, is a folder, or lies in none.</exception>
    public static void ThrowIfNoTarget(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string target = Path.GetFullPath(path), folder = Path.GetDirectoryName(target)!;
        if (Directory.Exists(target)) throw new IOException($"{path}: this is a folder. Give the name of a file in it.");
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"{path}: the folder {folder} does not exist. Create it first.");
        OpenInputs.ThrowIfOpen(target);
    }

    private static void WriteBy(string temporary, string target, Action<Stream> write, CancellationToken cancellationToken)
    {
        FileStream created = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferLength);
        try
        {
            using (FileStream stream = created)
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            cancellationToken.ThrowIfCancellationRequested();
            // The writing itself may have opened the target as an input.
            OpenInputs.ThrowIfOpen(target);
            File.Move(temporary, target, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Writes a text file in UTF-8 without a byte order mark.</summary>
    /// <inheritdoc cref="Write" path="/exception"/>
    public static void WriteText(string path, string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)), cancellationToken);
    }
}

/// <summary>Tells of an output that cannot be written by its own name, not by that of the temporary file or folder it grows
/// under.</summary>
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
