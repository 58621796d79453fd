using System.Runtime.InteropServices;

namespace KsLottery.Engine.Devices;

internal sealed unsafe partial class OpenClInterop
{
    /// <summary>Something of the driver's, given back by its own call; the driver counts who needs it.</summary>
    internal abstract class Handle : SafeHandle
    {
        private protected Handle(OpenClInterop library, string deviceName, nint value) : base(0, ownsHandle: true)
        {
            (Library, DeviceName) = (library, deviceName);
            SetHandle(value);
        }

        public override bool IsInvalid => handle == 0;

        /// <summary>The name that errors give.</summary>
        public string DeviceName { get; }

        private protected OpenClInterop Library { get; }

        /// <summary>The driver's own handle.</summary>
        /// <exception cref="ObjectDisposedException">It was given back.</exception>
        internal nint Value
        {
            get
            {
                ObjectDisposedException.ThrowIf(IsClosed, this);
                return handle;
            }
        }

        /// <summary>Gives it back.</summary>
        private protected abstract int Release();

        protected sealed override bool ReleaseHandle() => Release() == Success;

        /// <exception cref="DeviceFailureException">The call failed.</exception>
        private protected void Check(string call, int status, string? cause = null)
        {
            if (status != Success) throw OpenClFailures.Explain(DeviceName, call, status, cause);
        }
    }

    /// <summary>A buffer in the device's memory; the driver keeps it until queued work that needs it is done.</summary>
    internal sealed class Memory(OpenClInterop library, string deviceName, nint memory) : Handle(library, deviceName, memory)
    {
        private protected override int Release() => Library._releaseMemory(handle);
    }

    /// <summary>Host memory that the driver holds and the host sees.</summary>
    internal sealed class HostMemory : Handle
    {
        private readonly HashSet<Queue> _users = [];
        private readonly Queue _owner;
        private readonly nint _address;
        private readonly int _bytes;

        /// <param name="library">The loader.</param>
        /// <param name="deviceName">The device.</param>
        /// <param name="memory">The driver's handle.</param>
        /// <param name="address">Where the host sees it.</param>
        /// <param name="bytes">Its size.</param>
        /// <param name="owner">What showed it to the host; it is kept until the memory is given back.</param>
        public HostMemory(OpenClInterop library, string deviceName, nint memory, nint address, int bytes, Queue owner)
            : base(library, deviceName, memory)
        {
            (_address, _bytes, _owner) = (address, bytes, owner);
            bool isHeld = false;
            owner.DangerousAddRef(ref isHeld);
        }

        /// <summary>The bytes.</summary>
        /// <exception cref="ObjectDisposedException">They were given back.</exception>
        public Span<byte> Bytes
        {
            get
            {
                ObjectDisposedException.ThrowIf(IsClosed, this);
                return new((void*)_address, _bytes);
            }
        }

        /// <summary>Remembers that a queue copies from or to it.</summary>
        public void IsUsedBy(Queue queue)
        {
            if (!_users.Add(queue)) return;
            bool isHeld = false;
            queue.DangerousAddRef(ref isHeld);
        }

        /// <summary>Waits for the copies that use it. A failure of theirs shows where their queue is waited for.</summary>
        private protected override int Release()
        {
            foreach (Queue queue in _users)
            {
                queue.WaitQuietly();
                queue.DangerousRelease();
            }
            _owner.Unmap(handle, _address);
            _owner.DangerousRelease();
            return Library._releaseMemory(handle);
        }
    }
}
