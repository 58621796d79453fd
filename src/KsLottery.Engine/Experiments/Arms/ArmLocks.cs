using System.Diagnostics;

namespace KsLottery.Engine.Experiments;

/// <summary>The locks of an experiment's arms, in the folder <c>.locks</c> until the experiment is whole.</summary>
/// <remarks>
/// <c>NAME.lock</c> is locked by the operating system, which unlocks it when the process ends, however it does; <c>NAME.holder</c> says
/// which
/// process of which machine that is. Where the file system locks within one machine alone, or not at all, the text decides: a process of
/// this
/// machine holds what it names while it runs, one of another machine while it renews its text, every ten seconds; after a minute without,
/// it counts as dead. No lock's file is deleted while others may want it: who has it open would hold what no name leads to.
/// </remarks>
internal sealed class ArmLocks(string folder)
{
    /// <summary>The folder's name.</summary>
    public const string FolderName = ".locks";

    private const string LockSuffix = ".lock", HolderSuffix = ".holder";

    private readonly string _folder = Path.Combine(folder, FolderName);
    private readonly Dictionary<string, (string Text, long Since)> _seen = [];

    /// <summary>How often a holder renews its text.</summary>
    public TimeSpan Beat { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a text of another machine may stay the same before its process counts as dead.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Takes a lock, or says why not.</summary>
    /// <param name="name">What is locked.</param>
    /// <param name="state">Who holds it; null where it was taken, or where the holder has not said so yet.</param>
    /// <param name="isUndecided">Whether a process of another machine may be dead, which shows within <see cref="Patience"/>.</param>
    public ArmLock? TryTake(string name, out LockHolder? state, out bool isUndecided)
    {
        (state, isUndecided) = (null, false);
        string holderPath = Path.Combine(_folder, name + HolderSuffix);
        try
        {
            Directory.CreateDirectory(_folder);
        }
        catch (IOException) when (!File.Exists(_folder)) // taken away while it was being made
        {
            return null;
        }
        FileStream file;
        try
        {
            file = new(Path.Combine(_folder, name + LockSuffix), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (DirectoryNotFoundException) // the last process of a whole experiment took it away
        {
            return null;
        }
        catch (IOException fault) when (IsHeld(fault))
        {
            state = Read(holderPath).Holder;
            return null;
        }
        try
        {
            (string text, LockHolder? holder) = Read(holderPath);
            isUndecided = holder is { IsHere: false } && !IsOld(name, text);
            if (isUndecided || holder is { IsHere: true, IsAlive: true })
            {
                state = holder;
                file.Dispose();
                return null;
            }
            return new(file, holderPath, Beat);
        }
        catch (IOException fault) when (IsTakenAway(fault) || (fault.InnerException is { } inner && IsTakenAway(inner)))
        {
            file.Dispose();
            return null;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Takes a lock that is held for moments, and waits for it.</summary>
    public ArmLock Take(string name, CancellationToken cancel)
    {
        while (true)
        {
            if (TryTake(name, out _, out _) is { } taken) return taken;
            cancel.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(50));
            cancel.ThrowIfCancellationRequested();
        }
    }

    /// <summary>A process that holds something; null where none does.</summary>
    /// <param name="except">What is not looked at.</param>
    public LockHolder? FirstHolder(string except)
    {
        if (!Directory.Exists(_folder)) return null;
        foreach (string name in Directory.GetFiles(_folder, "*" + HolderSuffix).Select(path => Path.GetFileNameWithoutExtension(path)))
        {
            if (name == except) continue;
            using ArmLock? taken = TryTake(name, out LockHolder? holder, out bool isUndecided);
            if (!isUndecided && holder is not null) return holder;
        }
        return null;
    }

    /// <summary>Takes the locks away, once nobody needs one.</summary>
    public void Remove()
    {
        try
        {
            if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
        }
        catch (IOException)
        {
            // Another process writes its tables at this moment and takes them away itself.
        }
    }

    private bool IsOld(string name, string text)
    {
        if (!_seen.TryGetValue(name, out (string Text, long Since) seen) || seen.Text != text)
            _seen[name] = seen = (text, Stopwatch.GetTimestamp());
        return Stopwatch.GetElapsedTime(seen.Since) >= Patience;
    }

    /// <summary>Whether the last process of a whole experiment took the folder away while something was written there.</summary>
    private static bool IsTakenAway(Exception fault) => fault is DirectoryNotFoundException or FileNotFoundException;

    /// <summary>Whether a file could not be opened because another process has locked it.</summary>
    private static bool IsHeld(IOException fault)
    {
        const int LinuxWouldBlock = 11, MacWouldBlock = 35, WindowsSharingViolation = unchecked((int)0x80070020);
        return fault.HResult == (OperatingSystem.IsWindows() ? WindowsSharingViolation
            : OperatingSystem.IsMacOS() ? MacWouldBlock
            : LinuxWouldBlock);
    }

    private static (string Text, LockHolder? Holder) Read(string path)
    {
        try
        {
            string text = File.ReadAllText(path);
            return (text, LockHolder.Parse(text));
        }
        catch (IOException) // absent, or being written
        {
            return ("", null);
        }
    }
}

/// <summary>An arm that another process works on.</summary>
/// <param name="Task">The task's name.</param>
/// <param name="Seed">The seed; null for the base.</param>
/// <param name="Arm">The arm.</param>
/// <param name="ProcessId">The process; 0 where it has not said yet.</param>
/// <param name="Host">The machine's name.</param>
internal sealed record HeldArm(string Task, ulong? Seed, ExperimentArm Arm, int ProcessId, string Host);
