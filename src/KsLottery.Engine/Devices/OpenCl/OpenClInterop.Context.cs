using System.Text;

namespace KsLottery.Engine.Devices;

internal sealed unsafe partial class OpenClInterop
{
    /// <summary>What a device's queues, memory and programs live in; each of them keeps the driver's own alive.</summary>
    internal sealed class Context : Handle
    {
        private readonly nint _device;

        private Context(OpenClInterop library, string deviceName, nint device, nint value) : base(library, deviceName, value) =>
            _device = device;

        /// <exception cref="DeviceFailureException">The device has no context to give.</exception>
        public static Context Create(OpenClInterop library, string deviceName, OpenClDeviceFacts facts)
        {
            const nint PlatformProperty = 0x1084;
            nint* properties = stackalloc nint[] { PlatformProperty, facts.Platform, 0 };
            nint device = facts.Device;
            int status;
            nint context = library._createContext(properties, 1, &device, 0, 0, &status);
            return status == Success ? new(library, deviceName, device, context)
                : throw OpenClFailures.Explain(deviceName, "clCreateContext", status);
        }

        /// <summary>Makes a queue that works in order.</summary>
        public Queue CreateQueue()
        {
            int status;
            nint queue = Library._createQueue(Value, _device, 0, &status);
            Check("clCreateCommandQueue", status);
            return new(Library, DeviceName, queue);
        }

        /// <summary>Allocates a buffer in the device's memory.</summary>
        public Memory Allocate(long bytes) => new(Library, DeviceName, CreateBuffer(bytes, flags: 1));

        /// <summary>Takes host memory that the driver copies at full speed, and shows it to the host for good.</summary>
        /// <param name="bytes">The size.</param>
        /// <param name="queue">What shows it, and takes it back in the end.</param>
        public HostMemory AllocateHost(int bytes, Queue queue)
        {
            const ulong ReadWriteInHostMemory = 1 | 16;
            nint buffer = CreateBuffer(bytes, ReadWriteInHostMemory);
            try
            {
                return new(Library, DeviceName, buffer, queue.Map(buffer, Math.Max(bytes, 1)), bytes, queue);
            }
            catch
            {
                _ = Library._releaseMemory(buffer);
                throw;
            }
        }

        /// <summary>Has the driver compile a text.</summary>
        /// <param name="source">OpenCL C.</param>
        /// <param name="options">The compiler's options.</param>
        /// <param name="kernel">The kernel's name, for a failure.</param>
        /// <exception cref="DeviceFailureException">The driver refused the text; gives its words.</exception>
        public Program Compile(string source, string options, string kernel)
        {
            byte[] text = Encoding.UTF8.GetBytes(source);
            int status;
            nint value;
            fixed (byte* start = text)
            {
                byte* only = start;
                nuint length = (nuint)text.Length;
                value = Library._createProgram(Value, 1, &only, &length, &status);
            }
            Check("clCreateProgramWithSource", status);
            Program program = new(Library, DeviceName, _device, value);
            if ((status = program.Build(options)) == Success) return program;
            DeviceFailureException failure = OpenClFailures.Explain(DeviceName, "clBuildProgram", status,
                OpenClFailures.Refusal(kernel, program.Log));
            program.Dispose();
            throw failure;
        }

        /// <summary>Takes what the driver compiled earlier.</summary>
        /// <returns>The program; null where the driver does not take it.</returns>
        public Program? Load(ReadOnlySpan<byte> binary, string options)
        {
            int status, binaryStatus;
            nint value, device = _device;
            fixed (byte* start = binary)
            {
                byte* only = start;
                nuint length = (nuint)binary.Length;
                value = Library._createProgramWithBinary(Value, 1, &device, &length, &only, &binaryStatus, &status);
            }
            if (status != Success) return null;
            Program program = new(Library, DeviceName, _device, value);
            if (binaryStatus == Success && program.Build(options) == Success) return program;
            program.Dispose();
            return null;
        }

        private protected override int Release() => Library._releaseContext(handle);

        private nint CreateBuffer(long bytes, ulong flags)
        {
            int status;
            nint buffer = Library._createBuffer(Value, flags, (nuint)Math.Max(bytes, 1), null, &status);
            Check("clCreateBuffer", status, OpenClFailures.IsShortage(status)
                ? $"{bytes} bytes were asked for, and there are not that many left in one piece" : null);
            return buffer;
        }
    }

    /// <summary>A text that the driver compiled.</summary>
    internal sealed class Program(OpenClInterop library, string deviceName, nint device, nint program) : Handle(library, deviceName,
        program)
    {
        /// <summary>What the compiler said.</summary>
        public string Log
        {
            get
            {
                const uint BuildLog = 0x1183;
                nuint length = 0;
                if (Library._getBuildInfo(Value, device, BuildLog, 0, null, &length) != Success || length == 0) return "";
                byte[] log = new byte[length];
                fixed (byte* start = log)
                    return Library._getBuildInfo(Value, device, BuildLog, length, start, null) == Success
                        ? Encoding.UTF8.GetString(log).Trim('\0', '\n', ' ') : "";
            }
        }

        /// <summary>Builds it.</summary>
        /// <returns>The driver's status.</returns>
        public int Build(string options)
        {
            nint only = device;
            fixed (byte* text = Terminated(options)) return Library._buildProgram(Value, 1, &only, text, 0, 0);
        }

        /// <summary>What to keep of it for <see cref="Context.Load"/>; empty where the driver gives nothing.</summary>
        public byte[] GetBinary()
        {
            const uint BinarySizes = 0x1165, Binaries = 0x1166;
            nuint size = 0;
            if (Library._getProgramInfo(Value, BinarySizes, (nuint)sizeof(nuint), &size, null) != Success || size == 0
                || size > (nuint)Array.MaxLength) return [];
            byte[] binary = new byte[size];
            fixed (byte* start = binary)
            {
                byte* only = start;
                return Library._getProgramInfo(Value, Binaries, (nuint)sizeof(byte*), &only, null) == Success ? binary : [];
            }
        }

        /// <summary>Takes a kernel, for one queue: kernels hold arguments.</summary>
        public Kernel CreateKernel(string name)
        {
            int status;
            nint kernel;
            fixed (byte* text = Terminated(name)) kernel = Library._createKernel(Value, text, &status);
            Check("clCreateKernel", status, $"the text has no kernel {name} that this device can run");
            return new(Library, DeviceName, device, kernel);
        }

        private protected override int Release() => Library._releaseProgram(handle);

        private static byte[] Terminated(string text) => [.. Encoding.UTF8.GetBytes(text), 0];
    }

    /// <summary>A kernel with room for its arguments; not for use by several threads.</summary>
    internal sealed class Kernel(OpenClInterop library, string deviceName, nint device, nint kernel) : Handle(library, deviceName, kernel)
    {
        /// <summary>Lanes that a group of this kernel can have here.</summary>
        public int MaximumGroupSize
        {
            get
            {
                const uint GroupSize = 0x11B0;
                nuint size;
                Check("clGetKernelWorkGroupInfo", Library._getGroupInfo(Value, device, GroupSize, (nuint)sizeof(nuint), &size, null));
                return (int)Math.Min(size, int.MaxValue);
            }
        }

        /// <summary>Sets an argument to a number.</summary>
        /// <param name="index">The C function's parameter.</param>
        /// <param name="bits">The number, in the lower bytes.</param>
        /// <param name="bytes">The parameter's size.</param>
        public void Set(int index, ulong bits, int bytes) =>
            Check("clSetKernelArg", Library._setArgument(Value, (uint)index, (nuint)bytes, &bits));

        /// <summary>Sets an argument to memory; null for none.</summary>
        public void Set(int index, Memory? memory)
        {
            nint value = memory?.Value ?? 0;
            Check("clSetKernelArg", Library._setArgument(Value, (uint)index, (nuint)sizeof(nint), memory is null ? null : &value));
            GC.KeepAlive(memory);
        }

        private protected override int Release() => Library._releaseKernel(handle);
    }
}
