using System.Runtime.InteropServices;

namespace KsLottery.Engine.Mpi.Interop;

/// <summary>Short messages between any two ranks, which nobody waits for: each that is being sent has memory of its own.</summary>
internal sealed unsafe class MpiMessages : IDisposable
{
    /// <summary>The bytes of a message: few enough that a library sends it without asking the receiver.</summary>
    public const int Length = 2048;

    private const int Tag = 2;

    private readonly MpiInterop _mpi;
    private readonly nint _group;
    private readonly int _slots;
    private readonly nint[] _requests;
    private readonly byte* _memory;

    /// <param name="mpi">The library, which one thread at a time calls.</param>
    /// <param name="slots">How many messages to one rank may be on their way.</param>
    public MpiMessages(MpiInterop mpi, int slots)
    {
        (_mpi, _group, _slots) = (mpi, mpi.NewCommunicator(), slots);
        _requests = new nint[mpi.Place().Size * slots];
        _memory = (byte*)NativeMemory.AllocZeroed((nuint)_requests.Length, Length);
    }

    /// <summary>Sends a message, unless the last one of this slot is still on its way.</summary>
    public void Post(int rank, int slot, ReadOnlySpan<byte> message)
    {
        int at = (rank * _slots) + slot;
        if (_requests[at] != 0 && !_mpi.IsDone(ref _requests[at])) return;
        byte* memory = _memory + ((long)at * Length);
        message.CopyTo(new Span<byte>(memory, Length));
        _requests[at] = _mpi.BeginSend(memory, Length, rank, Tag, _group);
    }

    /// <summary>Takes a message of <see cref="Length"/> bytes, where there is one.</summary>
    public bool TryReceive(Span<byte> message) => _mpi.TryReceive(message, Tag, _group);

    /// <summary>Whether all messages are gone; the library sends on as it is asked.</summary>
    public bool AreSent()
    {
        foreach (ref nint request in _requests.AsSpan())
            if (request != 0 && _mpi.IsDone(ref request)) request = 0;
        return _requests.All(request => request == 0);
    }

    public void Dispose() => NativeMemory.Free(_memory);
}
