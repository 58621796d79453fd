using System.Runtime.InteropServices;

namespace KsLottery.Engine.Devices;

internal sealed unsafe partial class CudaInterop
{
    /// <summary>Something that lives in a context and is given back in it, on whatever thread.</summary>
    internal abstract class ContextHandle : SafeHandle
    {
        private readonly Context _context;

        private protected ContextHandle(CudaInterop cuda, Context context, nint value) : base(0, ownsHandle: true)
        {
            (Driver, _context) = (cuda, context);
            bool isHeld = false;
            context.DangerousAddRef(ref isHeld);
            SetHandle(value);
        }

        public override bool IsInvalid => handle == 0;

        private protected CudaInterop Driver { get; }

        /// <summary>Gives it back; the context is current.</summary>
        private protected abstract int Release();

        protected sealed override bool ReleaseHandle()
        {
            nint context;
            bool isCurrent = Driver._contextPush(_context.DangerousGetHandle()) == Success;
            int status = Release();
            if (isCurrent) _ = Driver._contextPop(&context);
            _context.DangerousRelease();
            return status == Success;
        }

        private protected void Check(string call, int status) => _context.Check(call, status);

        private protected Current Enter()
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return _context.Enter();
        }
    }

    /// <summary>A buffer in the device's memory.</summary>
    internal sealed class DeviceMemory(CudaInterop cuda, Context context, nint address) : ContextHandle(cuda, context, address)
    {
        /// <summary>Its address on the device.</summary>
        /// <exception cref="ObjectDisposedException">It was given back.</exception>
        public ulong Address
        {
            get
            {
                ObjectDisposedException.ThrowIf(IsClosed, this);
                return (ulong)handle;
            }
        }

        /// <summary>Waits for the device first: queued work may still use the memory. A failure of that work shows where its queue is
        /// waited for.</summary>
        private protected override int Release()
        {
            _ = Driver._contextSynchronize();
            return Driver._memoryFree((ulong)handle);
        }
    }

    /// <summary>Pinned host memory.</summary>
    internal sealed class HostMemory(CudaInterop cuda, Context context, nint address, int bytes) : ContextHandle(cuda, context, address)
    {
        /// <summary>The bytes.</summary>
        /// <exception cref="ObjectDisposedException">They were given back.</exception>
        public Span<byte> Bytes
        {
            get
            {
                ObjectDisposedException.ThrowIf(IsClosed, this);
                return new((void*)handle, bytes);
            }
        }

        private protected override int Release()
        {
            _ = Driver._contextSynchronize();
            return Driver._hostFree((void*)handle);
        }
    }

    /// <summary>A compiled kernel with the module that holds it.</summary>
    internal sealed class Module(CudaInterop cuda, Context context, nint module) : ContextHandle(cuda, context, module)
    {
        private const int LocalBytesAttribute = 3, RegistersAttribute = 4;

        /// <summary>The kernel.</summary>
        internal nint Function { get; set; }

        /// <summary>Registers of a lane.</summary>
        public int Registers => Ask(RegistersAttribute);

        /// <summary>Bytes of a lane that did not fit into registers, or are indexed.</summary>
        public int LocalBytes => Ask(LocalBytesAttribute);

        private protected override int Release()
        {
            _ = Driver._contextSynchronize();
            return Driver._moduleUnload(handle);
        }

        private int Ask(int attribute)
        {
            using Current current = Enter();
            int value;
            Check("cuFuncGetAttribute", Driver._functionGetAttribute(&value, attribute, Function));
            return value;
        }
    }

    /// <summary>A stream: work that is done in order.</summary>
    internal sealed class Stream(CudaInterop cuda, Context context, nint stream) : ContextHandle(cuda, context, stream)
    {
        /// <summary>The driver's own handle, for libraries that put work into the stream.</summary>
        public nint Handle
        {
            get
            {
                ObjectDisposedException.ThrowIf(IsClosed, this);
                return handle;
            }
        }

        /// <summary>Starts a kernel.</summary>
        /// <param name="kernel">The kernel.</param>
        /// <param name="groups">Groups of the launch.</param>
        /// <param name="groupSize">Lanes of a group.</param>
        /// <param name="parameters">One for each parameter of the C function, its bits in the lower bytes; the driver reads as many as the
        /// parameter has.</param>
        public void Launch(Module kernel, int groups, int groupSize, ReadOnlySpan<ulong> parameters)
        {
            using Current current = Enter();
            void** pointers = stackalloc void*[Math.Max(parameters.Length, 1)];
            fixed (ulong* values = parameters)
            {
                for (int i = 0; i < parameters.Length; i++) pointers[i] = values + i;
                Check("cuLaunchKernel",
                    Driver._launch(kernel.Function, (uint)groups, 1, 1, (uint)groupSize, 1, 1, 0, handle, pointers, null));
            }
            GC.KeepAlive(kernel);
        }

        /// <summary>Copies pinned memory to the device.</summary>
        public void Write(DeviceMemory destination, long destinationStart, HostMemory source, int sourceStart, int bytes)
        {
            using Current current = Enter();
            fixed (byte* from = source.Bytes.Slice(sourceStart, bytes))
                Check("cuMemcpyHtoDAsync_v2",
                    Driver._copyToDevice(destination.Address + (ulong)destinationStart, from, (nuint)bytes, handle));
            GC.KeepAlive(destination);
            GC.KeepAlive(source);
        }

        /// <summary>Copies from the device to pinned memory.</summary>
        public void Read(HostMemory destination, int destinationStart, DeviceMemory source, long sourceStart, int bytes)
        {
            using Current current = Enter();
            fixed (byte* to = destination.Bytes.Slice(destinationStart, bytes))
                Check("cuMemcpyDtoHAsync_v2", Driver._copyToHost(to, source.Address + (ulong)sourceStart, (nuint)bytes, handle));
            GC.KeepAlive(source);
            GC.KeepAlive(destination);
        }

        /// <summary>Copies within the device.</summary>
        public void Copy(DeviceMemory destination, long destinationStart, DeviceMemory source, long sourceStart, long bytes)
        {
            using Current current = Enter();
            Check("cuMemcpyDtoDAsync_v2",
                Driver._copyWithin(destination.Address + (ulong)destinationStart, source.Address + (ulong)sourceStart, (nuint)bytes,
                    handle));
            GC.KeepAlive(source);
            GC.KeepAlive(destination);
        }

        /// <summary>Sets 32-bit words to zero.</summary>
        public void Clear(DeviceMemory destination, long start, long words)
        {
            using Current current = Enter();
            Check("cuMemsetD32Async", Driver._set32(destination.Address + (ulong)start, 0, (nuint)words, handle));
            GC.KeepAlive(destination);
        }

        /// <summary>Has the driver hand over what it gathered: some gather work until they are asked how it stands.</summary>
        public void Submit()
        {
            const int NotReady = 600;
            using Current current = Enter();
            int status = Driver._streamQuery(handle);
            if (status != NotReady) Check("cuStreamQuery", status);
        }

        /// <summary>Waits for all of it.</summary>
        public void Synchronize()
        {
            using Current current = Enter();
            Check("cuStreamSynchronize", Driver._streamSynchronize(handle));
        }

        /// <summary>The driver keeps the stream until its work is done.</summary>
        private protected override int Release() => Driver._streamDestroy(handle);
    }
}
