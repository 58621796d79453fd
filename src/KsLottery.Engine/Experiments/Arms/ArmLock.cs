using System.Text;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Experiments;

/// <summary>An arm that this process works on. While it does, the text beside the lock is renewed.</summary>
internal sealed class ArmLock : IDisposable
{
    private readonly FileStream _file;
    private readonly string _holderPath;
    private readonly Timer _timer;
    private readonly Lock _writing = new();
    private LockHolder _holder = LockHolder.Own;
    private bool _isReleased;

    /// <param name="file">The lock's file, open and locked.</param>
    /// <param name="holderPath">The file that says who holds it.</param>
    /// <param name="beat">How often that is renewed.</param>
    public ArmLock(FileStream file, string holderPath, TimeSpan beat)
    {
        (_file, _holderPath) = (file, holderPath);
        WriteHolder();
        _timer = new(_ => Beat(), null, beat, beat);
    }

    /// <summary>Gives the arm to others. A process that dies does so too: the system unlocks its files.</summary>
    public void Dispose()
    {
        lock (_writing)
        {
            if (_isReleased) return;
            _isReleased = true;
        }
        _timer.Dispose();
        try
        {
            File.Delete(_holderPath);
        }
        catch (DirectoryNotFoundException)
        {
            // The last process of a whole experiment took the folder away.
        }
        finally
        {
            _file.Dispose();
        }
    }

    private void Beat()
    {
        lock (_writing)
        {
            if (_isReleased) return;
            _holder = _holder with { Beat = _holder.Beat + 1 };
            try
            {
                WriteHolder();
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // The next beat tries again; others believe in this process for several.
            }
        }
    }

    private void WriteHolder() => AtomicFile.Write(_holderPath, stream => stream.Write(Encoding.UTF8.GetBytes(_holder.ToString())));
}
