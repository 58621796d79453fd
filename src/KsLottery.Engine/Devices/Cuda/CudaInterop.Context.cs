using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace KsLottery.Engine.Devices;

internal sealed unsafe partial class CudaInterop
{
    /// <summary>A device's primary context, the one that NVIDIA's own libraries work in; every other handle keeps it alive.</summary>
    internal sealed class Context : SafeHandle
    {
        private const int OutOfMemory = 2, NotFound = 500;

        private readonly CudaInterop _cuda;
        private readonly int _device;

        private Context(CudaInterop cuda, string deviceName, int device, nint context) : base(0, ownsHandle: true)
        {
            (_cuda, DeviceName, _device) = (cuda, deviceName, device);
            SetHandle(context);
        }

        public override bool IsInvalid => handle == 0;

        /// <summary>The name that errors give.</summary>
        public string DeviceName { get; }

        /// <summary>The driver.</summary>
        public CudaInterop Driver => _cuda;

        /// <exception cref="DeviceFailureException">The device has no context to give.</exception>
        public static Context Retain(CudaInterop cuda, string deviceName, int ordinal)
        {
            int device, status = cuda._deviceGet(&device, ordinal);
            if (status != Success) throw CudaFailures.Explain(cuda, deviceName, "cuDeviceGet", status);
            nint context;
            status = cuda._primaryContextRetain(&context, device);
            return status == Success ? new(cuda, deviceName, device, context)
                : throw CudaFailures.Explain(cuda, deviceName, "cuDevicePrimaryCtxRetain", status);
        }

        /// <summary>Makes the context the calling thread's until the result is disposed.</summary>
        public Current Enter()
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            Check("cuCtxPushCurrent_v2", _cuda._contextPush(handle));
            return new(_cuda);
        }

        /// <exception cref="DeviceFailureException">The call failed.</exception>
        public void Check(string call, int status, string? cause = null)
        {
            if (status != Success) throw CudaFailures.Explain(_cuda, DeviceName, call, status, cause);
        }

        /// <summary>Allocates a buffer in the device's memory.</summary>
        public DeviceMemory Allocate(long bytes)
        {
            using Current current = Enter();
            ulong address;
            int status = _cuda._memoryAllocate(&address, (nuint)Math.Max(bytes, 1));
            Check("cuMemAlloc_v2", status, status == OutOfMemory ? Shortage(bytes) : null);
            return new(_cuda, this, (nint)address);
        }

        /// <summary>Takes host memory that is never moved, so that the device copies it by itself.</summary>
        public HostMemory AllocateHost(int bytes)
        {
            const uint Portable = 1;
            using Current current = Enter();
            void* address;
            int status = _cuda._hostAllocate(&address, (nuint)Math.Max(bytes, 1), Portable);
            Check("cuMemHostAlloc", status, status == OutOfMemory ? $"the system has no {bytes} bytes of memory that can be pinned" : null);
            return new(_cuda, this, (nint)address, bytes);
        }

        /// <summary>Makes a stream that waits for no other.</summary>
        public Stream CreateStream()
        {
            const uint NonBlocking = 1;
            using Current current = Enter();
            nint stream;
            Check("cuStreamCreate", _cuda._streamCreate(&stream, NonBlocking));
            return new(_cuda, this, stream);
        }

        /// <summary>Has the driver compile a PTX text and takes its kernel.</summary>
        /// <param name="ptx">The text.</param>
        /// <param name="kernel">The kernel's name.</param>
        public Module Load(string ptx, string kernel)
        {
            const int ErrorLogBuffer = 5, ErrorLogBufferBytes = 6, LogBytes = 8192;
            using Current current = Enter();
            byte[] image = [.. Encoding.UTF8.GetBytes(ptx), 0], name = [.. Encoding.UTF8.GetBytes(kernel), 0];
            byte* log = stackalloc byte[LogBytes];
            log[0] = 0;
            int* options = stackalloc int[] { ErrorLogBuffer, ErrorLogBufferBytes };
            void** values = stackalloc void*[2];
            values[0] = log;
            values[1] = (void*)(nuint)LogBytes;
            nint module, function;
            fixed (byte* text = image, symbol = name)
            {
                int status = _cuda._moduleLoad(&module, text, 2, options, values);
                if (status != Success)
                    Check("cuModuleLoadDataEx", status, CudaFailures.IsRefusal(status) ? Refusal(kernel, new(log, LogBytes)) : null);
                Module loaded = new(_cuda, this, module);
                status = _cuda._moduleGetFunction(&function, module, symbol);
                if (status == Success)
                {
                    loaded.Function = function;
                    return loaded;
                }
                loaded.Dispose();
                throw CudaFailures.Explain(_cuda, DeviceName, "cuModuleGetFunction", status,
                    status == NotFound ? $"the PTX text has no kernel {kernel}" : null);
            }
        }

        protected override bool ReleaseHandle() => _cuda._primaryContextRelease(_device) == Success;

        private static string Refusal(string kernel, ReadOnlySpan<byte> log)
        {
            int end = log.IndexOf((byte)0);
            string said = Encoding.UTF8.GetString(end < 0 ? log : log[..end]).Trim();
            return $"the driver's compiler refused the kernel {kernel}{(said.Length > 0 ? $", and said:\n{said}\n" : "")}";
        }

        private string Shortage(long bytes)
        {
            nuint free, total;
            string has = _cuda._memoryGetInfo(&free, &total) == Success
                ? string.Create(CultureInfo.InvariantCulture, $"it has {free} of {total} bytes left") : "it has not that much left";
            return string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes were asked for, and {has} (a piece must be whole)");
        }
    }

    /// <summary>The time in which a context is the calling thread's.</summary>
    internal readonly ref struct Current(CudaInterop cuda)
    {
        public void Dispose()
        {
            nint context;
            _ = cuda._contextPop(&context);
        }
    }
}
