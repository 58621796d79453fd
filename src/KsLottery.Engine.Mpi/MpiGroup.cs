using System.Diagnostics;
using System.Globalization;
using System.Text;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Mpi.Interop;
using KsLottery.Engine.Ranks;

namespace KsLottery.Engine.Mpi;

/// <summary>The processes that <c>mpirun</c> or <c>srun</c> started, through the MPI library that the machine has.</summary>
/// <remarks>
/// One thread of the program makes the calls. A rank that waits for others polls, and sleeps between: it takes no processor from those that
/// work. A program whose work throws on a rank calls <see cref="Fail"/> and <see cref="Abort"/>, for the others wait for it.
/// </remarks>
/// <example><code>
/// using MpiGroup ranks = MpiGroup.Join();
/// RowScanResult? found = RowScan.Run(ranks, before, after);   // on rank 0, null on the others
/// </code></example>
public sealed class MpiGroup : RankGroup
{
    private const int NameLength = 64;
    private static readonly TimeSpan Spinning = TimeSpan.FromMicroseconds(50), Yielding = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly MpiInterop _mpi;
    private readonly Lock _gate = new();
    private readonly MpiCollectives _collectives;
    private readonly MpiWatch _watch;
    private readonly string[] _hosts;
    private readonly CancellationToken _cancellationToken;
    private bool _isLeft, _isOver;

    private MpiGroup(MpiInterop mpi, MpiLibrary library, MpiOptions options, CancellationToken cancellationToken)
    {
        (_mpi, Library, _cancellationToken) = (mpi, library, cancellationToken);
        (Rank, Size) = mpi.Place();
        _hosts = [.. Enumerable.Repeat("", Size)];
        _collectives = new(mpi, _gate, options.StretchBytes, Wait);
        _watch = new(mpi, _gate, options.Patience, NameOf);
        ShareHosts();
    }

    /// <summary>The library that carries all.</summary>
    public MpiLibrary Library { get; }

    /// <inheritdoc/>
    public override int Rank { get; }

    /// <inheritdoc/>
    public override int Size { get; }

    /// <inheritdoc/>
    public override string Description => Library.Name;

    /// <inheritdoc/>
    public override CancellationToken Stopped => _watch.Stopped;

    /// <inheritdoc/>
    public override RankFailure? Failure => _watch.Failure;

    /// <summary>Joins the processes that the launcher started with this one; a process does so once.</summary>
    /// <param name="options">Which library, and how long a rank may be silent.</param>
    /// <param name="cancellationToken">Ends the wait for other ranks.</param>
    /// <exception cref="DeviceUnavailableException">There is no library, it was not run with and is not allowed, or it does not see the
    /// processes that the launcher says it started.</exception>
    public static MpiGroup Join(MpiOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        Launcher? launcher = Launcher.Find();
        (MpiInterop mpi, MpiLibrary library) = MpiLibrary.Load(launcher, options.Library);
        if (!library.IsTried && !options.AllowsUntried)
            throw new DeviceUnavailableException("mpi", $"{library.Name} ({library.Path}) is of a kind that this version was not run with",
                $"Use Open MPI 4.1 or MPICH 4.0; or {Remedy.TakeUntriedMpi}");
        // Without its own way to find the others, Open MPI ends the process while it begins, in words of its own.
        if (launcher is { Size: > 1, Kind: LauncherKind.Slurm or LauncherKind.Pmi } && library.Family == MpiFamily.OpenMpi)
            throw WrongLauncher(launcher, library);
        mpi.Begin();
        if (launcher is { Size: > 1 } && mpi.Place().Size == 1)
        {
            mpi.End();
            throw WrongLauncher(launcher, library);
        }
        return mpi.IsSerialized ? new(mpi, library, options, cancellationToken)
            : throw new DeviceUnavailableException("mpi", $"{library.Name} ({library.Path}) lets one thread alone call it",
                "Use one that is built with threads (MPI_THREAD_SERIALIZED)");
    }

    /// <inheritdoc/>
    public override string NameOf(int rank) => string.Create(CultureInfo.InvariantCulture, $"rank {rank} ({_hosts[rank]})");

    /// <inheritdoc/>
    public override void Enter(string phase) => _watch.Phase = phase;

    /// <inheritdoc/>
    public override void Fail(RankFailure failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        if (failure.Rank == Rank) _watch.Tell(failure);
        long started = Stopwatch.GetTimestamp();
        // Rank 0 has files to take back, and then ends all.
        TimeSpan patience = Rank == 0 ? Grace / 10 : Grace;
        while (Stopwatch.GetElapsedTime(started) < patience && !(_watch.IsAllSent() && Rank == 0)) Thread.Sleep(1);
    }

    /// <inheritdoc/>
    public override void Barrier() => _collectives.Agree(MpiCall.Barrier);

    /// <inheritdoc/>
    public override void Gather(ReadOnlySpan<byte> mine, ReadOnlySpan<long> counts, Span<byte> all) =>
        _collectives.Gather(mine, counts, all);

    /// <inheritdoc/>
    public override void Broadcast(Span<byte> bytes) => _collectives.Broadcast(bytes);

    /// <inheritdoc/>
    public override void Exchange(
        ReadOnlySpan<byte> outgoing, ReadOnlySpan<long> outgoingCounts, Span<byte> incoming, ReadOnlySpan<long> incomingCounts) =>
        _collectives.Exchange(outgoing, outgoingCounts, incoming, incomingCounts);

    /// <inheritdoc/>
    public override void Sum(Span<long> values) => _collectives.Reduce(values, isSum: true);

    /// <inheritdoc/>
    public override void Max(Span<long> values) => _collectives.Reduce(values, isSum: false);

    /// <inheritdoc/>
    public override void Abort(int exitCode)
    {
        // The other thread may sit in a library that is broken.
        bool isHeld = _gate.TryEnter(TimeSpan.FromSeconds(1));
        try
        {
            _mpi.Abort(exitCode);
            Environment.Exit(exitCode);
        }
        finally
        {
            if (isHeld) _gate.Exit();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!_isLeft) Leave();
        base.Dispose(disposing);
    }

    private void Leave()
    {
        _isLeft = true;
        Enter("the end");
        _collectives.Agree(MpiCall.End);
        // All ranks have done their work: one that is told to stop now ends with them, for nobody listens any more.
        _isOver = true;
        _watch.Stop();
        _collectives.Agree(MpiCall.End);
        _watch.Drain();
        while (!_watch.IsAllSent()) Thread.Sleep(1);
        _watch.Dispose();
        _collectives.Dispose();
        _mpi.End();
    }

    private void ShareHosts()
    {
        Span<byte> own = stackalloc byte[NameLength];
        Encoding.UTF8.GetEncoder().Convert(Environment.MachineName, own, flush: true, out _, out _, out _);
        byte[] all = new byte[Size * NameLength];
        Gather(own, [.. Enumerable.Repeat((long)NameLength, Size)], all);
        Broadcast(all);
        for (int rank = 0; rank < Size; rank++)
            _hosts[rank] = Encoding.UTF8.GetString(all, rank * NameLength, NameLength).TrimEnd('\0');
    }

    private void Wait(ref nint request, bool isArrival)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            lock (_gate)
                if (_mpi.IsDone(ref request)) return;
            _watch.Stopped.ThrowIfCancellationRequested();
            // What is being sent goes on into the caller's memory: it is not left, and all ranks are there for it.
            if (isArrival && !_isOver) _cancellationToken.ThrowIfCancellationRequested();
            TimeSpan waited = Stopwatch.GetElapsedTime(started);
            if (waited < Spinning) Thread.SpinWait(10);
            else if (!isArrival || waited < Yielding) Thread.Yield();
            else Thread.Sleep(1);
        }
    }

    private static DeviceUnavailableException WrongLauncher(Launcher launcher, MpiLibrary library) => new("mpi",
        string.Create(CultureInfo.InvariantCulture, $"the launcher started {launcher.Size} processes, and {library.Name} ")
            + $"({library.Path}) sees each by itself: all of them would do the whole work",
        (library.Family == MpiFamily.OpenMpi ? "Start Open MPI with its own mpirun, or with srun --mpi=pmix"
            : "Start MPICH with its own mpirun, or with srun --mpi=pmi2")
            + $"; {MpiLibrary.Variable}=PATH names another library, and {Remedy.WorkAlone}");
}
