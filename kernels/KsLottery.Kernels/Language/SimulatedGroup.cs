using System.Runtime.CompilerServices;

namespace KsLottery.Kernels.Language;

/// <summary>A group of lanes on the host. Between two barriers they run one after another, always in the same order, so that a debugger can
/// follow.</summary>
internal sealed class SimulatedGroup
{
    private const int StackBytes = 1 << 18;

    private readonly List<byte[]> _shared = [];
    private readonly SimulatedLane[] _order;
    private Exception? _failure;

    /// <param name="size">Lanes.</param>
    /// <param name="gridSize">Groups of the launch.</param>
    /// <param name="isReversed">Whether the last lane goes first: what a kernel computes may not depend on it.</param>
    public SimulatedGroup(int size, int gridSize, bool isReversed)
    {
        (Size, GridSize) = (size, gridSize);
        Lanes = [.. Enumerable.Range(0, size).Select(i => new SimulatedLane(this, i))];
        _order = isReversed ? [.. Lanes.Reverse()] : Lanes;
    }

    public int Size { get; }

    public int GridSize { get; }

    /// <summary>The group that the lanes are at present.</summary>
    public int GridIndex { get; private set; }

    public SimulatedLane[] Lanes { get; }

    /// <summary>Runs a kernel for every group of the grid.</summary>
    /// <exception cref="InvalidOperationException">A lane failed, or only some lanes reached a barrier; the cause is within.</exception>
    public void Run(Action kernel)
    {
        Thread[] threads = [.. Lanes.Select(lane => new Thread(() => RunLane(lane, kernel), StackBytes) { IsBackground = true })];
        foreach (Thread thread in threads) thread.Start();
        _order[0].GiveBaton();
        foreach (Thread thread in threads) thread.Join();
        if (_failure is not null) throw new InvalidOperationException($"group {GridIndex}: {_failure.Message}", _failure);
    }

    /// <summary>The memory of one declaration, filled with a pattern before each group, since its first content is undefined.</summary>
    public ArrayView<T> Share<T>(int declaration, int extent) where T : unmanaged
    {
        int bytes = extent * Unsafe.SizeOf<T>();
        if (declaration == _shared.Count) _shared.Add(Soil(new byte[bytes]));
        if (_shared[declaration].Length != bytes)
            throw new InvalidOperationException(
                $"lanes declare shared memory of {_shared[declaration].Length} and of {bytes} bytes in the same place.");
        return new(_shared[declaration], 0, extent);
    }

    /// <summary>Lets the next lane run that can, and waits until it is this one's turn again.</summary>
    public void PassOn(SimulatedLane lane)
    {
        SimulatedLane? next = Next(lane);
        if (next is null)
            Fail(new InvalidOperationException(
                "some lanes wait at a barrier that the others never reach. Call barriers and shuffles in all lanes or in none."));
        else if (next != lane)
        {
            next.GiveBaton();
            lane.TakeBaton();
        }
        if (_failure is not null) throw _failure;
    }

    private void RunLane(SimulatedLane lane, Action kernel)
    {
        lane.Enter();
        lane.TakeBaton();
        try
        {
            for (int group = 0; group < GridSize && _failure is null; group++)
            {
                GridIndex = group;
                lane.Run(kernel);
                lane.Wait(SimulatedScope.End);
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
        lane.HasEnded = true;
        Next(lane)?.GiveBaton();
    }

    private void Fail(Exception exception)
    {
        if (Interlocked.CompareExchange(ref _failure, exception, null) is not null) return;
        foreach (SimulatedLane lane in Lanes) lane.GiveBaton();
    }

    /// <summary>The next lane in order that can run, once barriers are open that all their lanes have reached.</summary>
    private SimulatedLane? Next(SimulatedLane lane) =>
        FirstRunnable(Array.IndexOf(_order, lane)) ?? (OpenWarps() || OpenGroup() ? FirstRunnable(0) : null);

    private SimulatedLane? FirstRunnable(int position)
    {
        for (int i = position; i < Size; i++)
            if (!_order[i].HasEnded && _order[i].Waiting == SimulatedScope.None) return _order[i];
        for (int i = 0; i < position; i++)
            if (!_order[i].HasEnded && _order[i].Waiting == SimulatedScope.None) return _order[i];
        return null;
    }

    private bool OpenWarps()
    {
        bool isAnyOpen = false;
        foreach (SimulatedLane[] warp in Lanes.Chunk(SimulatedLane.WarpSize))
        {
            if (!Array.TrueForAll(warp, l => l.Waiting == SimulatedScope.Warp)) continue;
            foreach (SimulatedLane lane in warp) lane.Waiting = SimulatedScope.None;
            isAnyOpen = true;
        }
        return isAnyOpen;
    }

    private bool OpenGroup()
    {
        SimulatedScope scope = Lanes[0].Waiting;
        if (!Array.TrueForAll(Lanes, l => l.Waiting == scope && !l.HasEnded)) return false;
        if (scope == SimulatedScope.End) _shared.ForEach(memory => Soil(memory));
        foreach (SimulatedLane lane in Lanes) lane.Waiting = SimulatedScope.None;
        return true;
    }

    /// <summary>Fills memory with a pattern, so that a kernel which reads it before it writes shows.</summary>
    public static byte[] Soil(byte[] memory)
    {
        memory.AsSpan().Fill(0xA5);
        return memory;
    }
}
