using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Ilgpu.Tests;

/// <summary>The row test in a program's own memory, in a context that it made with a plain builder: outcomes as of the
/// reference.</summary>
/// <remarks>On the processor, where a barrier of 256 threads takes milliseconds: few rows of each kind.</remarks>
internal sealed class KsRowTestTests : IDisposable
{
    private static readonly string[] Regimes = ["unrelated", "few-values", "infinities", "signed-zeros"];

    private Context _context = null!;
    private Accelerator _accelerator = null!;
    private KsRowTest _test = null!;

    [OneTimeSetUp]
    public void Open()
    {
        _context = Context.Create(builder => builder.CPU(new CPUDevice(32, 8, 1)).CPU(CPUDeviceKind.Default));
        _accelerator = AcceleratorOf(KsRowTest.GroupSize);
        _test = new(_accelerator);
    }

    public void Dispose()
    {
        _test.Dispose();
        _accelerator.Dispose();
        _context.Dispose();
    }

    /// <remarks>Sorting, counting in each size, and more than sorting in a group's memory takes; kinds of rows in turn, and a NaN
    /// for either kind of kernel.</remarks>
    [Test]
    public void Rows_of_every_type_and_width_have_the_outcomes_of_the_reference(
        [Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType type, [Values(1, 37, 130, 1025, 4099)] int width)
    {
        Rows rows = new(type, width, [Regimes[(width + (int)type) % Regimes.Length]], hasNaN: width is 37 or 1025);
        KsOutcome[] outcomes = Run(_test, _accelerator.DefaultStream, rows, padding: 0);
        rows.AssertSame(outcomes);
    }

    [Test]
    public void Rows_that_only_the_memory_of_the_device_holds_are_sorted_in_what_the_program_gives()
    {
        Rows rows = new(ElementType.BF16, 5000, ["constant-before"]);
        Assert.That(_test.ScratchLength(ElementType.BF16, 4096, 1), Is.Zero);
        Assert.That(_test.ScratchLength(ElementType.BF16, 5000, 1), Is.EqualTo(2 * 8192));
        rows.AssertSame(Run(_test, _accelerator.DefaultStream, rows, padding: 3));
    }

    [Test]
    public void Views_that_begin_anywhere_and_a_stream_of_the_programs_own_are_taken_and_nothing_beside_the_outcomes_is_written()
    {
        Rows rows = new(ElementType.F16, 37, Regimes);
        using AcceleratorStream stream = _accelerator.CreateStream();
        rows.AssertSame(Run(_test, stream, rows, padding: 3));
    }

    [Test]
    public void Two_accelerators_have_a_test_each_and_neither_takes_what_is_of_the_other()
    {
        using Accelerator second = AcceleratorOf(KsRowTest.GroupSize);
        using KsRowTest other = new(second);
        Rows rows = new(ElementType.F32, 64, ["scaled"]);
        rows.AssertSame(Run(other, second.DefaultStream, rows, padding: 0));
        rows.AssertSame(Run(_test, _accelerator.DefaultStream, rows, padding: 0));
        using MemoryBuffer1D<float, Stride1D.Dense> mine = _accelerator.Allocate1D<float>(64), its = second.Allocate1D<float>(64);
        using MemoryBuffer1D<KsOutcome, Stride1D.Dense> outcomes = _accelerator.Allocate1D<KsOutcome>(1);
        Assert.That(() => _test.Run(second.DefaultStream, mine.View, mine.View, 64, outcomes.View),
            Throws.ArgumentException.With.Message.Contains("stream is of another accelerator"));
        Assert.That(() => _test.Run(_accelerator.DefaultStream, mine.View, its.View, 64, outcomes.View),
            Throws.ArgumentException.With.Message.Contains("after lies in another accelerator's memory"));
    }

    /// <summary>The program's own kernel reads outcomes where they lie.</summary>
    [Test]
    public void Outcomes_are_read_by_kernels_as_by_the_host()
    {
        KsOutcome[] all = [new(0, 0), new(int.MinValue, 0), new(7, 0x3F80_0000), new(-9, 0xBF80_0000)];
        using MemoryBuffer1D<KsOutcome, Stride1D.Dense> outcomes = _accelerator.Allocate1D(all);
        using MemoryBuffer1D<float, Stride1D.Dense> read = _accelerator.Allocate1D<float>(3 * all.Length);
        var kernel = _accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<KsOutcome>, ArrayView<float>>(ReadOutcome);
        kernel(all.Length, outcomes.View, read.View);
        float[] expected = [0, 0, float.NaN, -1, 0, float.NaN, 7, 1, 1, 9, -1, -1];
        Assert.That(read.GetAsArray1D(), Is.EqualTo(expected));
    }

    [Test]
    public void No_rows_are_no_work_and_arguments_that_do_not_fit_are_refused_with_what_would()
    {
        using MemoryBuffer1D<float, Stride1D.Dense> values = _accelerator.Allocate1D<float>(5000);
        using MemoryBuffer1D<ushort, Stride1D.Dense> bits = _accelerator.Allocate1D<ushort>(64);
        using MemoryBuffer1D<KsOutcome, Stride1D.Dense> outcomes = _accelerator.Allocate1D<KsOutcome>(2);
        ArrayView<float> all = values.View, row = all.SubView(0, 64);
        ArrayView<KsOutcome> one = outcomes.View.SubView(0, 1);
        AcceleratorStream stream = _accelerator.DefaultStream;
        Assert.That(() => _test.Run(stream, default, default, 64, default), Throws.Nothing);
        Assert.Multiple(() =>
        {
            Refuses(() => _test.Run(stream, row, row, 0, one), "1 to 65536");
            Refuses(() => _test.Run(stream, row, row, 65_537, one), "1 to 65536");
            Refuses(() => _test.Run(stream, all.SubView(0, 63), row, 64, one), "before has 63 elements; 1 rows, one for each outcome");
            Refuses(() => _test.Run(stream, row, row, 64, outcomes.View), "before has 64 elements; 2 rows");
            Refuses(() => _test.Run(stream, row, default, 64, one), "after has 0 elements");
            Refuses(() => _test.Run(stream, all, all, 5000, one), "scratch has 0 elements; 1 rows of 5000 need 16384, as ScratchLength");
            Refuses(() => _test.Run(stream, ElementType.F32, bits.View, bits.View, 64, one), "type is F32");
            Assert.That(() => _test.Build(ElementType.F64, 8), Throws.TypeOf<NotSupportedException>().With.Message.Contains("F64"));
            Assert.That(() => _test.ScratchLength(ElementType.F32, 8, -1), Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }

    [Test]
    public void A_context_or_a_device_that_cannot_run_it_is_refused_with_the_reason()
    {
        using Accelerator small = AcceleratorOf(16);
        Assert.That(() => new KsRowTest(small), Throws.TypeOf<DeviceUnavailableException>()
            .With.Message.Contains("groups of 256 lanes, the accelerator has at most 16").And.Message.Contains("CPUDeviceKind.AMD"));
        Assert.That(WhyNot(builder => builder.Math(MathMode.Fast)), Does.Contain("MathMode.Fast"));
        Assert.That(WhyNot(builder => builder.Optimize(OptimizationLevel.O2)), Does.Contain("OptimizationLevel.O2"));
        Assert.That(WhyNot(builder => builder.Optimize(OptimizationLevel.O0).Assertions().PageLocking(PageLockingMode.Auto)), Is.Null);
    }

    [Test]
    public void A_disposed_test_runs_no_more_and_leaves_the_accelerator()
    {
        KsRowTest test = new(_accelerator);
        test.Build(ElementType.F32, 64);
        test.Dispose();
        test.Dispose();
        Assert.That(() => test.Build(ElementType.F32, 64), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(_accelerator.IsDisposed, Is.False);
        Assert.That(_accelerator.DefaultStream.IsDisposed, Is.False);
    }

    private static void ReadOutcome(Index1D i, ArrayView<KsOutcome> outcomes, ArrayView<float> read)
    {
        KsOutcome outcome = outcomes[i];
        read[3 * i] = outcome.Count;
        read[(3 * i) + 1] = outcome.Sign;
        read[(3 * i) + 2] = outcome.Location;
    }

    private static void Refuses(Action run, string why) =>
        Assert.That(run, Throws.InstanceOf<ArgumentException>().With.Message.Contains(why));

    private static string? WhyNot(Action<Context.Builder> settings)
    {
        using Context context = Context.Create(builder => settings(builder.CPU(CPUDeviceKind.AMD)));
        using Accelerator accelerator = context.Devices[0].CreateAccelerator(context);
        return KsRowTest.WhyNot(accelerator);
    }

    private Accelerator AcceleratorOf(int groupSize)
    {
        Accelerator accelerator = _context.Devices.Single(d => d.MaxNumThreadsPerGroup == groupSize).CreateAccelerator(_context);
        ProcessorLanes.Start(accelerator);
        return accelerator;
    }

    /// <summary>Rows in buffers that have so many elements more at either end; those of the outcomes must stay as they are.</summary>
    private static KsOutcome[] Run(KsRowTest test, AcceleratorStream stream, Rows rows, int padding)
    {
        KsOutcome untouched = new(123, 456);
        Accelerator accelerator = test.Accelerator;
        int count = rows.Count;
        using MemoryBuffer1D<KsOutcome, Stride1D.Dense> outcomes =
            accelerator.Allocate1D(Enumerable.Repeat(untouched, count + (2 * padding)).ToArray());
        using MemoryBuffer1D<uint, Stride1D.Dense> scratch =
            accelerator.Allocate1D<uint>(Math.Max(1, test.ScratchLength(rows.Type, rows.Width, count)));
        ArrayView<KsOutcome> results = outcomes.View.SubView(padding, count);
        if (rows.Type == ElementType.F32)
        {
            using MemoryBuffer1D<float, Stride1D.Dense> a = Upload<float>(rows.Before), b = Upload<float>(rows.After);
            test.Run(stream, Within<float>(a), Within<float>(b), rows.Width, results, scratch.View);
            stream.Synchronize();
        }
        else
        {
            using MemoryBuffer1D<ushort, Stride1D.Dense> a = Upload<ushort>(rows.Before), b = Upload<ushort>(rows.After);
            test.Run(stream, rows.Type, Within<ushort>(a), Within<ushort>(b), rows.Width, results, scratch.View);
            stream.Synchronize();
        }
        KsOutcome[] all = outcomes.GetAsArray1D();
        Assert.That(all[..padding].Concat(all[^padding..]), Is.All.EqualTo(untouched));
        return all[padding..(padding + count)];

        MemoryBuffer1D<T, Stride1D.Dense> Upload<T>(byte[] row) where T : unmanaged
        {
            T[] values = new T[((long)count * rows.Width) + (2 * padding)];
            MemoryMarshal.Cast<byte, T>(row).CopyTo(values.AsSpan(padding));
            return accelerator.Allocate1D(values);
        }

        ArrayView<T> Within<T>(MemoryBuffer1D<T, Stride1D.Dense> buffer) where T : unmanaged =>
            buffer.View.SubView(padding, (long)count * rows.Width);
    }

    /// <summary>A row of each kind, and perhaps one that holds a NaN.</summary>
    private sealed class Rows
    {
        private readonly int _nans;

        public Rows(ElementType type, int width, string[] regimes, bool hasNaN = false)
        {
            (Type, Width, Count) = (type, width, regimes.Length + (hasNaN ? 1 : 0));
            _nans = hasNaN ? 1 : 0;
            float[] a = new float[width], b = new float[width];
            List<byte> before = [], after = [];
            for (int row = 0; row < Count; row++)
            {
                RowRegimes.Fill(regimes[row % regimes.Length], (row * 7919) + width, a, b);
                if (row == regimes.Length) b[width / 2] = float.NaN;
                before.AddRange(RowRounding.ToBytes(a, type));
                after.AddRange(RowRounding.ToBytes(b, type));
            }
            (Before, After) = ([.. before], [.. after]);
        }

        public ElementType Type { get; }

        public int Width { get; }

        public int Count { get; }

        public byte[] Before { get; }

        public byte[] After { get; }

        public void AssertSame(KsOutcome[] outcomes)
        {
            RowMatrix before = RowMatrix.FromMemory(Before, Type, Count, Width), after = RowMatrix.FromMemory(After, Type, Count, Width);
            IEnumerable<RowResult> expected = RowScan.Run(before, after, new() { Threads = 1, Kernel = "reference" }).Rows;
            Assert.That(outcomes.Select(o => (o.Count, o.Sign, BitConverter.SingleToInt32Bits(o.Location))),
                Is.EqualTo(expected.Select(r => (r.Count, (int)r.Sign, BitConverter.SingleToInt32Bits(r.Location)))));
            Assert.That(outcomes.Count(o => o.Count == -1), Is.EqualTo(_nans));
        }
    }
}
