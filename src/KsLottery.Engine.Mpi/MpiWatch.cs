using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using KsLottery.Engine.Mpi.Interop;
using KsLottery.Engine.Ranks;

namespace KsLottery.Engine.Mpi;

/// <summary>Tells the other ranks that this one is alive, or why it ends, and hears the same of them; on a thread of its own.</summary>
internal sealed class MpiWatch : IDisposable
{
    private const int LostExitCode = 3, BeatsInPatience = 5, Slots = 2, TextAt = 16;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly MpiMessages _messages;
    private readonly Lock _gate;
    private readonly int _rank;
    private readonly TimeSpan _patience;
    private readonly Func<int, string> _nameOf;
    private readonly long[] _heard;
    private readonly string[] _phases;
    private readonly CancellationTokenSource _stopped = new();
    private readonly ManualResetEventSlim _ends = new();
    private readonly Thread _thread;

    /// <param name="mpi">The library.</param>
    /// <param name="gate">Held by whoever calls it.</param>
    /// <param name="patience">How long a rank may be silent.</param>
    /// <param name="nameOf">What a rank is called.</param>
    public MpiWatch(MpiInterop mpi, Lock gate, TimeSpan patience, Func<int, string> nameOf)
    {
        (_messages, _gate, _patience, _nameOf) = (new(mpi, Slots), gate, patience, nameOf);
        (_rank, int size) = mpi.Place();
        (_heard, _phases) = (new long[size], new string[size]);
        Array.Fill(_heard, Stopwatch.GetTimestamp());
        Array.Fill(_phases, "the beginning");
        _thread = new(Watch) { IsBackground = true, Name = "MPI watch" };
        _thread.Start();
    }

    /// <summary>What this rank is at.</summary>
    public string Phase { get => _phases[_rank]; set => _phases[_rank] = value; }

    /// <summary>Cancelled once there is a <see cref="Failure"/> of another rank.</summary>
    public CancellationToken Stopped => _stopped.Token;

    /// <summary>Why another rank ends the work.</summary>
    public RankFailure? Failure { get; private set; }

    /// <summary>Tells all others why this rank ends, as far as they hear; stops listening.</summary>
    public void Tell(RankFailure failure)
    {
        Stop();
        lock (_gate) Post(slot: 1, failure.ExitCode, failure.Message);
    }

    /// <summary>Whether nothing that was told is still on its way.</summary>
    public bool IsAllSent()
    {
        lock (_gate) return _messages.AreSent();
    }

    /// <summary>Ends the thread: nothing more is told or heard.</summary>
    public void Stop()
    {
        _ends.Set();
        if (Thread.CurrentThread != _thread) _thread.Join();
    }

    /// <summary>Takes what was sent and not heard, so that the library can end.</summary>
    public void Drain()
    {
        byte[] message = new byte[MpiMessages.Length];
        lock (_gate)
            while (_messages.TryReceive(message))
            {
            }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        _messages.Dispose();
        _stopped.Dispose();
        _ends.Dispose();
    }

    private void Watch()
    {
        byte[] message = new byte[MpiMessages.Length];
        long beat = Stopwatch.GetTimestamp(), last = beat;
        while (!_ends.Wait(Pause) && Failure is null)
        {
            // A process that was stopped itself has heard nobody meanwhile.
            if (Stopwatch.GetElapsedTime(last) > _patience / 2) Array.Fill(_heard, Stopwatch.GetTimestamp());
            last = Stopwatch.GetTimestamp();
            lock (_gate)
            {
                while (Failure is null && _messages.TryReceive(message)) Hear(message);
                if (Stopwatch.GetElapsedTime(beat) > _patience / BeatsInPatience)
                {
                    Post(slot: 0, exitCode: 0, Phase);
                    beat = Stopwatch.GetTimestamp();
                }
            }
            LookForLost();
        }
        if (Failure is not null) _stopped.Cancel();
    }

    private void Hear(ReadOnlySpan<byte> message)
    {
        int rank = BinaryPrimitives.ReadInt32LittleEndian(message), exitCode = BinaryPrimitives.ReadInt32LittleEndian(message[4..]);
        string text = Encoding.UTF8.GetString(message.Slice(TextAt, BinaryPrimitives.ReadInt32LittleEndian(message[8..])));
        _heard[rank] = Stopwatch.GetTimestamp();
        if (exitCode == 0) _phases[rank] = text;
        else Failure = new(rank, exitCode, text);
    }

    private void Post(int slot, int exitCode, string text)
    {
        byte[] message = new byte[MpiMessages.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, _rank);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(4), exitCode);
        Encoding.UTF8.GetEncoder().Convert(text, message.AsSpan(TextAt), flush: true, out _, out int length, out _);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(8), length);
        for (int rank = 0; rank < _heard.Length; rank++)
            if (rank != _rank) _messages.Post(rank, slot, message);
    }

    private void LookForLost()
    {
        for (int rank = 0; rank < _heard.Length && Failure is null; rank++)
            if (rank != _rank && Stopwatch.GetElapsedTime(_heard[rank]) is var silence && silence > _patience)
                Failure = new(rank, LostExitCode, string.Create(CultureInfo.InvariantCulture,
                    $"it was not heard of for {silence.TotalSeconds:0} s, last at {_phases[rank]}, while {_nameOf(_rank)} is at {Phase}. ")
                    + "Look whether its process or its machine is gone, and start all again.");
    }
}
