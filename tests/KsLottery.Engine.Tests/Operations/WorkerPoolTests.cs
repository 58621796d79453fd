using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Tests.Operations;

public sealed class WorkerPoolTests
{
    [Test]
    public void Every_part_runs_once([Values(1, 2, 3, 8)] int threads, [Values(0, 1, 2, 7, 1000)] int parts)
    {
        using WorkerPool pool = new(threads);
        for (int repetition = 0; repetition < 300; repetition++)
        {
            int[] calls = new int[parts];
            pool.Run(parts, part => Interlocked.Increment(ref calls[part]));
            Assert.That(calls, Is.All.EqualTo(1));
        }
    }

    [Test]
    public void Threads_that_slept_wake_for_the_next_operation()
    {
        using WorkerPool pool = new(2);
        using Barrier barrier = new(2);
        for (int repetition = 0; repetition < 20; repetition++)
        {
            // Both parts must run at the same time, on two threads, or the barrier does not open.
            pool.Run(2, _ => Assert.That(barrier.SignalAndWait(TimeSpan.FromMinutes(1)), Is.True));
            if (repetition % 2 == 0) Thread.Sleep(3);
        }
    }

    [Test]
    public void The_lowest_part_that_fails_is_heard_of_when_all_are_done([Values(1, 2, 5)] int threads)
    {
        using WorkerPool pool = new(threads);
        int calls = 0;
        InvalidOperationException failure = Assert.Throws<InvalidOperationException>(() => pool.Run(50, part =>
        {
            Interlocked.Increment(ref calls);
            if (part is 17 or 40) throw new InvalidOperationException($"part {part}");
        }))!;
        Assert.That(failure.Message, Is.EqualTo("part 17"));
        Assert.That(calls, Is.EqualTo(threads == 1 ? 18 : 50));

        calls = 0;
        pool.Run(50, _ => Interlocked.Increment(ref calls));
        Assert.That(calls, Is.EqualTo(50));
    }

    [Test]
    public void An_operation_within_a_part_and_from_another_thread_runs_to_its_end()
    {
        using WorkerPool pool = new(3);
        int calls = 0;
        Parallel.For(0, 8, _ => pool.Run(5, _ => pool.Run(4, _ => Interlocked.Increment(ref calls))));
        Assert.That(calls, Is.EqualTo(8 * 5 * 4));
    }

    [Test]
    public void Disposal_ends_the_threads_and_refuses_work()
    {
        WorkerPool pool = new(4);
        pool.Run(10, _ => { });
        pool.Dispose();
        pool.Dispose();
        Assert.That(() => pool.Run(1, _ => { }), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => new WorkerPool(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }
}
