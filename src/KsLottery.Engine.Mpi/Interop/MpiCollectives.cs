using System.Runtime.InteropServices;

namespace KsLottery.Engine.Mpi.Interop;

/// <summary>Waits for a request, which it sets to none.</summary>
/// <param name="request">The request.</param>
/// <param name="isArrival">Whether it is done when all ranks have come, which may be long; else all are there.</param>
internal delegate void MpiWait(ref nint request, bool isArrival);

/// <summary>What all ranks do together, in stretches whose counts an int holds.</summary>
/// <remarks>
/// No call blocks inside of the library, where nothing could end it: each begins something and polls. Each begins with all ranks agreeing
/// on which call it is, so that ranks at different calls hear of it in place of waiting for ever.
/// </remarks>
internal sealed unsafe class MpiCollectives : IDisposable
{
    private const int Tag = 1, KindShift = 56;

    private readonly MpiInterop _mpi;
    private readonly Lock _gate;
    private readonly nint _group;
    private readonly int _rank, _size, _stretch;
    private readonly MpiWait _wait;
    private readonly nint[] _requests;
    private readonly long* _agreed = (long*)NativeMemory.AllocZeroed(2 * sizeof(long));

    /// <param name="mpi">The library.</param>
    /// <param name="gate">Held by whoever calls it.</param>
    /// <param name="stretch">The bytes that are sent at once, at least 8.</param>
    /// <param name="wait">Waits for a request.</param>
    public MpiCollectives(MpiInterop mpi, Lock gate, int stretch, MpiWait wait)
    {
        (_mpi, _gate, _stretch, _wait) = (mpi, gate, stretch / sizeof(long) * sizeof(long), wait);
        (_rank, _size) = mpi.Place();
        _group = mpi.NewCommunicator();
        _requests = new nint[2 * _size];
    }

    /// <summary>Returns when all ranks make the same call.</summary>
    /// <param name="call">Which it is.</param>
    /// <param name="length">What else must be one everywhere, from 0.</param>
    /// <exception cref="InvalidOperationException">A rank makes another.</exception>
    public void Agree(MpiCall call, long length = 0)
    {
        long own = ((long)call << KindShift) | (length & ((1L << KindShift) - 1));
        (_agreed[0], _agreed[1]) = (own, -own);
        nint request;
        lock (_gate) request = _mpi.BeginReduce(_agreed, 2, isSum: false, _group);
        _wait(ref request, isArrival: true);
        if (_agreed[0] != own || _agreed[1] != -own)
            throw new InvalidOperationException($"this rank makes the call {call} of {length} bytes or values, another one another call. "
                + "All ranks must make the same calls in one order.");
    }

    public void Gather(ReadOnlySpan<byte> mine, ReadOnlySpan<long> counts, Span<byte> all)
    {
        if (mine.Length != counts[_rank])
            throw new ArgumentException($"{mine.Length} bytes are given, {counts[_rank]} were announced.", nameof(mine));
        long total = Sum(counts);
        if (_rank == 0 && all.Length != total)
            throw new ArgumentException($"{total} bytes come, {all.Length} have a place.", nameof(all));
        Agree(MpiCall.Gather, total);
        if (_rank == 0)
        {
            mine.CopyTo(all);
            fixed (byte* pointer = all)
            {
                byte* at = pointer + counts[0];
                for (int rank = 1; rank < _size; at += counts[rank++]) Move(at, counts[rank], rank, isSent: false);
            }
            return;
        }
        fixed (byte* pointer = mine) Move(pointer, mine.Length, rank: 0, isSent: true);
    }

    public void Broadcast(Span<byte> bytes)
    {
        Agree(MpiCall.Broadcast, bytes.Length);
        fixed (byte* pointer = bytes)
            for (int at = 0, length; at < bytes.Length; at += length)
            {
                length = Math.Min(_stretch, bytes.Length - at);
                nint request;
                lock (_gate) request = _mpi.BeginBroadcast(pointer + at, length, _group);
                _wait(ref request, isArrival: false);
            }
    }

    public void Exchange(
        ReadOnlySpan<byte> outgoing, ReadOnlySpan<long> outgoingCounts, Span<byte> incoming, ReadOnlySpan<long> incomingCounts)
    {
        if (outgoing.Length != Sum(outgoingCounts) || incoming.Length != Sum(incomingCounts)
            || outgoingCounts[_rank] != incomingCounts[_rank])
            throw new ArgumentException($"{outgoing.Length} bytes go and {incoming.Length} come, {Sum(outgoingCounts)} and "
                + $"{Sum(incomingCounts)} were announced, or what this rank gives itself is not what it takes.", nameof(outgoingCounts));
        Agree(MpiCall.Exchange);
        fixed (byte* first = outgoing, second = incoming)
        {
            bool isDone = false;
            for (long at = 0; !isDone; at += _stretch)
            {
                isDone = true;
                byte* from = first, to = second;
                for (int rank = 0; rank < _size; rank++)
                {
                    if (rank == _rank)
                    {
                        if (at == 0) Buffer.MemoryCopy(from, to, incomingCounts[rank], outgoingCounts[rank]);
                    }
                    else
                    {
                        isDone &= Begin(to + at, incomingCounts[rank] - at, rank, isSent: false)
                            & Begin(from + at, outgoingCounts[rank] - at, rank, isSent: true);
                    }
                    from += outgoingCounts[rank];
                    to += incomingCounts[rank];
                }
                foreach (ref nint request in _requests.AsSpan())
                {
                    if (request != 0) _wait(ref request, isArrival: false);
                    request = 0;
                }
            }
        }
    }

    public void Reduce(Span<long> values, bool isSum)
    {
        Agree(isSum ? MpiCall.Sum : MpiCall.Max, values.Length);
        fixed (long* pointer = values)
            for (int at = 0, count; at < values.Length; at += count)
            {
                count = Math.Min(_stretch / sizeof(long), values.Length - at);
                nint request;
                lock (_gate) request = _mpi.BeginReduce(pointer + at, count, isSum, _group);
                _wait(ref request, isArrival: false);
            }
    }

    public void Dispose() => NativeMemory.Free(_agreed);

    /// <summary>Sends or receives bytes, a stretch after another.</summary>
    private void Move(byte* bytes, long count, int rank, bool isSent)
    {
        for (long at = 0; at < count; at += _stretch)
        {
            Begin(bytes + at, count - at, rank, isSent);
            ref nint request = ref _requests[RequestOf(rank, isSent)];
            _wait(ref request, isArrival: false);
            request = 0;
        }
    }

    /// <summary>Begins to move the next stretch of some bytes, if any are left.</summary>
    /// <returns>Whether nothing is left behind it.</returns>
    private bool Begin(byte* bytes, long left, int rank, bool isSent)
    {
        if (left <= 0) return true;
        int length = (int)Math.Min(_stretch, left);
        lock (_gate)
            _requests[RequestOf(rank, isSent)] = isSent ? _mpi.BeginSend(bytes, length, rank, Tag, _group)
                : _mpi.BeginReceive(bytes, length, rank, Tag, _group);
        return left <= _stretch;
    }

    private static int RequestOf(int rank, bool isSent) => (2 * rank) + (isSent ? 1 : 0);

    private static long Sum(ReadOnlySpan<long> counts)
    {
        long sum = 0;
        foreach (long count in counts) sum = checked(sum + count);
        return sum;
    }
}
