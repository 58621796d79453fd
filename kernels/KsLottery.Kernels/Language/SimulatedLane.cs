namespace KsLottery.Kernels.Language;

/// <summary>Which lanes wait for each other.</summary>
internal enum SimulatedScope
{
    /// <summary>The lane can run.</summary>
    None,

    /// <summary>The lanes of a warp.</summary>
    Warp,

    /// <summary>The lanes of a group, at a barrier.</summary>
    Group,

    /// <summary>The lanes of a group, at the kernel's end.</summary>
    End,
}

/// <summary>One lane of a simulated group: a thread that runs only while it holds the group's baton.</summary>
internal sealed class SimulatedLane(SimulatedGroup group, int index)
{
    internal const int WarpSize = 32;

    [ThreadStatic]
    private static SimulatedLane? _present;

    private readonly object _turn = new();
    private bool _hasBaton;
    private int _declarations;

    /// <summary>A value that other lanes of the warp may read.</summary>
    public ulong Exchanged;

    /// <summary>The lane that the calling thread is.</summary>
    /// <exception cref="InvalidOperationException">The thread is none.</exception>
    public static SimulatedLane Current =>
        _present
        ?? throw new InvalidOperationException(
            "this member has a meaning in a kernel only. Launch the kernel on a device, or with SimulatedGrid.Run.");

    public SimulatedGroup Group => group;

    public int Index => index;

    public SimulatedScope Waiting { get; set; }

    public bool HasEnded { get; set; }

    /// <summary>Makes the calling thread this lane.</summary>
    public void Enter() => _present = this;

    /// <summary>Runs the kernel once, for the group's present number.</summary>
    public void Run(Action kernel)
    {
        _declarations = 0;
        kernel();
    }

    /// <summary>The next declaration of shared memory; declarations are counted, as all lanes make the same ones.</summary>
    public ArrayView<T> Share<T>(int extent) where T : unmanaged => group.Share<T>(_declarations++, extent);

    /// <summary>Waits for the lanes of a scope.</summary>
    public void Wait(SimulatedScope scope)
    {
        Waiting = scope;
        group.PassOn(this);
    }

    /// <summary>Makes it this lane's turn.</summary>
    public void GiveBaton()
    {
        lock (_turn)
        {
            _hasBaton = true;
            Monitor.Pulse(_turn);
        }
    }

    /// <summary>Waits for this lane's turn, without keeping a processor from the others meanwhile.</summary>
    public void TakeBaton()
    {
        lock (_turn)
        {
            while (!_hasBaton) Monitor.Wait(_turn);
            _hasBaton = false;
        }
    }
}
