extern alias ilgpu;
using System.Runtime.CompilerServices;
using ilgpu::KsLottery.Engine.Ilgpu;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;
using KsLottery.Engine.Devices;
using KsLottery.Kernels;

namespace KsLottery.Cuda.Tests;

/// <summary>Runs the PTX that ILGPU's compiler makes of the kernels in the interpreter, which is not ILGPU's, on the host's
/// memory.</summary>
internal sealed unsafe class InterpretedDevice : KernelDevice
{
    private static readonly Dictionary<string, string> Texts = new(StringComparer.Ordinal);

    private readonly List<byte[]> _memory = [];

    public override string Name => "interpreted";

    public override DeviceLimits Limits { get; } = new(1 << 30, 1 << 30, 48 << 10, 256, 1, HasDouble: true, HasUnifiedMemory: true);

    /// <summary>ILGPU's text of a kernel, for the oldest devices whose instruction set it fits.</summary>
    public static string TextOf(KernelDefinition kernel)
    {
        if (Texts.TryGetValue(kernel.Name, out string? text)) return text;
        CudaArchitecture turing = CudaArchitecture.SM_75;
        using PTXBackend compiler = new(IlgpuContext.Current, new CudaCapabilityContext(turing), turing, CudaInstructionSet.ISA_63, null);
        return Texts[kernel.Name] = ((PTXCompiledKernel)compiler.Compile(IlgpuKernels.EntryPointOf(kernel),
            new(kernel.GroupSize, null))).PTXAssembly;
    }

    public override DeviceBuffer Allocate(long bytes) => new Buffer(this, bytes);

    public override StagingBuffer AllocateStaging(int bytes) => new Staging(bytes);

    public override DeviceQueue CreateQueue() => new Queue(this);

    public override void Dispose() => _memory.Clear();

    /// <summary>Runs a kernel, a view as ILGPU passes it: its first element's address, and its length.</summary>
    private void Run(KernelDefinition kernel, int groups, ReadOnlySpan<KernelArgument> arguments)
    {
        KernelArgument.Check(kernel, arguments);
        PtxInterpreter interpreter = new(TextOf(kernel), IsWithin);
        long[] values = GC.AllocateArray<long>(2 * arguments.Length, pinned: true);
        void*[] addresses = new void*[arguments.Length];
        for (int i = 0; i < arguments.Length; i++)
        {
            KernelArgument argument = arguments[i];
            values[2 * i] = argument.Buffer is null ? (long)argument.Bits
                : (long)((Buffer)argument.Buffer).Address + (argument.Start * KernelArgument.ByteSize(kernel.Parameters[i].Type));
            values[(2 * i) + 1] = argument.Length;
            addresses[i] = Unsafe.AsPointer(ref values[2 * i]);
        }
        fixed (void** given = addresses) interpreter.Run(given, groups, kernel.GroupSize);
    }

    private bool IsWithin(ulong address, int bytes) => _memory.Exists(piece =>
    {
        ulong start = (ulong)Unsafe.AsPointer(ref piece[0]);
        return address >= start && address + (ulong)bytes <= start + (ulong)piece.Length;
    });

    private sealed class Buffer : DeviceBuffer
    {
        private readonly InterpretedDevice _device;
        private readonly byte[] _bytes;

        public Buffer(InterpretedDevice device, long bytes) : base(bytes)
        {
            (_device, _bytes) = (device, GC.AllocateArray<byte>(Math.Max((int)bytes, 1), pinned: true));
            _bytes.AsSpan().Fill(0xA5);
            _device._memory.Add(_bytes);
        }

        public void* Address => Unsafe.AsPointer(ref _bytes[0]);

        public Span<byte> Range(long start, long bytes) => _bytes.AsSpan((int)start, (int)bytes);

        public override void Dispose() => _device._memory.Remove(_bytes);
    }

    private sealed class Staging(int bytes) : StagingBuffer(bytes)
    {
        private readonly byte[] _bytes = new byte[bytes];

        public override Span<byte> Bytes => _bytes;

        public override void Dispose()
        {
        }
    }

    private sealed class Queue(InterpretedDevice device) : DeviceQueue
    {
        public override void Launch(KernelDefinition kernel, int groups, params ReadOnlySpan<KernelArgument> arguments) =>
            device.Run(kernel, groups, arguments);

        public override void Build(KernelDefinition kernel) => TextOf(kernel);

        public override void Write(DeviceBuffer destination, long destinationStart, StagingBuffer source, int sourceStart, int bytes) =>
            source.Bytes.Slice(sourceStart, bytes).CopyTo(((Buffer)destination).Range(destinationStart, bytes));

        public override void Read(StagingBuffer destination, int destinationStart, DeviceBuffer source, long sourceStart, int bytes) =>
            ((Buffer)source).Range(sourceStart, bytes).CopyTo(destination.Bytes.Slice(destinationStart, bytes));

        public override void Copy(DeviceBuffer destination, long destinationStart, DeviceBuffer source, long sourceStart, long bytes) =>
            ((Buffer)source).Range(sourceStart, bytes).CopyTo(((Buffer)destination).Range(destinationStart, bytes));

        public override void Clear(DeviceBuffer destination, long start, long bytes) => ((Buffer)destination).Range(start, bytes).Clear();

        public override void Flush()
        {
        }

        public override void Finish()
        {
        }

        public override void Dispose()
        {
        }
    }
}
