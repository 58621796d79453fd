using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tests.Devices;
using KsLottery.Kernels;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Rows;

/// <summary>Whole matrices on a device: streamed in chunks, with the results of the processor in every field.</summary>
[TestFixture(TestDevices.Simulated), TestFixture(TestDevices.OpenCl)]
public sealed class DeviceRowScanTests(string deviceName)
{
    private const int Width = 20;

    private KernelDevice _device = null!;

    private bool IsSimulated => deviceName != TestDevices.OpenCl;

    [OneTimeSetUp]
    public void Open() => _device = TestDevices.Open(deviceName);

    [OneTimeTearDown]
    public void Close() => _device?.Dispose();

    [TestCase("en-da_input_embedding_hot_seed1", "model.safetensors"), TestCase("en-da_input_embedding_seed1", "model.bf16.safetensors")]
    public void Real_pairs_have_the_results_of_the_processor(string pair, string file)
    {
        using Checkpoint before = Checkpoint.Open(SharedData.Path("models", "hf", "stories260K_hf", file));
        using Checkpoint after = Checkpoint.Open(SharedData.Path("models", "tuned-pairs", pair));
        Tensor a = before.GetTensor("model.embed_tokens.weight"), b = after.GetTensor(a.Name);
        int rows = IsSimulated ? 3 : (int)a.RowShape.Rows;
        AssertSame(Rows(a, rows), Rows(b, rows), new());
    }

    [TestCase(0), TestCase(1), TestCase(5), TestCase(900)]
    public void Any_number_of_chunks_gives_the_same(int rows)
    {
        if (IsSimulated && rows > 5) Assert.Ignore("too slow on a simulated device");
        RowMatrix a = Noise(rows, 1), b = Noise(rows, 2);
        AssertSame(a, b, new() { ChunkBytes = 2 * 2 * Width * 4 });
    }

    [Test]
    public void A_file_that_shrinks_is_refused_as_the_processor_refuses_it([Values(1, 3)] int threads)
    {
        const int Count = 20_000;
        using TemporaryFolder folder = new();
        string path = folder.File("a.safetensors");
        SafetensorsWriter.Write(path, [TensorSource.FromBytes("rows", ElementType.F32, [Count, Width], Bytes(Count, 1))]);
        using Checkpoint checkpoint = Checkpoint.Open(path, new() { UseMemoryMap = false });
        using (FileStream file = new(path, FileMode.Open)) file.SetLength(file.Length / 100);
        RowMatrix rows = RowMatrix.FromTensor(checkpoint.GetTensor("rows"));
        string message = Assert.Throws<CheckpointFormatException>(() => RowScan.Run(rows, rows, new() { Threads = threads }))!.Message;
        string onDevice = Assert.Throws<CheckpointFormatException>(() =>
            RowScan.Run(rows, rows, new() { KernelDevice = _device, Threads = threads }))!.Message;
        Assert.That((message.StartsWith(path, StringComparison.Ordinal), onDevice.StartsWith(path, StringComparison.Ordinal)),
            Is.EqualTo((true, true)));
    }

    [Test]
    public void Files_are_read_mapped_or_not_with_any_number_of_threads([Values] bool useMemoryMap, [Values(1, 3)] int threads)
    {
        int rows = IsSimulated ? 2 : 3000;
        using TemporaryFolder folder = new();
        string[] paths = [folder.File("a.safetensors"), folder.File("b.safetensors")];
        for (int i = 0; i < 2; i++)
            SafetensorsWriter.Write(paths[i],
                [TensorSource.FromBytes("odd", ElementType.U8, [3], new byte[3]),
                    TensorSource.FromBytes("rows", ElementType.F32, [rows, Width], Bytes(rows, i))],
                null, CancellationToken.None);
        CheckpointOptions reading = new() { UseMemoryMap = useMemoryMap };
        using Checkpoint before = Checkpoint.Open(paths[0], reading), after = Checkpoint.Open(paths[1], reading);
        AssertSame(RowMatrix.FromTensor(before.GetTensor("rows")), RowMatrix.FromTensor(after.GetTensor("rows")),
            new() { Threads = threads, ChunkBytes = 100_000 });
    }

    [Test]
    public void States_are_those_of_the_processor()
    {
        float[] before = new float[7 * Width], after = new float[7 * Width];
        for (int i = 0; i < before.Length; i++) before[i] = after[i] = MathF.Sin(i);
        after[Width + 3] += 0.5f;
        for (int i = 0; i < Width; i++)
        {
            (before[(2 * Width) + i], after[(2 * Width) + i]) = (i % 2 == 0 ? 0f : -0f, i % 3 == 0 ? 0f : -0f);
            before[(3 * Width) + i] = i % 2 == 0 ? 0f : -0f;
            before[(4 * Width) + i] *= 1e-8f;
        }
        before[5 * Width] = after[5 * Width] = float.NaN;
        after[(6 * Width) + 1] = float.PositiveInfinity;
        RowScanResult scan = AssertSame(Matrix(before), Matrix(after), new());
        Assert.That(scan.Rows.Select(r => r.State), Is.EqualTo(new[]
        {
            RowState.Unchanged, RowState.Changed, RowState.Unchanged, RowState.Degenerate, RowState.Degenerate, RowState.NonFinite,
                RowState.NonFinite,
        }));
    }

    [Test]
    public void Kernels_that_do_not_exist_and_rows_that_are_too_wide_are_refused()
    {
        RowMatrix rows = Noise(2, 1), wide = RowMatrix.FromMemory(new byte[65_537 * 4], ElementType.F32, 1, 65_537);
        Assert.That(() => RowScan.Run(rows, rows, new() { KernelDevice = _device, Kernel = "vector512" }),
            Throws.ArgumentException.With.Message.Contains("vector512").And.Message.Contains("count, sort, sort-wide"));
        Assert.That(() => RowScan.Run(wide, wide, new() { KernelDevice = _device }),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("1 to 65536 elements"));
    }

    [Test]
    public void Progress_goes_up_to_all_rows_and_a_cancelled_scan_ends()
    {
        RowMatrix a = Noise(9, 1), b = Noise(9, 2);
        List<long> done = [];
        RowScan.Run(a, b, new() { KernelDevice = _device, ChunkBytes = 1, Progress = new Now(p => done.Add(p.RowsDone)) });
        Assert.That(done, Is.Ordered);
        Assert.That(done[^1], Is.EqualTo(9));

        using CountingDevice counting = new();
        using CancellationTokenSource source = new();
        int heard = 0;
        using (DeviceRowScan scan = new(counting, a, b, kernel: null, threads: 1, chunkBytes: 1))
        {
            Assert.That(() => scan.Run(new RowResult[9], (_, _) =>
            {
                heard++;
                source.Cancel();
            }, source.Token),
                Throws.InstanceOf<OperationCanceledException>());
        }
        Assert.That(heard, Is.EqualTo(1), "the scan ends after the chunk in which it was cancelled");
        Assert.That(counting.Alive, Is.Zero);
    }

    /// <summary>Blocks are hashed on the host, of chunks that are smaller and larger than a block, and begin anywhere in it.</summary>
    [Test]
    public void Fingerprints_are_those_of_the_tensors([Values(300_000, 5_000_000)] long chunkBytes, [Values(0, 20_000)] int border)
    {
        const int Rows = 45_001;
        RowMatrix a = Noise(Rows, 1), b = Noise(Rows, 2);
        using CountingDevice counting = new();
        RowScanOptions options = new() { KernelDevice = counting, ChunkBytes = chunkBytes, TakesFingerprints = true, Threads = 2 };
        RowScanResult scan = RowScanResult.Of([RowScan.RunPart(a, b, new(0, border), options),
            RowScan.RunPart(a, b, new(border, Rows - border), options)]);
        RowScanResult expected = RowScan.Run(a, b, new() { TakesFingerprints = true });
        Assert.That((scan.BaseFingerprint, scan.TunedFingerprint), Is.EqualTo((expected.BaseFingerprint, expected.TunedFingerprint)));
    }

    /// <summary>Wherever the device fails, the scan ends with its words and gives back all that it took.</summary>
    [Test]
    public void A_device_that_fails_ends_the_scan_with_the_cause_and_nothing_is_left()
    {
        RowMatrix a = Noise(4, 1), b = Noise(4, 2);
        int calls;
        using (CountingDevice healthy = new())
        {
            RowScan.Run(a, b, new() { KernelDevice = healthy, ChunkBytes = 2 * 2 * Width * 4 });
            Assert.That(healthy.Alive, Is.Zero);
            calls = healthy.Calls;
        }
        Assert.That(calls, Is.GreaterThan(20));
        for (int failing = 1; failing <= calls; failing++)
        {
            using CountingDevice device = new(failing);
            Assert.That(() => RowScan.Run(a, b, new() { KernelDevice = device, ChunkBytes = 2 * 2 * Width * 4 }),
                Throws.InstanceOf<DeviceFailureException>().With.Message.Contains("the card fell out"), $"call {failing}");
            Assert.That(device.Alive, Is.Zero, $"call {failing}");
        }
    }

    [Test]
    public void Memory_does_not_grow_with_the_matrix()
    {
        using CountingDevice small = new(), large = new();
        RowScan.Run(Noise(6, 1), Noise(6, 2), new() { KernelDevice = small, ChunkBytes = 1 });
        RowScan.Run(Noise(18, 1), Noise(18, 2), new() { KernelDevice = large, ChunkBytes = 1 });
        Assert.That(large.MaxBytes, Is.EqualTo(small.MaxBytes));
        using CountingDevice one = new();
        RowScan.Run(Noise(1, 1), Noise(1, 2), new() { KernelDevice = one });
        Assert.That(one.MaxBytes, Is.LessThan(1 << 10), "a small input takes little");
    }

    private RowScanResult AssertSame(RowMatrix before, RowMatrix after, RowScanOptions options)
    {
        RowScanResult expected = RowScan.Run(before, after, new() { Threads = 1 });
        RowScanResult actual = RowScan.Run(before, after, options with { KernelDevice = _device });
        Assert.That(actual.Rows, Is.EqualTo(expected.Rows));
        Assert.That((actual.Name, actual.Width, actual.BaseType, actual.TunedType, actual.LargestCount),
            Is.EqualTo((expected.Name, expected.Width, expected.BaseType, expected.TunedType, expected.LargestCount)));
        Assert.That((actual.Unchanged, actual.Changed, actual.Degenerate, actual.NonFinite),
            Is.EqualTo((expected.Unchanged, expected.Changed, expected.Degenerate, expected.NonFinite)));
        Assert.That(actual.Kernel, Does.StartWith(_device.Name + " "));
        return actual;
    }

    private static RowMatrix Rows(Tensor tensor, int rows)
    {
        int bytes = rows * (int)tensor.RowShape.Width * tensor.ElementType.ByteSize();
        return RowMatrix.FromMemory(tensor.GetBytes(0, bytes, new byte[bytes]).ToArray(), tensor.ElementType, rows,
            (int)tensor.RowShape.Width);
    }

    private static RowMatrix Matrix(float[] values) =>
        RowMatrix.FromMemory(MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), ElementType.F32, values.Length / Width, Width);

    private static RowMatrix Noise(int rows, int seed) => RowMatrix.FromMemory(Bytes(rows, seed), ElementType.F32, rows, Width);

    private static byte[] Bytes(int rows, int seed)
    {
        Random random = new(seed);
        return MemoryMarshal.AsBytes<float>(Enumerable.Range(0, rows * Width).Select(_ => random.NextSingle() - random.NextSingle())
            .ToArray()).ToArray();
    }

    private sealed class Now(Action<RowScanProgress> report) : IProgress<RowScanProgress>
    {
        public void Report(RowScanProgress value) => report(value);
    }

    /// <summary>A simulated device that computes nothing, counts what is taken of it, and fails at one call.</summary>
    private sealed class CountingDevice(int failingCall = 0) : KernelDevice
    {
        private readonly SimulatedDevice _inner = new();
        private long _bytes;

        public int Calls { get; private set; }

        public int Alive { get; private set; }

        public long MaxBytes { get; private set; }

        public override string Name => _inner.Name;

        public override DeviceLimits Limits => _inner.Limits;

        public override DeviceBuffer Allocate(long bytes)
        {
            Call(nameof(Allocate));
            return new Buffer(this, bytes);
        }

        public override StagingBuffer AllocateStaging(int bytes)
        {
            Call(nameof(AllocateStaging));
            return new Staging(this, bytes);
        }

        public override DeviceQueue CreateQueue()
        {
            Call(nameof(CreateQueue));
            return new Queue(this);
        }

        public override void Dispose() => _inner.Dispose();

        private void Call(string name)
        {
            if (++Calls >= failingCall && failingCall > 0)
                throw new DeviceFailureException(Name, name, "GONE (-1)", "the card fell out", "Put it back");
        }

        private void Take(long bytes)
        {
            Alive++;
            MaxBytes = Math.Max(MaxBytes, _bytes += bytes);
        }

        private void GiveBack(long bytes)
        {
            Alive--;
            _bytes -= bytes;
        }

        private sealed class Buffer : DeviceBuffer
        {
            private readonly CountingDevice _device;

            public Buffer(CountingDevice device, long bytes) : base(bytes) => (_device = device).Take(bytes);

            public override void Dispose() => _device.GiveBack(ByteLength);
        }

        private sealed class Staging : StagingBuffer
        {
            private readonly CountingDevice _device;
            private readonly byte[] _bytes;

            public Staging(CountingDevice device, int bytes) : base(bytes)
            {
                (_device, _bytes) = (device, new byte[bytes]);
                device.Take(bytes);
            }

            public override Span<byte> Bytes => _bytes;

            public override void Dispose() => _device.GiveBack(ByteLength);
        }

        private sealed class Queue : DeviceQueue
        {
            private readonly CountingDevice _device;

            public Queue(CountingDevice device) => (_device = device).Take(0);

            public override void Launch(KernelDefinition kernel, int groups, params ReadOnlySpan<KernelArgument> arguments)
            {
                _device.Call(nameof(Launch));
                KernelArgument.Check(kernel, arguments);
            }

            public override void Build(KernelDefinition kernel) => _device.Call(nameof(Build));

            public override void Write(DeviceBuffer destination, long destinationStart, StagingBuffer source, int sourceStart, int bytes) =>
                _device.Call(nameof(Write));

            public override void Read(StagingBuffer destination, int destinationStart, DeviceBuffer source, long sourceStart, int bytes) =>
                _device.Call(nameof(Read));

            public override void Copy(DeviceBuffer destination, long destinationStart, DeviceBuffer source, long sourceStart, long bytes) =>
                _device.Call(nameof(Copy));

            public override void Clear(DeviceBuffer destination, long start, long bytes) => _device.Call(nameof(Clear));

            public override void Flush() => _device.Call(nameof(Flush));

            public override void Finish() => _device.Call(nameof(Finish));

            public override void Dispose() => _device.GiveBack(0);
        }
    }
}
