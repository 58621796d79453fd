using System.Diagnostics;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Verification;

/// <summary>Measures a device: a copy within its memory, reading it, the bus, row tests, and the operations of a model's step.</summary>
/// <remarks>Everything lies on the device before the clock starts; each figure is the median of repetitions, each long enough to hide the
/// launch.</remarks>
internal static class DevicePerformance
{
    private const int MinRepetitions = 5;

    private static readonly string[] Regimes = ["unrelated", "noise-1e-3", "ninety-percent-same", "few-values"];
    private static readonly int[] Widths = [288, 1024, 4096, 8192];

    /// <summary>Measures what a filter leaves, one after another.</summary>
    /// <param name="device">The device.</param>
    /// <param name="filter">A part of the names, in any case; null takes all.</param>
    /// <param name="time">How long each is measured.</param>
    /// <param name="cancellationToken">Stops between repetitions.</param>
    /// <exception cref="DeviceFailureException">The device failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static IEnumerable<PerformanceFigure> Measure(ComputeDevice device, string? filter, TimeSpan time,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(device);
        double copy = 0;
        foreach (PerformanceWork work in Works(device, filter))
        {
            bool isCopy = copy == 0;
            using IDisposable prepared = work.Prepare(out Action launch, out Action wait);
            double seconds = Median(launch, wait, time, cancellationToken);
            if (isCopy) copy = work.Bytes / seconds;
            yield return new(work.Name, seconds, work.Bytes, work.Operations, work.Rows, copy);
        }
    }

    /// <summary>The names of what is measured, in its order.</summary>
    /// <param name="device">The device.</param>
    /// <param name="filter">A part of the names, in any case; null takes all.</param>
    public static IEnumerable<string> Names(ComputeDevice device, string? filter) => Works(device, filter).Select(w => w.Name);

    /// <summary>What a filter leaves; the copy, which all else is held against, stays.</summary>
    private static IEnumerable<PerformanceWork> Works(ComputeDevice device, string? filter)
    {
        // A device with memory of its own needs more work than a processor's caches hold to show its speed.
        int scale = device.Kernels is { Limits.HasUnifiedMemory: false } ? 16 : 1;
        return [OperationWorks.Copy(device.Operations, scale),
            .. OperationWorks.Memory(device, scale).Concat(RowWorks(device, scale)).Concat(OperationWorks.All(device.Operations, scale))
                .Where(w => filter is null || w.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))];
    }

    private static IEnumerable<PerformanceWork> RowWorks(ComputeDevice device, int scale) =>
        from type in ElementTypes.Native
        from width in Widths
        from regime in width == 4096 ? Regimes : Regimes[..1]
        let rows = (scale << 20) / width
        select new PerformanceWork($"rows {type.ToName()} {regime} d={width}", 2L * rows * width * type.ByteSize(), 0, rows,
            (out launch, out wait) => PrepareRows(device, type, width, regime, rows, out launch, out wait));

    private static ResidentRows PrepareRows(ComputeDevice device, ElementType type, int width, string regime, int rows, out Action launch,
        out Action wait)
    {
        byte[] before = new byte[rows * width * type.ByteSize()], after = new byte[before.Length];
        float[] a = new float[width], b = new float[width];
        int rowBytes = width * type.ByteSize(), distinct = Math.Min(rows, 256);
        for (int row = 0; row < rows; row++)
        {
            if (row >= distinct)
            {
                before.AsSpan((row - distinct) * rowBytes, rowBytes).CopyTo(before.AsSpan(row * rowBytes));
                after.AsSpan((row - distinct) * rowBytes, rowBytes).CopyTo(after.AsSpan(row * rowBytes));
                continue;
            }
            RowRegimes.Fill(regime, row, a, b);
            RowRounding.ToBytes(a, type).CopyTo(before, row * rowBytes);
            RowRounding.ToBytes(b, type).CopyTo(after, row * rowBytes);
        }
        if (device.Kernels is not { } kernels)
        {
            (RowMatrix first, RowMatrix second) = (RowMatrix.FromMemory(before, type, rows, width),
                RowMatrix.FromMemory(after, type, rows, width));
            launch = () => RowScan.Run(first, second, new() { Threads = device.ThreadCount });
            wait = static () => { };
            return new ResidentRows();
        }
        ResidentRows resident = new(kernels, type, width, rows, before, after);
        (launch, wait) = (resident.Launch, resident.Wait);
        return resident;
    }

    /// <summary>The median time of a launch, from repetitions of as many launches as take a tenth of the time at least.</summary>
    private static double Median(Action launch, Action wait, TimeSpan time, CancellationToken cancellationToken)
    {
        launch();
        wait();
        int launches = 1;
        double Repeat()
        {
            cancellationToken.ThrowIfCancellationRequested();
            long started = Stopwatch.GetTimestamp();
            for (int i = 0; i < launches; i++) launch();
            wait();
            return Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
        for (double once = Repeat(); once < time.TotalSeconds / 10 && launches < 1 << 16; once = Repeat()) launches *= 2;
        List<double> times = [];
        for (double total = 0; total < time.TotalSeconds || times.Count < MinRepetitions; total += times[^1]) times.Add(Repeat());
        times.Sort();
        return times[times.Count / 2] / launches;
    }

    /// <summary>Row pairs in a device's memory, tested where they lie.</summary>
    private sealed class ResidentRows : IDisposable
    {
        private readonly List<IDisposable> _owned = [];
        private readonly KsDeviceKernels? _kernels;
        private readonly DeviceQueue? _queue;
        private readonly DeviceBuffer? _before, _after, _outcomes, _scratch;
        private readonly int _rows;

        /// <summary>Nothing.</summary>
        public ResidentRows()
        {
        }

        public ResidentRows(KernelDevice device, ElementType type, int width, int rows, byte[] before, byte[] after)
        {
            _rows = rows;
            _kernels = new(device, type, width);
            _owned.Add(_queue = device.CreateQueue());
            using StagingBuffer staging = device.AllocateStaging(before.Length);
            _before = Upload(before);
            _after = Upload(after);
            _owned.Add(_outcomes = device.Allocate((long)rows * KsDeviceKernels.OutcomeBytes));
            if (_kernels.ScratchBytes(rows) is > 0 and long bytes) _owned.Add(_scratch = device.Allocate(bytes));

            DeviceBuffer Upload(byte[] values)
            {
                DeviceBuffer buffer = device.Allocate(values.Length);
                _owned.Add(buffer);
                values.CopyTo(staging.Bytes);
                _queue.Write(buffer, 0, staging, 0, values.Length);
                _queue.Finish();
                return buffer;
            }
        }

        public void Launch() => _kernels!.Launch(_queue!, _outcomes!, _before!, _after!, _scratch, _rows);

        public void Wait() => _queue!.Finish();

        public void Dispose()
        {
            for (int i = _owned.Count - 1; i >= 0; i--) _owned[i].Dispose();
        }
    }
}

/// <summary>How fast a device did one thing.</summary>
/// <param name="Name">What, for instance <c>rows BF16 unrelated d=4096 count</c>.</param>
/// <param name="Seconds">The median time of one launch, of data that lie in the device's memory.</param>
/// <param name="Bytes">The bytes that must be read and written at least.</param>
/// <param name="Operations">The floating-point operations of its definition; 0 where they say nothing of its speed.</param>
/// <param name="Rows">Rows of a test; 0 for other work.</param>
/// <param name="CopyBytesPerSecond">What the device's memory gave to a copy, read and written, in the same run.</param>
internal sealed record PerformanceFigure(string Name, double Seconds, long Bytes, double Operations, int Rows, double CopyBytesPerSecond)
{
    /// <summary>Bytes a second.</summary>
    public double BytesPerSecond => Bytes / Seconds;

    /// <summary>The share of the copy's speed.</summary>
    public double ShareOfCopy => BytesPerSecond / CopyBytesPerSecond;

    /// <summary>Rows a second; 0 for other work.</summary>
    public double RowsPerSecond => Rows / Seconds;
}

/// <summary>Something to measure.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Bytes that a launch must read and write at least.</param>
/// <param name="Operations">Floating-point operations of a launch; 0 where they say nothing.</param>
/// <param name="Rows">Rows of a test; 0 for other work.</param>
/// <param name="Prepare">Puts everything on the device.</param>
internal sealed record PerformanceWork(string Name, long Bytes, double Operations, int Rows, PreparePerformance Prepare);

/// <summary>Puts what is measured on the device.</summary>
/// <param name="launch">Does the work once, or hands it to the device.</param>
/// <param name="wait">Waits until the device has done what it was handed.</param>
/// <returns>What gives everything back.</returns>
internal delegate IDisposable PreparePerformance(out Action launch, out Action wait);
