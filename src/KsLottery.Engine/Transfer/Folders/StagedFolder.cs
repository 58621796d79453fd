using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Transfer;

/// <summary>A folder that appears whole or not at all.</summary>
/// <remarks>
/// It grows under a temporary name beside its target and takes the target's name at the end. Only a process that is killed leaves the
/// temporary folder behind, named <c>.kslottery-….tmp</c>; and one whose work can be resumed, from files that have their names.
/// </remarks>
internal sealed class StagedFolder : IDisposable
{
    /// <summary>The end of the name of a file that is not whole.</summary>
    public const string PartialSuffix = ".part";

    private const string LockName = ".lock";

    private readonly string _target;
    private readonly string[] _replaceable;
    private readonly FileStream? _lock;
    private bool _isCommitted;

    /// <summary>Starts a folder.</summary>
    /// <param name="path">The target: absent, or an empty folder.</param>
    /// <param name="inputs">Files and folders that are read, for a clear refusal; a folder with content is refused in any case.</param>
    /// <exception cref="IOException">The target is a file, holds files, is an input, or lies in no folder.</exception>
    public StagedFolder(string path, params ReadOnlySpan<string> inputs)
        : this(path, [], inputs)
    {
    }

    /// <summary>Starts a folder, or goes on with one that was broken off.</summary>
    /// <param name="path">The target: absent, or an empty folder.</param>
    /// <param name="work">Names the work, all its inputs and settings: what stands in the folder of the same work is kept.</param>
    /// <param name="inputs">Files and folders that are read, for a clear refusal.</param>
    /// <exception cref="IOException">As for another folder; or another process does this very work.</exception>
    public static StagedFolder Resume(string path, string work, params ReadOnlySpan<string> inputs) => new(path, [], inputs, work);

    /// <summary>Starts a folder that may take the place of an earlier one.</summary>
    /// <param name="path">The target: absent, or a folder with nothing but files that may be replaced.</param>
    /// <param name="replaceable">The names of those files.</param>
    /// <param name="inputs">Files and folders that are read, for a clear refusal.</param>
    /// <exception cref="IOException">The target is a file, holds other files, is an input, or lies in no folder.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder above it may not be written to.</exception>
    public StagedFolder(string path, string[] replaceable, params ReadOnlySpan<string> inputs)
        : this(path, replaceable, inputs, work: null)
    {
    }

    private StagedFolder(string path, string[] replaceable, ReadOnlySpan<string> inputs, string? work)
    {
        _replaceable = replaceable;
        ArgumentException.ThrowIfNullOrEmpty(path);
        GivenPath = path;
        _target = RealPath.Of(Path.TrimEndingDirectorySeparator(path));
        foreach (string input in inputs)
            if (_target == RealPath.Of(Path.TrimEndingDirectorySeparator(input)))
                throw new IOException($"{path}: refused, because this is an input. Name a new folder for the output.");
        if (File.Exists(_target)) throw new IOException($"{path}: this is a file. Name a new folder for the output.");
        if (FirstObstacle() is { } found)
            throw new IOException($"{path}: the folder is not empty, it holds {found}. Name a new one for the output.");
        if (Path.GetDirectoryName(_target) is not { } parent || !Directory.Exists(parent))
            throw new DirectoryNotFoundException($"{path}: the folder above it does not exist. Create it first.");
        Staging = Path.Combine(parent, $".kslottery-{work ?? Path.GetRandomFileName()}.tmp");
        try
        {
            Directory.CreateDirectory(Staging);
            if (work is not null) _lock = new(LockPath, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException) when (File.Exists(LockPath))
        {
            throw new IOException($"{path}: another process writes it, in {Staging}. Wait for it, or end it.");
        }
        catch (Exception e) when (UnwritableTarget.IsToldOf(e, Staging))
        {
            throw UnwritableTarget.Of(path, e);
        }
    }

    /// <summary>The target as it was given.</summary>
    public string GivenPath { get; }

    /// <summary>The temporary folder, into which everything is written.</summary>
    public string Staging { get; }

    /// <summary>Names of the files that an earlier try finished.</summary>
    public IEnumerable<string> Finished => Directory.EnumerateFiles(Staging).Select(p => Path.GetFileName(p)).Where(name =>
        name != LockName && !name.EndsWith(PartialSuffix, StringComparison.Ordinal));

    private string LockPath => Path.Combine(Staging, LockName);

    /// <summary>Gives the folder its name.</summary>
    /// <exception cref="IOException">Someone else put something there meanwhile.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public void Commit(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string? earlier = null;
        if (Directory.Exists(_target))
        {
            if (FirstObstacle() is { } found)
                throw new IOException($"{GivenPath}: {found} came into it meanwhile. Name a new folder for the output.");
            // An empty folder is deleted, which fails where files come into it at this moment.
            if (_replaceable.Length == 0) Directory.Delete(_target);
            else Directory.Move(_target, earlier = Staging + ".old");
        }
        ReleaseLock();
        Directory.Move(Staging, _target);
        _isCommitted = true;
        if (earlier is not null) Directory.Delete(earlier, recursive: true);
    }

    /// <summary>Removes what an earlier try finished, or this one: it cannot be gone on with.</summary>
    public void Abandon()
    {
        foreach (string name in Finished.ToArray()) File.Delete(Path.Combine(Staging, name));
    }

    /// <summary>Removes what was written, unless it was committed, or files of resumable work are finished.</summary>
    public void Dispose()
    {
        if (_isCommitted) return;
        bool isKept = _lock is not null && Finished.Any();
        ReleaseLock();
        if (!isKept) Directory.Delete(Staging, recursive: true);
    }

    private void ReleaseLock()
    {
        if (_lock is null) return;
        _lock.Dispose();
        File.Delete(LockPath);
    }

    /// <summary>The name of something in the target that may not be replaced.</summary>
    private string? FirstObstacle() => !Directory.Exists(_target)
        ? null
        : Directory.EnumerateFileSystemEntries(_target).Select(Path.GetFileName).FirstOrDefault(name => !_replaceable.Contains(name));
}
