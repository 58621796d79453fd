using System.Runtime.InteropServices;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;
using KsLottery.Kernels;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>A simulated device that remembers which kernels ran, and has a native library of matrix products if it is to have one: plain
/// loops by the definition in <see cref="IDeviceGemm"/>.</summary>
internal sealed class RecordingDevice(bool hasGemm = false) : KernelDevice
{
    private readonly SimulatedDevice _device = new();

    public HashSet<string> Launched { get; } = [];

    /// <summary>Whether the device fails at everything from now on.</summary>
    public bool IsLost { get; set; }

    public bool IsGivenBack { get; private set; }

    public override string Name => _device.Name;

    public override DeviceLimits Limits => _device.Limits;

    public override IDeviceGemm? Gemm => hasGemm ? new PlainGemm(this) : null;

    public override DeviceBuffer Allocate(long bytes) => _device.Allocate(bytes);

    public override StagingBuffer AllocateStaging(int bytes) => _device.AllocateStaging(bytes);

    public override DeviceQueue CreateQueue() => new Queue(this, _device.CreateQueue());

    public override void Dispose()
    {
        IsGivenBack = true;
        _device.Dispose();
    }

    private void ThrowIfLost(string call)
    {
        if (IsLost) throw new DeviceFailureException(Name, call, "LOST (1)", "the device was lost", "Use another");
    }

    private sealed class Queue(RecordingDevice device, DeviceQueue queue) : DeviceQueue
    {
        public override void Launch(KernelDefinition kernel, int groups, params ReadOnlySpan<KernelArgument> arguments)
        {
            device.ThrowIfLost(nameof(Launch));
            device.Launched.Add(kernel.Name);
            queue.Launch(kernel, groups, arguments);
        }

        public override void Build(KernelDefinition kernel) => queue.Build(kernel);

        public override void Write(DeviceBuffer destination, long destinationStart, StagingBuffer source, int sourceStart, int bytes) =>
            queue.Write(destination, destinationStart, source, sourceStart, bytes);

        public override void Read(StagingBuffer destination, int destinationStart, DeviceBuffer source, long sourceStart, int bytes) =>
            queue.Read(destination, destinationStart, source, sourceStart, bytes);

        public override void Copy(DeviceBuffer destination, long destinationStart, DeviceBuffer source, long sourceStart, long bytes) =>
            queue.Copy(destination, destinationStart, source, sourceStart, bytes);

        public override void Clear(DeviceBuffer destination, long start, long bytes) => queue.Clear(destination, start, bytes);

        public override void Flush() => queue.Flush();

        public override void Finish()
        {
            device.ThrowIfLost(nameof(Finish));
            queue.Finish();
        }

        public override void Dispose() => queue.Dispose();
    }

    private sealed class PlainGemm(RecordingDevice device) : IDeviceGemm
    {
        public string Name => "plain";

        public bool Supports(ElementType type) => type is ElementType.F32 or ElementType.BF16;

        public void Multiply(DeviceQueue queue, DeviceMatrix c, DeviceMatrix a, DeviceMatrix b, int m, int n, int k, bool transposeA,
            bool transposeB,
            bool accumulate)
        {
            device.Launched.Add(Name);
            float[] x = Get(queue, a, m * k), y = Get(queue, b, k * n), z = Get(queue, c, m * n);
            for (int i = 0; i < m; i++)
                for (int j = 0; j < n; j++)
                {
                    double sum = accumulate ? z[(i * n) + j] : 0;
                    for (int p = 0; p < k; p++)
                        sum += (double)x[transposeA ? (p * m) + i : (i * k) + p] * y[transposeB ? (j * k) + p : (p * n) + j];
                    z[(i * n) + j] = (float)sum;
                }
            using StagingBuffer staging = device.AllocateStaging(z.Length * sizeof(float));
            MemoryMarshal.AsBytes<float>(z).CopyTo(staging.Bytes);
            queue.Write(c.Buffer, c.Start * sizeof(float), staging, 0, staging.ByteLength);
        }

        private float[] Get(DeviceQueue queue, DeviceMatrix matrix, int length)
        {
            int size = matrix.Type.ByteSize();
            using StagingBuffer staging = device.AllocateStaging(length * size);
            queue.Read(staging, 0, matrix.Buffer, matrix.Start * size, staging.ByteLength);
            float[] values = new float[length];
            ElementCodec.Of(matrix.Type).Widen(staging.Bytes, values);
            return values;
        }
    }
}
