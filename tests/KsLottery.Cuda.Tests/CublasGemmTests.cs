using System.Runtime.InteropServices;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;
using KsLottery.Kernels;
using KsLottery.Kernels.Language;
using KsLottery.Tests.Support;

namespace KsLottery.Cuda.Tests;

/// <summary>How products are put to cuBLAS, over a stand-in that computes them column-major as the real one does.</summary>
[NonParallelizable]
public sealed unsafe class CublasGemmTests
{
    private static readonly Lazy<(string? Path, string Reason)> Built = new(() => FakeCuda.Compile("fake_cublas.c"));

    private static readonly KernelDefinition[] Kernels =
    [
        TestKernels.Define(nameof(BFloat16Kernels.SplitToBFloat16), "",
            new("terms", KernelType.U16, true), new("source", KernelType.F32, true)),
        TestKernels.Define(nameof(BFloat16Kernels.RoundToBFloat16), "",
            new("destination", KernelType.U16, true), new("source", KernelType.F32, true)),
        TestKernels.Define("Widen_F16", "", new("destination", KernelType.F32, true), new("source", KernelType.U16, true)),
        TestKernels.Define("Widen_BF16", "", new("destination", KernelType.F32, true), new("source", KernelType.U16, true)),
    ];

    [Test]
    public void Products_are_row_major_in_every_form(
        [Values] bool transposeA, [Values] bool transposeB, [Values] bool accumulate, [Values("F32", "F16", "BF16")] string type)
    {
        using Bench bench = new(major: 8);
        using CublasGemm gemm = bench.Open();
        const int M = 5, N = 7, K = 11;
        float[] a = Bench.Numbers(M * K, 0), b = Bench.Numbers(N * K, 1), c = Bench.Numbers(M * N, 2);
        ElementType stored = Enum.Parse<ElementType>(type);
        float[] actual = bench.Multiply(gemm, c, a, b, stored, M, N, K, transposeA, transposeB, accumulate);
        float[] weights = Array.ConvertAll(b, x => Stored(x, stored));
        for (int i = 0; i < M; i++)
            for (int j = 0; j < N; j++)
            {
                double expected = accumulate ? c[(i * N) + j] : 0;
                for (int p = 0; p < K; p++)
                    expected += (double)a[transposeA ? (p * M) + i : (i * K) + p] * weights[transposeB ? (j * K) + p : (p * N) + j];
                Assert.That(actual[(i * N) + j], Is.EqualTo(expected).Within(5e-7 * K), $"element {i}, {j}");
            }
    }

    [TestCase(8, false, "BF16", 3), TestCase(8, true, "BF16", 1), TestCase(7, false, "BF16", 1), TestCase(8, false, "F32", 1),
        TestCase(8, false, "F16", 1)]
    public void As_many_products_are_put_as_the_first_factor_has_terms(int major, bool isRounded, string type, int calls)
    {
        using Bench bench = new(major);
        using CublasGemm gemm = bench.Open(isRounded);
        _ = Calls();
        bench.Multiply(gemm, new float[4], [1, 2, 3, 4], [1, 0, 0, 1], Enum.Parse<ElementType>(type), 2, 2, 2, false, false, false);
        Assert.That(Calls(), Is.EqualTo(calls));
    }

    [Test]
    public void Long_sums_are_taken_in_pieces([Values] bool transposeA, [Values] bool transposeB)
    {
        using Bench bench = new(major: 8);
        using CublasGemm gemm = bench.Open();
        const int M = 3, N = 5, K = (2 * CublasGemm.PieceLength) + 7;
        float[] a = Bench.Numbers(M * K, 0), b = Array.ConvertAll(Bench.Numbers(N * K, 1), x => Stored(x, ElementType.BF16)),
            c = Bench.Numbers(M * N, 2);
        _ = Calls();
        float[] actual = bench.Multiply(gemm, c, a, b, ElementType.BF16, M, N, K, transposeA, transposeB, accumulate: true);
        Assert.That(Calls(), Is.EqualTo(9));
        for (int i = 0; i < M; i++)
            for (int j = 0; j < N; j++)
            {
                double expected = c[(i * N) + j];
                for (int p = 0; p < K; p++)
                    expected += (double)a[transposeA ? (p * M) + i : (i * K) + p] * b[transposeB ? (j * K) + p : (p * N) + j];
                Assert.That(actual[(i * N) + j], Is.EqualTo(expected).Within(1e-5), $"element {i}, {j}");
            }
    }

    [Test]
    public void A_library_that_does_not_work_on_the_device_is_passed_over_unless_it_was_asked_for()
    {
        CublasInterop library = Library();
        var setUnusable = (delegate* unmanaged<int, void>)Find("fake_unusable");
        setUnusable(1);
        try
        {
            using (CudaDevice device = new(FakeCuda.Start(), "cuda:0", 0, _ => "", library))
            {
                int live = FakeCuda.LiveObjects;
                Assert.That((device.Gemm, FakeCuda.LiveObjects), Is.EqualTo(((IDeviceGemm?)null, live)));
            }
            using Setting setting = new("cublas");
            using (CudaDevice device = new(FakeCuda.Start(), "cuda:0", 0, _ => "", library)) Assert.That(device.Gemm?.Name,
                Is.EqualTo("cublas"));
        }
        finally
        {
            setUnusable(0);
        }
    }

    [TestCase(13, new[] { 13, 12, 11 }), TestCase(12, new[] { 12, 11, 13 }), TestCase(11, new[] { 11, 13, 12 })]
    public void A_library_that_is_newer_than_the_driver_is_tried_last(int driver, int[] versions) =>
        Assert.That(CublasInterop.VersionsFor(driver), Is.EqualTo(versions));

    [Test]
    public void A_queue_that_ends_gives_its_handle_back_before_its_stream()
    {
        int before = Handles();
        using CudaDevice device = new(FakeCuda.Start(major: 8), "cuda:0", 0, _ => "", Library());
        CudaQueue queue = (CudaQueue)device.CreateQueue();
        using DeviceBuffer one = device.Allocate(4);
        DeviceMatrix matrix = new(one, 0, ElementType.F32);
        device.Gemm!.Multiply(queue, matrix, matrix, matrix, 1, 1, 1, false, false, false);
        Assert.That(Handles(), Is.EqualTo(before + 1));
        queue.Dispose();
        Assert.That(Handles(), Is.EqualTo(before));
    }

    [Test]
    public void One_term_is_named_apart_and_as_exact_as_its_eight_bits()
    {
        using Bench bench = new(major: 9);
        using CublasGemm exact = bench.Open(), rounded = bench.Open(isRounded: true);
        Assert.That((exact.Name, rounded.Name), Is.EqualTo(("cublas", "cublas-bf16")));
        float[] a = [1 + (1 / 1024f)], one = [1];
        Assert.That(bench.Multiply(exact, [0], a, one, ElementType.BF16, 1, 1, 1, false, false, false), Is.EqualTo(a));
        Assert.That(bench.Multiply(rounded, [0], a, one, ElementType.BF16, 1, 1, 1, false, false, false), Is.EqualTo(one));
    }

    [Test]
    public void A_product_without_terms_clears_or_keeps_its_target()
    {
        using Bench bench = new(major: 8);
        using CublasGemm gemm = bench.Open();
        Assert.That(bench.Multiply(gemm, [1, 2], [], [], ElementType.F32, 1, 2, 0, false, false, true), Is.EqualTo(new float[] { 1, 2 }));
        Assert.That(bench.Multiply(gemm, [1, 2], [], [], ElementType.F32, 1, 2, 0, false, false, false), Is.EqualTo(new float[2]));
    }

    [Test]
    public void A_product_that_fails_names_the_call_and_the_way_out()
    {
        using Bench bench = new(major: 8);
        using CublasGemm gemm = bench.Open();
        ((delegate* unmanaged<int, void>)Find("fake_fail_next"))(13);
        DeviceFailureException error = Assert.Throws<DeviceFailureException>(() =>
            bench.Multiply(gemm, [0], [1], [1], ElementType.F32, 1, 1, 1, false, false, false))!;
        Assert.That(error.Message, Does.Contain("cublasSgemm_v2 returned CUBLAS_STATUS_EXECUTION_FAILED (13)").And
            .Contain("KSLOTTERY_GEMM=own"));
        Assert.That(FakeCuda.Depth, Is.Zero);
    }

    [Test]
    public void Handles_and_rooms_are_given_back()
    {
        int before = Handles();
        using (Bench bench = new(major: 8))
        {
            int live = FakeCuda.LiveObjects;
            using (CublasGemm gemm = bench.Open())
            {
                bench.Multiply(gemm, new float[4], [1, 2, 3, 4], [1, 0, 0, 1], ElementType.BF16, 2, 2, 2, false, false, false);
                bench.Multiply(gemm, new float[4], [1, 2, 3, 4], [1, 0, 0, 1], ElementType.F16, 2, 2, 2, false, false, false);
                Assert.That(Handles(), Is.EqualTo(before + 1));
            }
            // The four kernels stay with the device: two were compiled.
            Assert.That((Handles(), FakeCuda.LiveObjects), Is.EqualTo((before, live + 2)));
        }
    }

    [TestCase("own", false), TestCase("clblast", false), TestCase("cublas", true), TestCase("cublas-bf16", true), TestCase("auto", true),
        TestCase("openblas", true)]
    public void The_environment_chooses_who_multiplies(string choice, bool isThere)
    {
        using Setting setting = new(choice);
        using CudaDevice device = new(FakeCuda.Start(), "cuda:0", 0, _ => "", Library());
        Assert.That(device.Gemm?.Name, Is.EqualTo(isThere ? choice == "cublas-bf16" ? choice : "cublas" : null));
    }

    [Test]
    public void A_missing_library_is_said_only_where_it_was_asked_for()
    {
        CublasInterop none = new(["libnothing-of-this-name.so.12"]);
        using (CudaDevice device = new(FakeCuda.Start(), "cuda:0", 0, _ => "", none)) Assert.That(device.Gemm, Is.Null);
        using Setting setting = new("cublas");
        Assert.That(Assert.Throws<DeviceUnavailableException>(() => new CudaDevice(FakeCuda.Start(), "cuda:0", 0, _ => "", none))!.Message,
            Does.Contain("libnothing-of-this-name.so.12: cannot be loaded").And.Contain("KSLOTTERY_GEMM"));
        Environment.SetEnvironmentVariable("KSLOTTERY_GEMM", "cubals");
        Assert.That(Assert.Throws<ArgumentException>(() => new CudaDevice(FakeCuda.Start(), "cuda:0", 0, _ => "", none))!.Message,
            Does.Contain("cubals").And.Contain("cublas-bf16"));
    }

    private static float Stored(float value, ElementType type) => type switch
    {
        ElementType.F16 => (float)(Half)value,
        ElementType.BF16 => HalfPrecision.FromBFloat16(HalfPrecision.ToBFloat16(value)),
        _ => value,
    };

    private static CublasInterop Library()
    {
        if (Built.Value.Path is null) Assert.Ignore(Built.Value.Reason);
        return new([Built.Value.Path!]);
    }

    private static nint Find(string name) => NativeLibrary.GetExport(NativeLibrary.Load(Built.Value.Path!), name);

    private static int Calls() => ((delegate* unmanaged<int>)Find("fake_calls"))();

    private static int Handles()
    {
        Library();
        return ((delegate* unmanaged<int>)Find("fake_handles"))();
    }

    /// <summary>Runs a kernel of two views as plain C#, on the memory that the launch names.</summary>
    private static void OnHost<TTo, TFrom>(void** parameters, uint groups, uint groupSize, Action<ArrayView<TTo>, ArrayView<TFrom>> kernel)
        where TTo : unmanaged where TFrom : unmanaged
    {
        Span<byte> to = new(*(TTo**)parameters[0] + *(long*)parameters[1], (int)*(long*)parameters[2] * sizeof(TTo)),
            from = new(*(TFrom**)parameters[3] + *(long*)parameters[4], (int)*(long*)parameters[5] * sizeof(TFrom));
        byte[] target = to.ToArray(), source = from.ToArray();
        long targets = to.Length / sizeof(TTo), sources = from.Length / sizeof(TFrom);
        SimulatedGrid.Run((int)groups, (int)groupSize, () =>
            kernel(SimulatedGrid.View<TTo>(target, 0, targets), SimulatedGrid.View<TFrom>(source, 0, sources)));
        target.CopyTo(to);
    }

    [UnmanagedCallersOnly]
    private static void Split(void** parameters, uint groups, uint size) =>
    OnHost<ushort, float>(parameters, groups, size, BFloat16Kernels.SplitToBFloat16);

    [UnmanagedCallersOnly]
    private static void Round(void** parameters, uint groups, uint size) =>
    OnHost<ushort, float>(parameters, groups, size, BFloat16Kernels.RoundToBFloat16);

    [UnmanagedCallersOnly]
    private static void WidenHalf(void** parameters, uint groups, uint size) =>
    OnHost<float, ushort>(parameters, groups, size, MemoryKernels.Widen<ushort, F16>);

    [UnmanagedCallersOnly]
    private static void WidenBFloat(void** parameters, uint groups, uint size) =>
    OnHost<float, ushort>(parameters, groups, size, MemoryKernels.Widen<ushort, BF16>);

    private sealed class Setting : IDisposable
    {
        private readonly string? _before = Environment.GetEnvironmentVariable("KSLOTTERY_GEMM");

        public Setting(string value) => Environment.SetEnvironmentVariable("KSLOTTERY_GEMM", value);

        public void Dispose() => Environment.SetEnvironmentVariable("KSLOTTERY_GEMM", _before);
    }

    private sealed class Bench : IDisposable
    {
        private readonly CudaDevice _device;
        private readonly DeviceQueue _queue;

        public Bench(int major)
        {
            Library();
            _device = new(FakeCuda.Start(major: major), "cuda:0", 0, Text);
            _queue = _device.CreateQueue();
            FakeCuda.Register(nameof(BFloat16Kernels.SplitToBFloat16), &Split);
            FakeCuda.Register(nameof(BFloat16Kernels.RoundToBFloat16), &Round);
            FakeCuda.Register("Widen_F16", &WidenHalf);
            FakeCuda.Register("Widen_BF16", &WidenBFloat);
        }

        public CublasGemm Open(bool isRounded = false) => new(Library(), _device, isRounded, name => Kernels.First(k => k.Name == name));

        public static float[] Numbers(int count, int seed)
        {
            System.Random random = new(seed);
            return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        }

        public float[] Multiply(CublasGemm gemm, float[] c, float[] a, float[] b, ElementType type, int m, int n, int k,
            bool transposeA, bool transposeB, bool accumulate)
        {
            // Each matrix lies behind three elements that are not its own.
            const int Gap = 3;
            byte[] weights = RowRounding.ToBytes(b, type);
            int weightBytes = type == ElementType.F32 ? 4 : 2;
            using DeviceBuffer left = Put(MemoryMarshal.AsBytes(a.AsSpan()), Gap * 4), right = Put(weights, Gap * weightBytes),
                target = Put(MemoryMarshal.AsBytes(c.AsSpan()), Gap * 4);
            gemm.Multiply(_queue, new(target, Gap, ElementType.F32), new(left, Gap, ElementType.F32), new(right, Gap, type), m, n, k,
                transposeA, transposeB, accumulate);
            using StagingBuffer staging = _device.AllocateStaging((c.Length + Gap) * sizeof(float));
            _queue.Read(staging, 0, target, 0, staging.ByteLength);
            _queue.Finish();
            return MemoryMarshal.Cast<byte, float>(staging.Bytes)[Gap..].ToArray();
        }

        public void Dispose()
        {
            _queue.Dispose();
            _device.Dispose();
        }

        private DeviceBuffer Put(ReadOnlySpan<byte> bytes, int start)
        {
            DeviceBuffer buffer = _device.Allocate(start + bytes.Length);
            using StagingBuffer staging = _device.AllocateStaging(bytes.Length);
            bytes.CopyTo(staging.Bytes);
            _queue.Write(buffer, start, staging, 0, bytes.Length);
            _queue.Finish();
            return buffer;
        }

        private static string Text(KernelDefinition kernel) => $".visible .entry {kernel.Name}(\n"
            + string.Join(",\n", Enumerable.Range(0, 3 * kernel.Parameters.Count).Select(i => $".param .u64 {kernel.Name}_param_{i}"))
            + ")\n{ ret; }\n";
    }
}
