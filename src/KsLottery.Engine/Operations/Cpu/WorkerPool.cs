using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace KsLottery.Engine.Operations;

/// <summary>Threads that share out the parts of one operation after another.</summary>
/// <remarks>
/// An operation is often shorter than waking a thread takes, so a thread out of work first looks around for a while, then sleeps. All
/// that threads compete for is a ticket: the operation's number and how many of its parts nobody has taken. Who takes a part knows that
/// the operation cannot end before that part does, so the operation's fields hold still meanwhile.
/// </remarks>
internal sealed class WorkerPool : IDisposable
{
    /// <summary>How long a thread looks around: about as long as what lies between two operations of a model.</summary>
    private const int SpinMicroseconds = 60;

    private static readonly long SpinTicks = Stopwatch.Frequency * SpinMicroseconds / 1_000_000;

    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _work = new(0), _done = new(0);
    private readonly Lock _failureLock = new();

    private Action<int>? _action;
    private int _parts;
    private long _ticket;       // the operation's number << 32 | parts not taken
    private int _unfinished;    // parts not finished
    private int _sleeping;      // threads that a release of _work will wake
    private int _callerSleeps;
    private int _isBusy;
    private volatile bool _isDisposed;
    private (int Part, ExceptionDispatchInfo Failure)? _failure;

    /// <param name="threads">The number of threads that work, the caller's included; at least 1.</param>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        ThreadCount = threads;
        _threads = new Thread[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Work) { IsBackground = true, Name = $"KsLottery worker {i + 1}" };
            _threads[i].Start();
        }
    }

    /// <summary>The number of threads that work, the caller's included.</summary>
    public int ThreadCount { get; }

    /// <summary>Calls the work once for each part from 0 to <paramref name="parts"/> - 1, on any thread and in any order, and waits for
    /// all.</summary>
    /// <remarks>A call from within a part, or while another thread's call runs, does all of its parts on the calling thread.</remarks>
    /// <exception cref="Exception">What the lowest failing part threw, when all parts are done.</exception>
    public void Run(int parts, Action<int> work)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_threads.Length == 0 || parts <= 1 || Interlocked.Exchange(ref _isBusy, 1) != 0)
        {
            for (int part = 0; part < parts; part++) work(part);
            return;
        }
        try
        {
            (_action, _parts, _failure, _unfinished) = (work, parts, null, parts);
            long operation = (Volatile.Read(ref _ticket) >> 32) + 1;
            Interlocked.Exchange(ref _ticket, operation << 32 | (uint)parts);
            Wake(Math.Min(parts - 1, _threads.Length));
            while (TakePart()) { }
            WaitForOthers();
            _action = null;
            _failure?.Failure.Throw();
        }
        finally
        {
            Volatile.Write(ref _isBusy, 0);
        }
    }

    /// <summary>Ends the threads; no operation may run.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        if (_threads.Length > 0) _work.Release(_threads.Length);
        foreach (Thread thread in _threads) thread.Join();
        _work.Dispose();
        _done.Dispose();
    }

    private void Work()
    {
        while (!_isDisposed)
        {
            while (TakePart()) { }
            if (Spin(forWork: true)) continue;
            Interlocked.Increment(ref _sleeping);
            // Work that came before the increment woke nobody: take the announcement back, unless somebody is waking this thread already.
            if ((HasParts || _isDisposed) && TryAwake()) continue;
            _work.Wait();
        }
    }

    private bool HasParts => (uint)Volatile.Read(ref _ticket) != 0;

    /// <summary>Does one part, if there is one.</summary>
    private bool TakePart()
    {
        long ticket = Volatile.Read(ref _ticket);
        for (long seen; ; ticket = seen)
        {
            if ((uint)ticket == 0) return false;
            seen = Interlocked.CompareExchange(ref _ticket, ticket - 1, ticket);
            if (seen == ticket) break;
        }
        int part = _parts - (int)(uint)ticket;
        try
        {
            _action!(part);
        }
#pragma warning disable CA1031 // Whatever a part throws belongs to the caller of Run, not to this thread.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            lock (_failureLock)
                if (_failure is not { } earlier || part < earlier.Part) _failure = (part, ExceptionDispatchInfo.Capture(exception));
        }
        if (Interlocked.Decrement(ref _unfinished) == 0 && Volatile.Read(ref _callerSleeps) != 0
            && Interlocked.Exchange(ref _callerSleeps, 0) != 0) _done.Release();
        return true;
    }

    private void WaitForOthers()
    {
        if (Spin(forWork: false)) return;
        Interlocked.Exchange(ref _callerSleeps, 1);
        if (Volatile.Read(ref _unfinished) == 0 && Interlocked.Exchange(ref _callerSleeps, 0) != 0) return;
        _done.Wait();
    }

    private void Wake(int wanted)
    {
        int woken = 0;
        while (woken < wanted && TryAwake()) woken++;
        if (woken > 0) _work.Release(woken);
    }

    /// <summary>Takes one off the number of sleepers.</summary>
    private bool TryAwake()
    {
        for (int sleeping = Volatile.Read(ref _sleeping); sleeping > 0;)
        {
            int seen = Interlocked.CompareExchange(ref _sleeping, sleeping - 1, sleeping);
            if (seen == sleeping) return true;
            sleeping = seen;
        }
        return false;
    }

    /// <summary>Looks around for work, or for the end of an operation; returns whether it came.</summary>
    private bool Spin(bool forWork)
    {
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetTimestamp() - start < SpinTicks;)
            for (int i = 0; i < 16; i++)
            {
                if (forWork ? HasParts || _isDisposed : Volatile.Read(ref _unfinished) == 0) return true;
                Thread.SpinWait(4);
            }
        return false;
    }
}
