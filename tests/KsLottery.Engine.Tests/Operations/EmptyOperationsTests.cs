using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>Operations on nothing do nothing, and memory ends where it says.</summary>
internal sealed class EmptyOperationsTests
{
    private static IOperations Open(int threads) => threads == 0 ? new ReferenceOperations() : new CpuOperations(threads);

    [Test]
    public void No_rows_no_sequences_and_no_weights_are_no_work([Values(0, 1, 2)] int threads)
    {
        using IOperations device = Open(threads);
        using DeviceMemory some = device.Allocate(6);
        DeviceSpan none = default;
        AttentionShape shape = new(2, 1, 2);
        int[] nothing = [], start = [0];
        Assert.Multiple(() =>
        {
            Assert.That(() => device.AttentionForward(none, none, none, none, none, shape, start), Throws.Nothing);
            Assert.That(() => device.AttentionBackward(none, none, none, none, none, none, none, none, none, shape, start), Throws.Nothing);
            Assert.That(() => device.CachedAttentionForward(none, none, none, none, shape, 1, nothing, nothing), Throws.Nothing);
            Assert.That(() => device.RopeForward(none, some, some, nothing, 6), Throws.Nothing);
            Assert.That(() => device.RopeBackward(none, some, some, nothing, 6), Throws.Nothing);
            Assert.That(() => device.EmbeddingForward(none, some, nothing, 3), Throws.Nothing);
            Assert.That(() => device.EmbeddingBackward(none, some, (int[])[0, 1], 3), Throws.Nothing, "a frozen table");
            Assert.That(() => device.MatMulForward(none, none, some, 2, 3), Throws.Nothing);
            Assert.That(() => device.MatMulBackwardWeight(none, some, some, 2, 3), Throws.Nothing, "a frozen matrix");
            Assert.That(() => device.TryMatMulBackwardSampled(none, none, none, nothing, 1, 2, 3), Throws.Nothing);
            Assert.That(() => device.TryMatMulBackwardSampled(some, none, none, (int[])[0, 1, 2, 3, 4, 5], 1, 2, 3), Throws.Nothing);
            Assert.That(device.SumOfSquares(none), Is.Zero);
        });
    }

    [Test]
    public void As_many_elements_are_allocated_as_there_may_be([Values(0, 1)] int threads)
    {
        using IOperations device = Open(threads);
        Assert.That(device.Name, Is.EqualTo(threads == 0 ? "reference" : "cpu"));
        using (DeviceMemory none = device.Allocate(0)) Assert.That(none.Length, Is.Zero);
        foreach (long length in (long[])[-1, long.MaxValue])
            Assert.That(() => device.Allocate(length), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith(threads == 0
                ? "the reference device holds 0 to 2147483591 elements in one piece. (Parameter 'length')"
                : "the number of elements must be 0 to 2305843009213693951. (Parameter 'length')"));
        DeviceMemory memory = device.Allocate(3);
        long bytes = device.AllocatedBytes;
        memory.Dispose();
        memory.Dispose();
        Assert.That((bytes % 3, bytes > 0, device.AllocatedBytes, device.PeakAllocatedBytes), Is.EqualTo((0L, true, 0L, bytes)),
            "it is given back once");
        Assert.That(() => device.Clear(memory), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void As_many_threads_as_processors_are_taken_where_no_number_is_given()
    {
        using CpuOperations device = new(0), three = new(3);
        Assert.That((device.ThreadCount, three.ThreadCount), Is.EqualTo((Environment.ProcessorCount, 3)));
    }
}
