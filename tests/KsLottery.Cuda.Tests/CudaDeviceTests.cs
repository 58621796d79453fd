using System.Runtime.InteropServices;
using KsLottery.Engine;
using KsLottery.Engine.Devices;
using KsLottery.Kernels;
using KsLottery.Tests.Support;

namespace KsLottery.Cuda.Tests;

/// <summary>The managed side of CUDA, over a driver that has no device but keeps a real one's rules.</summary>
[NonParallelizable]
public sealed unsafe class CudaDeviceTests
{
    private const string ScalePtx = """
        .version 6.0
        .target sm_70
        .visible .entry Scale(
            .param .u64 Scale_param_0, .param .u64 Scale_param_1, .param .u64 Scale_param_2,
            .param .f32 Scale_param_3, .param .u32 Scale_param_4, .param .u64 Scale_param_5, .param .f64 Scale_param_6)
        { ret; }
        """;

    private static readonly KernelDefinition Scale = TestKernels.Define("Scale", "",
        new("values", KernelType.F32, true), new("factor", KernelType.F32, false), new("count", KernelType.I32, false),
        new("offset", KernelType.I64, false), new("bias", KernelType.F64, false));

    [Test]
    public void Bytes_go_there_and_back_through_pinned_memory()
    {
        using CudaDevice device = Open();
        using DeviceBuffer buffer = device.Allocate(1000), other = device.Allocate(500);
        using StagingBuffer up = device.AllocateStaging(300), down = device.AllocateStaging(300);
        using DeviceQueue queue = device.CreateQueue();
        new System.Random(1).NextBytes(up.Bytes);
        queue.Write(buffer, 700, up, 20, 280);
        queue.Copy(other, 16, buffer, 704, 200);
        queue.Clear(other, 20, 8);
        queue.Read(down, 10, other, 16, 200);
        queue.Flush();
        queue.Finish();
        byte[] expected = up.Bytes.Slice(24, 200).ToArray();
        expected.AsSpan(4, 8).Clear();
        Assert.That(down.Bytes.Slice(10, 200).ToArray(), Is.EqualTo(expected));
        Assert.That(FakeCuda.Log, Does.Contain("cuMemHostAlloc 300 1").And.Contain("cuStreamCreate 1").And.Contain("cuMemsetD32Async 0 2"));
    }

    [Test]
    public void Ranges_that_leave_a_buffer_never_reach_the_driver()
    {
        using CudaDevice device = Open();
        using DeviceBuffer buffer = device.Allocate(100);
        using StagingBuffer staging = device.AllocateStaging(200);
        using DeviceQueue queue = device.CreateQueue();
        string before = FakeCuda.Log;
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Write(buffer, 50, staging, 0, 51));
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Write(buffer, 0, staging, 150, 51));
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Read(staging, 0, buffer, -1, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Copy(buffer, 60, buffer, 0, 50));
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Clear(buffer, 96, 8));
        Assert.Throws<ArgumentException>(() => queue.Clear(buffer, 2, 8));
        queue.Write(buffer, 100, staging, 0, 0);
        Assert.That(FakeCuda.Log, Is.EqualTo(before));
    }

    [Test]
    public void A_launch_packs_views_and_numbers_as_the_C_function_takes_them()
    {
        using CudaDevice device = Open();
        using DeviceBuffer buffer = device.Allocate(4096);
        using DeviceQueue queue = device.CreateQueue();
        queue.Launch(Scale, 5, KernelArgument.View(buffer, 7, 1000), 2.5f, -3, -1L << 40, 0.1);
        byte[] bytes = FakeCuda.Parameters;
        Assert.That(bytes, Has.Length.EqualTo(3 * 8 + 4 + 4 + 8 + 8));
        Assert.That(MemoryMarshal.Read<ulong>(bytes), Is.EqualTo(((CudaBuffer)buffer).Memory.Address));
        Assert.That((MemoryMarshal.Read<long>(bytes.AsSpan(8)), MemoryMarshal.Read<long>(bytes.AsSpan(16))), Is.EqualTo((7L, 1000L)));
        Assert.That((MemoryMarshal.Read<float>(bytes.AsSpan(24)), MemoryMarshal.Read<int>(bytes.AsSpan(28))), Is.EqualTo((2.5f, -3)));
        Assert.That((MemoryMarshal.Read<long>(bytes.AsSpan(32)), MemoryMarshal.Read<double>(bytes.AsSpan(40))),
            Is.EqualTo((-1L << 40, 0.1)));
        Assert.That(FakeCuda.Log, Does.Contain("cuLaunchKernel Scale 5,1,1 64,1,1 0"));

        queue.Launch(Scale, 1, KernelArgument.View(null, 0, 0), 0f, 0, 0L, 0.0);
        Assert.That(FakeCuda.Parameters.Take(24), Is.All.Zero);
        Assert.That(FakeCuda.Calls.Count(c => c == "cuModuleLoadDataEx"), Is.EqualTo(1), "a kernel is compiled once");
        queue.Launch(Scale, 0, KernelArgument.View(null, 0, 0), 0f, 0, 0L, 0.0);
        Assert.That(FakeCuda.Calls.Count(c => c == "cuLaunchKernel"), Is.EqualTo(2), "no groups, no launch");
    }

    [Test]
    public void A_kernel_reads_and_writes_the_buffers_that_it_is_given()
    {
        using CudaDevice device = Open();
        FakeCuda.Register("Scale", &ScaleOnHost);
        using DeviceBuffer buffer = device.Allocate(64 * sizeof(float));
        using StagingBuffer staging = device.AllocateStaging(64 * sizeof(float));
        Span<float> values = MemoryMarshal.Cast<byte, float>(staging.Bytes);
        for (int i = 0; i < values.Length; i++) values[i] = i;
        using DeviceQueue queue = device.CreateQueue();
        queue.Write(buffer, 0, staging, 0, staging.ByteLength);
        queue.Launch(Scale, 1, KernelArgument.View(buffer, 10, 20), 3f, 0, 0L, 0.5);
        queue.Read(staging, 0, buffer, 0, staging.ByteLength);
        queue.Finish();
        Assert.That(MemoryMarshal.Cast<byte, float>(staging.Bytes).ToArray(),
            Is.EqualTo(Enumerable.Range(0, 64).Select(i => i is >= 10 and < 30 ? (3f * i) + 0.5f : i)));
    }

    [Test]
    public void Everything_is_given_back_in_whatever_order_and_on_whatever_thread()
    {
        int live, retained;
        CudaDevice device = Open();
        (live, retained) = (FakeCuda.LiveObjects, FakeCuda.RetainedContexts);
        DeviceBuffer buffer = device.Allocate(10);
        StagingBuffer staging = device.AllocateStaging(10);
        DeviceQueue queue = device.CreateQueue();
        queue.Build(Scale);
        Assert.That(FakeCuda.LiveObjects, Is.EqualTo(live + 4));
        device.Dispose();
        Assert.That((FakeCuda.LiveObjects, FakeCuda.RetainedContexts), Is.EqualTo((live + 3, retained)),
            "what was not disposed keeps the context");
        Thread thread = new(() =>
        {
            buffer.Dispose();
            staging.Dispose();
        });
        thread.Start();
        thread.Join();
        queue.Dispose();
        queue.Dispose();
        Assert.That((FakeCuda.LiveObjects, FakeCuda.RetainedContexts), Is.EqualTo((live, retained - 1)));
        string[] calls = FakeCuda.Calls;
        Assert.That(calls[Array.IndexOf(calls, "cuMemFree_v2") - 1], Is.EqualTo("cuCtxSynchronize"),
            "queued work may still use the memory");
        Assert.That(calls[^1], Is.EqualTo("cuDevicePrimaryCtxRelease_v2"));
        Assert.Throws<ObjectDisposedException>(() => queue.Finish());
        Assert.Throws<ObjectDisposedException>(() => staging.Bytes.Clear());
        Assert.Throws<ObjectDisposedException>(() => device.Allocate(1));
    }

    [Test]
    public void No_call_leaves_its_context_behind_on_a_thread()
    {
        using CudaDevice device = Open();
        using (DeviceBuffer buffer = device.Allocate(64))
        using (DeviceQueue queue = device.CreateQueue())
        {
            queue.Clear(buffer, 0, 64);
            FakeCuda.Fail("cuMemsetD32Async", 1);
            Assert.Throws<DeviceFailureException>(() => queue.Clear(buffer, 0, 64));
            FakeCuda.Fail("cuModuleLoadDataEx", 218);
            Assert.Throws<DeviceFailureException>(() => queue.Build(Scale));
        }
        Assert.That(FakeCuda.Depth, Is.Zero);
    }

    [Test]
    public void A_full_memory_says_how_much_was_asked_for_and_how_much_is_left()
    {
        using CudaDevice device = Open(memory: 1 << 20);
        using DeviceBuffer buffer = device.Allocate(1 << 19);
        DeviceFailureException error = Assert.Throws<DeviceFailureException>(() => device.Allocate((1 << 19) + 1))!;
        Assert.That((error.Device, error.Call, error.Status), Is.EqualTo(("cuda:0", "cuMemAlloc_v2", "CUDA_ERROR_OUT_OF_MEMORY (2)")));
        Assert.That(error.Message, Does.Contain("524289 bytes were asked for").And.Contain("524288 of 1048576 bytes left").And
            .Contain(Remedy.UseDevice.For("cpu")));
        device.Allocate(1 << 19).Dispose();
    }

    [Test]
    public void A_lost_device_ends_each_call_with_the_cause()
    {
        CudaDevice device = Open();
        DeviceBuffer buffer = device.Allocate(64);
        DeviceQueue queue = device.CreateQueue();
        FakeCuda.Fail("cuStreamSynchronize", 700);
        DeviceFailureException error = Assert.Throws<DeviceFailureException>(() => queue.Finish())!;
        Assert.That(error.Message, Does.Contain("cuStreamSynchronize").And.Contain("CUDA_ERROR_ILLEGAL_ADDRESS (700)").And
            .Contain("context is lost"));
        Assert.That(Assert.Throws<DeviceFailureException>(() => queue.Clear(buffer, 0, 64))!.Call, Is.EqualTo("cuMemsetD32Async"));
        Assert.DoesNotThrow(() =>
        {
            buffer.Dispose();
            queue.Dispose();
            device.Dispose();
        });
        FakeCuda.Start();
    }

    [Test]
    public void A_kernel_that_the_driver_refuses_ends_with_the_compilers_own_words()
    {
        using CudaDevice device = Open(text: _ => ".version 6.0\n");
        using DeviceQueue queue = device.CreateQueue();
        DeviceFailureException error = Assert.Throws<DeviceFailureException>(() => queue.Build(Scale))!;
        Assert.That(error.Message, Does.Contain("CUDA_ERROR_INVALID_PTX (218)").And.Contain("kernel Scale").And
            .Contain("ptxas fatal : no entry"));
    }

    [TestCase("cuModuleLoadDataEx", 2, "memory is used up"), TestCase("cuModuleLoadDataEx", 221, "is not there"),
        TestCase("cuModuleGetFunction", 2, "memory is used up")]
    public void What_goes_wrong_while_a_kernel_is_loaded_is_not_blamed_on_its_text(string call, int status, string cause)
    {
        using CudaDevice device = Open();
        using DeviceQueue queue = device.CreateQueue();
        FakeCuda.Fail(call, status);
        Assert.That(Assert.Throws<DeviceFailureException>(() => queue.Build(Scale))!.Message, Does.Contain(call).And.Contain(cause)
            .And.Not.Contain("refused the kernel").And.Not.Contain("no kernel"));
    }

    [Test]
    public void Flushing_takes_work_that_is_not_done_for_no_failure()
    {
        using CudaDevice device = Open();
        using DeviceQueue queue = device.CreateQueue();
        Assert.DoesNotThrow(queue.Flush);
        Assert.That(FakeCuda.Calls, Does.Contain("cuStreamQuery"));
        FakeCuda.Fail("cuStreamQuery", 1);
        Assert.Throws<DeviceFailureException>(queue.Flush);
    }

    [Test]
    public void A_text_without_the_kernel_is_unloaded_again()
    {
        using CudaDevice device = Open(text: _ => ScalePtx.Replace("Scale", "Other", StringComparison.Ordinal));
        using DeviceQueue queue = device.CreateQueue();
        Assert.That(Assert.Throws<DeviceFailureException>(() => queue.Build(Scale))!.Message,
            Does.Contain("cuModuleGetFunction").And.Contain("no kernel Scale"));
        Assert.That(FakeCuda.Calls, Does.Contain("cuModuleUnload"));
    }

    [Test]
    public void A_kernel_beyond_the_devices_limits_is_not_compiled()
    {
        using CudaDevice device = Open();
        using DeviceQueue queue = device.CreateQueue();
        DeviceFailureException error = Assert.Throws<DeviceFailureException>(() => queue.Build(Scale with { SharedBytes = 49153 }))!;
        Assert.That(error.Message, Does.Contain("49153 bytes of shared memory").And.Contain("49152"));
    }

    [Test]
    public void Devices_are_listed_with_what_they_are()
    {
        CudaInterop cuda = FakeCuda.Start(devices: 2, major: 9, memory: 80L << 30);
        IReadOnlyList<DeviceInfo> devices = new CudaProvider(new Lazy<CudaInterop>(cuda)).Probe();
        Assert.That(devices.Select(d => (d.Name, d.IsAvailable)), Is.EqualTo(new[] { ("cuda:0", true), ("cuda:1", true) }));
        Assert.That(devices[1].Description,
            Is.EqualTo("Fake 1, compute capability 9.0, 3 multiprocessors, 80.0 GiB, driver for CUDA 12.4"));
        using KernelDevice device = new CudaProvider(new Lazy<CudaInterop>(cuda)).Open(devices[1]);
        Assert.That(device.Limits, Is.EqualTo(new DeviceLimits(80L << 30, 80L << 30, 48 << 10, 1024, 3, true, false)));
    }

    [Test]
    public void An_older_device_is_listed_with_the_reason()
    {
        DeviceInfo device = new CudaProvider(new Lazy<CudaInterop>(FakeCuda.Start(major: 6, minor: 1))).Probe().Single();
        Assert.That(device.Reason, Does.Contain("compute capability 6.1").And.Contain("7.0"));
        Assert.That(device.NextStep, Does.Contain("opencl:0"));
    }

    [Test]
    public void A_driver_without_devices_or_that_does_not_start_is_data()
    {
        Assert.That(Probe(FakeCuda.Start(devices: 0)).Reason, Is.EqualTo("the driver finds no device"));
        FakeCuda.Start();
        FakeCuda.Fail("cuInit", 100);
        Assert.That(Probe(new CudaInterop([FakeCuda.LibraryPath])).Reason, Does.Contain("cuInit returned CUDA_ERROR_NO_DEVICE (100)"));

        DeviceInfo none = Probe(new CudaInterop(["libnothing-of-this-name.so.1"]));
        Assert.That((none.Name, none.IsAvailable), Is.EqualTo(("cuda", false)));
        Assert.That(none.Reason, Is.EqualTo("no CUDA driver: libnothing-of-this-name.so.1: cannot be loaded"));
        Assert.That(none.NextStep, Does.Contain("Install").And.Contain(Remedy.UseDevice.For("cpu")).And.Contain(CudaInterop.Variable));
        Assert.That(Probe(new CudaInterop(["libc.so.6"])).Reason, Is.EqualTo("no CUDA driver: libc.so.6: has no cuGetErrorName"));

        static DeviceInfo Probe(CudaInterop cuda) => new CudaProvider(new Lazy<CudaInterop>(cuda)).Probe().Single();
    }

    private static CudaDevice Open(long memory = 1 << 30, Func<KernelDefinition, string>? text = null) =>
        new(FakeCuda.Start(memory: memory), "cuda:0", 0, text ?? (_ => ScalePtx));

    [UnmanagedCallersOnly]
    private static void ScaleOnHost(void** parameters, uint groups, uint groupSize)
    {
        Span<float> view = new(*(float**)parameters[0] + *(long*)parameters[1], (int)*(long*)parameters[2]);
        foreach (ref float value in view) value = (*(float*)parameters[3] * value) + (float)*(double*)parameters[6];
    }
}
