using KsLottery.Engine.Devices;
using KsLottery.Kernels;

namespace KsLottery.Engine.Tests.Devices;

/// <summary>A device whose kernels oclgrind watches for values that nobody wrote (<c>OCLGRIND_UNINITIALIZED</c>).</summary>
/// <remarks>
/// oclgrind 21.10 keeps a shadow of each buffer that says what was written, and gets it wrong in four ways, each of which gives a false
/// alarm: what the host writes, fills or copies makes a shadow of just that length, so that the rest of the buffer counts as never written;
/// and the shadow of a released buffer becomes that of the next one in its place, however long that is. So here nothing is released before
/// the device is, and the host writes whole buffers alone. Kernels' own shared and private memory, and buffers that only kernels
/// write, are watched as ever.
/// </remarks>
internal sealed class ShadowedDevice(KernelDevice device) : KernelDevice
{
    private readonly List<IDisposable> _kept = [];

    private KernelDevice Inner => device;

    public override string Name => device.Name;

    public override DeviceLimits Limits => device.Limits;

    /// <summary>The device itself, or with its shadows mended where it is watched for values that nobody wrote.</summary>
    public static KernelDevice Of(KernelDevice device) =>
        Environment.GetEnvironmentVariable("OCLGRIND_UNINITIALIZED") is null ? device : new ShadowedDevice(device);

    public override DeviceBuffer Allocate(long bytes) => new Buffer(Kept(device.Allocate(bytes)));

    public override StagingBuffer AllocateStaging(int bytes) => new Staging(Kept(device.AllocateStaging(bytes)));

    public override DeviceQueue CreateQueue() => new Queue(this, device.CreateQueue());

    public override string? WhyNotCompiled(KernelDefinition kernel) => device.WhyNotCompiled(kernel);

    public override void Dispose()
    {
        _kept.ForEach(kept => kept.Dispose());
        _kept.Clear();
        device.Dispose();
    }

    private T Kept<T>(T made) where T : IDisposable
    {
        _kept.Add(made);
        return made;
    }

    private static DeviceBuffer InnerOf(DeviceBuffer buffer) => ((Buffer)buffer).Inner;

    private static StagingBuffer InnerOf(StagingBuffer staging) => ((Staging)staging).Inner;

    private sealed class Buffer(DeviceBuffer inner) : DeviceBuffer(inner.ByteLength)
    {
        public DeviceBuffer Inner => inner;

        public override void Dispose()
        {
        }
    }

    private sealed class Staging(StagingBuffer inner) : StagingBuffer(inner.ByteLength)
    {
        public StagingBuffer Inner => inner;

        public override Span<byte> Bytes => inner.Bytes;

        public override void Dispose()
        {
        }
    }

    private sealed class Queue(ShadowedDevice device, DeviceQueue queue) : DeviceQueue
    {
        private delegate void Change(Span<byte> bytes);

        public override void Launch(KernelDefinition kernel, int groups, params ReadOnlySpan<KernelArgument> arguments)
        {
            KernelArgument[] inner = [.. arguments];
            for (int i = 0; i < inner.Length; i++)
                if (inner[i].Buffer is { } buffer) inner[i] = KernelArgument.View(InnerOf(buffer), inner[i].Start, inner[i].Length);
            queue.Launch(kernel, groups, inner);
        }

        public override void Build(KernelDefinition kernel) => queue.Build(kernel);

        public override void Write(DeviceBuffer destination, long destinationStart, StagingBuffer source, int sourceStart, int bytes) =>
            Rewrite(destination, whole => source.Bytes.Slice(sourceStart, bytes).CopyTo(whole[(int)destinationStart..]));

        public override void Read(StagingBuffer destination, int destinationStart, DeviceBuffer source, long sourceStart, int bytes) =>
            queue.Read(InnerOf(destination), destinationStart, InnerOf(source), sourceStart, bytes);

        public override void Copy(DeviceBuffer destination, long destinationStart, DeviceBuffer source, long sourceStart, long bytes)
        {
            StagingBuffer part = BytesOf(source);
            Rewrite(destination, whole => part.Bytes.Slice((int)sourceStart, (int)bytes).CopyTo(whole[(int)destinationStart..]));
        }

        public override void Clear(DeviceBuffer destination, long start, long bytes) =>
            Rewrite(destination, whole => whole.Slice((int)start, (int)bytes).Clear());

        public override void Flush() => queue.Flush();

        public override void Finish() => queue.Finish();

        public override void Dispose() => queue.Dispose();

        private void Rewrite(DeviceBuffer buffer, Change change)
        {
            if (buffer.ByteLength == 0) return;
            StagingBuffer whole = BytesOf(buffer);
            change(whole.Bytes);
            queue.Write(InnerOf(buffer), 0, whole, 0, whole.ByteLength);
        }

        private StagingBuffer BytesOf(DeviceBuffer buffer)
        {
            StagingBuffer bytes = device.Kept(device.Inner.AllocateStaging((int)buffer.ByteLength));
            queue.Read(bytes, 0, InnerOf(buffer), 0, bytes.ByteLength);
            queue.Finish();
            return bytes;
        }
    }
}
