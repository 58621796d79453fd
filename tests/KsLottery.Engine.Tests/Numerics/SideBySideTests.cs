using System.Collections.Concurrent;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tests.Numerics;

/// <summary>Work by threads of its own, which may wait.</summary>
public sealed class SideBySideTests
{
    [Test]
    public void Each_is_done_once()
    {
        ConcurrentBag<int> done = [];
        SideBySide.ForEachWaiting(Enumerable.Range(0, 1000), threads: 7, done.Add, CancellationToken.None);
        Assert.That(done.Order(), Is.EqualTo(Enumerable.Range(0, 1000)));
    }

    /// <summary>Each waits until all are there, which takes as many threads.</summary>
    [Test]
    public void More_may_wait_than_there_are_processors()
    {
        int threads = Environment.ProcessorCount + 5;
        using Barrier all = new(threads);
        int met = 0;
        SideBySide.ForEachWaiting(Enumerable.Range(0, threads), threads, _ =>
        {
            if (all.SignalAndWait(TimeSpan.FromMinutes(1))) Interlocked.Increment(ref met);
        }, CancellationToken.None);
        Assert.That(met, Is.EqualTo(threads));
    }

    [Test]
    public void The_first_fault_comes_out_and_no_other_is_begun()
    {
        int begun = 0;
        Assert.That(() => SideBySide.ForEachWaiting(Enumerable.Range(0, 1000), threads: 2, i =>
        {
            Interlocked.Increment(ref begun);
            if (i == 3) throw new InvalidDataException("three");
            Thread.Sleep(1);
        }, CancellationToken.None), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("three"));
        Assert.That(begun, Is.LessThan(1000));
    }

    [Test]
    public void Cancelled_work_stops_between_two()
    {
        using CancellationTokenSource cancel = new();
        int begun = 0;
        Assert.That(() => SideBySide.ForEachWaiting(Enumerable.Range(0, 1000), threads: 2, i =>
        {
            if (Interlocked.Increment(ref begun) == 5) cancel.Cancel();
        }, cancel.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(begun, Is.InRange(5, 6));
    }
}
