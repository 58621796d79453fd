using System.Numerics;
using System.Runtime.InteropServices;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Rows;

namespace KsLottery.Benchmarks;

/// <summary>Something that goes over rows and is timed.</summary>
internal interface IBenchWork
{
    /// <summary>What the figures are called: a kernel's name, or what runs it.</summary>
    string Name { get; }

    /// <summary>Works for about a given time from where the last call ended, and gives the rows per second.</summary>
    double Run(TimeSpan time);
}

/// <summary>Reads both matrices as fast as memory gives them: the limit that every kernel is held against.</summary>
internal sealed class StreamRead(BenchRows rows, int threads) : IBenchWork
{
    private readonly RowLoop _loop = new(rows, threads);

    public string Name => "stream read";

    /// <summary>The last sum; kept so that no compiler can leave the reading out.</summary>
    public ulong Sum { get; private set; }

    public double Run(TimeSpan time) => _loop.Run(time, (_, first, count) =>
    {
        ReadOnlySpan<byte> before = rows.Before.Span.Slice(first * rows.RowBytes, count * rows.RowBytes);
        ReadOnlySpan<byte> after = rows.After.Span.Slice(first * rows.RowBytes, count * rows.RowBytes);
        Sum = Add(before) + Add(after);
    });

    private static ulong Add(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<Vector<ulong>> v = MemoryMarshal.Cast<byte, Vector<ulong>>(bytes);
        Vector<ulong> a = default, b = default, c = default, d = default;
        int i = 0;
        for (; i + 4 <= v.Length; i += 4)
        {
            a += v[i];
            b += v[i + 1];
            c += v[i + 2];
            d += v[i + 3];
        }
        for (; i < v.Length; i++) a += v[i];
        return Vector.Sum(a + b + (c + d));
    }
}

/// <summary>Tests consecutive row pairs with one kernel on each thread, and nothing else.</summary>
internal sealed class KernelRows : IBenchWork
{
    private readonly BenchRows _rows;
    private readonly RowLoop _loop;
    private readonly Worker[] _workers;

    public KernelRows(BenchRows rows, string kernel, int threads)
    {
        (_rows, Name, _loop) = (rows, kernel, new RowLoop(rows, threads));
        _workers = [.. Enumerable.Range(0, threads).Select(_ => new Worker(KsRowKernels.Create(rows.Width, kernel)))];
    }

    public string Name { get; }

    public double Run(TimeSpan time) => _loop.Run(time, (worker, first, count) => _workers[worker].Test(_rows, first, count));

    /// <summary>One thread's kernel.</summary>
    private sealed class Worker(IKsRowKernel kernel)
    {
        public void Test(BenchRows rows, int first, int count)
        {
            ReadOnlySpan<byte> before = rows.Before.Span, after = rows.After.Span;
            for (int row = first; row < first + count; row++)
            {
                ReadOnlySpan<byte> a = before.Slice(row * rows.RowBytes, rows.RowBytes),
                    b = after.Slice(row * rows.RowBytes, rows.RowBytes);
                kernel.TestStored(a, b, rows.ElementType);
            }
        }
    }
}

/// <summary>Runs the whole scan, with norms and results, over as many rows as it gets through in the time.</summary>
internal sealed class ScanRows(BenchRows rows, string kernel, int threads) : IBenchWork
{
    private const int MinRows = 256;
    private int _window = Math.Min(MinRows, rows.RowCount);

    public string Name => $"scan, {kernel}";

    public double Run(TimeSpan time)
    {
        RowScanOptions options = new() { Kernel = kernel, Threads = threads };
        long started = System.Diagnostics.Stopwatch.GetTimestamp(), done = 0;
        while (true)
        {
            // A scan takes all rows that it is given; a slow kernel is given fewer, or it would hold up the others.
            RowScan.Run(rows.BeforeMatrix(_window), rows.AfterMatrix(_window), options);
            done += _window;
            TimeSpan elapsed = System.Diagnostics.Stopwatch.GetElapsedTime(started);
            double rate = done / elapsed.TotalSeconds;
            _window = (int)Math.Clamp(rate * time.TotalSeconds, Math.Min(MinRows, rows.RowCount), rows.RowCount);
            if (elapsed >= time * 0.9) return rate;
        }
    }
}
