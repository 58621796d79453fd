namespace KsLottery.Engine.Devices;

internal sealed unsafe partial class OpenClInterop
{
    /// <summary>Work that a device does in order.</summary>
    /// <remarks>
    /// A queue that was waited for does not tell whether what it did went well, the event of each piece of work does. The events are kept
    /// until they were looked at: when the queue is waited for, or when there are many.
    /// </remarks>
    internal sealed class Queue(OpenClInterop library, string deviceName, nint queue) : Handle(library, deviceName, queue)
    {
        private const int ManyEvents = 256;

        private readonly Queue<(nint Event, string Call)> _pending = [];
        private int _pruneAt = ManyEvents;
        private (string Call, int Status)? _failure;

        /// <summary>Starts a kernel.</summary>
        /// <param name="kernel">The kernel, with its arguments set.</param>
        /// <param name="name">Its name, for a failure.</param>
        /// <param name="groups">Groups of the launch.</param>
        /// <param name="groupSize">Lanes of a group.</param>
        public void Launch(Kernel kernel, string name, int groups, int groupSize)
        {
            nuint local = (nuint)groupSize, global = (nuint)groups * local;
            nint done;
            Enqueued($"clEnqueueNDRangeKernel of {name}", Library._launch(Value, kernel.Value, 1, null, &global, &local, 0, null, &done),
                done);
            GC.KeepAlive(kernel);
        }

        /// <summary>Copies host memory to the device.</summary>
        public void Write(Memory destination, long destinationStart, HostMemory source, int sourceStart, int bytes)
        {
            nint done;
            source.IsUsedBy(this);
            fixed (byte* from = source.Bytes.Slice(sourceStart, bytes))
                Enqueued("clEnqueueWriteBuffer",
                    Library._write(Value, destination.Value, 0, (nuint)destinationStart, (nuint)bytes, from, 0, null, &done), done);
            GC.KeepAlive(destination);
        }

        /// <summary>Copies from the device to host memory.</summary>
        public void Read(HostMemory destination, int destinationStart, Memory source, long sourceStart, int bytes)
        {
            nint done;
            destination.IsUsedBy(this);
            fixed (byte* to = destination.Bytes.Slice(destinationStart, bytes))
                Enqueued("clEnqueueReadBuffer", Library._read(Value, source.Value, 0, (nuint)sourceStart, (nuint)bytes, to, 0, null, &done),
                    done);
            GC.KeepAlive(source);
        }

        /// <summary>Copies within the device.</summary>
        public void Copy(Memory destination, long destinationStart, Memory source, long sourceStart, long bytes)
        {
            nint done;
            Enqueued("clEnqueueCopyBuffer",
                Library._copy(Value, source.Value, destination.Value, (nuint)sourceStart, (nuint)destinationStart,
                (nuint)bytes, 0, null, &done), done);
            GC.KeepAlive(destination);
            GC.KeepAlive(source);
        }

        /// <summary>Sets 32-bit words to zero.</summary>
        public void Clear(Memory destination, long start, long bytes)
        {
            nint done;
            uint zero = 0;
            Enqueued("clEnqueueFillBuffer",
                Library._fill(Value, destination.Value, &zero, sizeof(uint), (nuint)start, (nuint)bytes, 0, null, &done), done);
            GC.KeepAlive(destination);
        }

        /// <summary>Takes the event of work that a library put into the queue.</summary>
        public void Adopt(string call, nint done) => Enqueued(call, Success, done);

        /// <summary>Hands the work to the device.</summary>
        public void Flush() => Check("clFlush", Library._flush(Value));

        /// <summary>Waits for all work.</summary>
        /// <exception cref="Devices.DeviceFailureException">Some of it failed.</exception>
        public void Finish()
        {
            int status = Library._finish(Value);
            Prune(isDone: true);
            if (_failure is { } failure)
            {
                _failure = null;
                Check(failure.Call, failure.Status);
            }
            Check("clFinish", status);
        }

        /// <summary>Shows a buffer to the host, for as long as it is.</summary>
        internal nint Map(nint buffer, int bytes)
        {
            const ulong ReadWrite = 3;
            int status;
            void* address = Library._map(Value, buffer, 1, ReadWrite, 0, (nuint)bytes, 0, null, null, &status);
            Check("clEnqueueMapBuffer", status);
            return (nint)address;
        }

        /// <summary>Takes a buffer back from the host.</summary>
        internal void Unmap(nint buffer, nint address)
        {
            _ = Library._unmap(handle, buffer, (void*)address, 0, null, null);
            WaitQuietly();
        }

        /// <summary>Waits for all work without asking how it went.</summary>
        internal void WaitQuietly() => _ = Library._finish(handle);

        /// <summary>Work may still be under way: the driver keeps the queue until it is done.</summary>
        private protected override int Release()
        {
            while (_pending.TryDequeue(out (nint Event, string Call) work)) _ = Library._releaseEvent(work.Event);
            return Library._releaseQueue(handle);
        }

        private void Enqueued(string call, int status, nint done)
        {
            Check(call, status);
            _pending.Enqueue((done, call));
            if (_pending.Count < _pruneAt) return;
            Prune(isDone: false);
            _pruneAt = Math.Max(ManyEvents, 2 * _pending.Count);
        }

        /// <summary>Looks at events from the oldest on, and lets go of those that tell the end of their work.</summary>
        private void Prune(bool isDone)
        {
            const uint ExecutionStatus = 0x11D3;
            while (_pending.TryPeek(out (nint Event, string Call) work))
            {
                int state = Success;
                int status = Library._getEventInfo(work.Event, ExecutionStatus, sizeof(int), &state, null);
                if (status == Success && state > Success && !isDone) return;
                if (state < Success) _failure ??= (work.Call, state);
                _ = Library._releaseEvent(work.Event);
                _ = _pending.Dequeue();
            }
        }
    }
}
