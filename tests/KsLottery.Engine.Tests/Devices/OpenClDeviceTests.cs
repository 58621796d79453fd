using System.Runtime.InteropServices;
using KsLottery.Engine.Devices;
using KsLottery.Kernels;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Devices;

/// <summary>What an OpenCL device does around kernels, on the first one that is installed.</summary>
public sealed class OpenClDeviceTests
{
    [Test]
    public void Rows_of_4096_are_sorted_in_the_shared_memory_that_every_OpenCL_device_has([Values("F32", "F16", "BF16")] string type) =>
        Assert.That(KernelCatalog.Get($"KsSort_{type}_Rows4096").SharedBytes, Is.EqualTo(32 << 10));

    [Test]
    public void Bytes_go_there_and_back_at_odd_places([Values(0, 1, 3, 7, 4093)] int start, [Values(1, 2, 5, 1021)] int bytes)
    {
        using OpenClDevice device = Open();
        using DeviceBuffer buffer = device.Allocate(6000), other = device.Allocate(6000);
        using StagingBuffer up = device.AllocateStaging(3000), down = device.AllocateStaging(3000);
        using DeviceQueue queue = device.CreateQueue();
        new System.Random(start + bytes).NextBytes(up.Bytes);
        down.Bytes.Fill(0xEE);
        queue.Write(buffer, start, up, 11, bytes);
        queue.Copy(other, start + 1, buffer, start, bytes);
        queue.Read(down, 5, other, start + 1, bytes);
        queue.Finish();
        Assert.That(down.Bytes.Slice(5, bytes).ToArray(), Is.EqualTo(up.Bytes.Slice(11, bytes).ToArray()));
        Assert.That((down.Bytes[4], down.Bytes[5 + bytes]), Is.EqualTo(((byte)0xEE, (byte)0xEE)));
    }

    [Test]
    public void Words_become_zero_and_their_neighbours_stay()
    {
        using OpenClDevice device = Open();
        using DeviceBuffer buffer = device.Allocate(64);
        using StagingBuffer staging = device.AllocateStaging(64);
        using DeviceQueue queue = device.CreateQueue();
        staging.Bytes.Fill(0xFF);
        queue.Write(buffer, 0, staging, 0, 64);
        queue.Clear(buffer, 12, 8);
        queue.Clear(buffer, 64, 0);
        queue.Read(staging, 0, buffer, 0, 64);
        queue.Finish();
        byte[] expected = [.. Enumerable.Repeat((byte)0xFF, 64)];
        expected.AsSpan(12, 8).Clear();
        Assert.That(staging.Bytes.ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public void Views_and_numbers_reach_the_kernel_as_they_were_given()
    {
        using OpenClDevice device = Open();
        using DeviceBuffer from = device.Allocate(400), to = device.Allocate(400);
        using StagingBuffer staging = device.AllocateStaging(400);
        using DeviceQueue queue = device.CreateQueue();
        Span<float> values = MemoryMarshal.Cast<byte, float>(staging.Bytes);
        for (int i = 0; i < values.Length; i++) values[i] = i;
        queue.Write(from, 0, staging, 0, 400);
        queue.Clear(to, 0, 400);
        queue.Launch(TestKernels.Scale, 2, KernelArgument.View(to, 10, 70), KernelArgument.View(from, 3, 67), 2.5f, -3, -1L << 20, 7u);
        queue.Read(staging, 0, to, 0, 400);
        queue.Finish();
        float[] expected = new float[100];
        for (int i = 0; i < 70; i++) expected[10 + i] = i < 67 ? ((3 + i) * 2.5f) - 3 : (-1L << 20) + 7;
        Assert.That(MemoryMarshal.Cast<byte, float>(staging.Bytes).ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public void A_view_of_nothing_needs_no_buffer()
    {
        using OpenClDevice device = Open();
        using DeviceBuffer to = device.Allocate(8);
        using StagingBuffer staging = device.AllocateStaging(8);
        using DeviceQueue queue = device.CreateQueue();
        queue.Launch(TestKernels.Scale, 1, KernelArgument.View(to, 0, 2), KernelArgument.View(null, 0, 0), 1f, 0, 40L, 2u);
        queue.Launch(TestKernels.Scale, 0, KernelArgument.View(to, 0, 2), KernelArgument.View(null, 0, 0), 1f, 0, 0L, 0u);
        queue.Read(staging, 0, to, 0, 8);
        queue.Finish();
        Assert.That(MemoryMarshal.Cast<byte, float>(staging.Bytes).ToArray(), Is.EqualTo(new[] { 42f, 42f }));
    }

    [Test]
    public void A_queue_keeps_the_order_of_its_work_past_the_point_where_events_are_looked_at()
    {
        using OpenClDevice device = Open();
        using DeviceBuffer a = device.Allocate(256), b = device.Allocate(256);
        using StagingBuffer staging = device.AllocateStaging(256);
        using DeviceQueue queue = device.CreateQueue();
        queue.Clear(a, 0, 256);
        for (int i = 0; i < 300; i++)
        {
            queue.Launch(TestKernels.Increment, 1, KernelArgument.View(i % 2 == 0 ? a : b, 0, 64));
            queue.Copy(i % 2 == 0 ? b : a, 0, i % 2 == 0 ? a : b, 0, 256);
        }
        queue.Read(staging, 0, a, 0, 256);
        queue.Flush();
        queue.Finish();
        Assert.That(MemoryMarshal.Cast<byte, int>(staging.Bytes).ToArray(), Is.All.EqualTo(300));
    }

    [Test]
    public void Several_queues_and_threads_work_on_one_device()
    {
        using OpenClDevice device = Open();
        const int Workers = 4, Rounds = 50;
        Parallel.For(0, Workers, worker =>
        {
            using DeviceQueue queue = device.CreateQueue();
            using DeviceBuffer buffer = device.Allocate(256);
            using StagingBuffer staging = device.AllocateStaging(256);
            for (int round = 0; round < Rounds; round++)
            {
                MemoryMarshal.Cast<byte, int>(staging.Bytes).Fill((1000 * worker) + round);
                queue.Write(buffer, 0, staging, 0, 256);
                queue.Launch(TestKernels.Increment, 1, KernelArgument.View(buffer, 0, 64));
                queue.Read(staging, 0, buffer, 0, 256);
                queue.Finish();
                Assert.That(MemoryMarshal.Cast<byte, int>(staging.Bytes).ToArray(), Is.All.EqualTo((1000 * worker) + round + 1));
            }
        });
        Assert.That(device.Builds.Compiled + device.Builds.Cached, Is.EqualTo(1), "a kernel is built once");
    }

    [Test]
    public void Ranges_that_leave_a_buffer_and_arguments_that_do_not_fit_never_reach_the_driver()
    {
        using OpenClDevice device = Open();
        using DeviceBuffer buffer = device.Allocate(100);
        using StagingBuffer staging = device.AllocateStaging(200);
        using DeviceQueue queue = device.CreateQueue();
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Write(buffer, 50, staging, 0, 51));
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Write(buffer, 0, staging, 150, 51));
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Read(staging, 0, buffer, -1, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Copy(buffer, 60, buffer, 0, 50));
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Clear(buffer, 96, 8));
        Assert.Throws<ArgumentException>(() => queue.Clear(buffer, 2, 8));
        Assert.Throws<ArgumentException>(() => queue.Launch(TestKernels.Increment, 1));
        Assert.Throws<ArgumentException>(() => queue.Launch(TestKernels.Increment, 1, 5));
        Assert.Throws<ArgumentException>(() => queue.Launch(TestKernels.Increment, 1, KernelArgument.View(buffer, 1, 25)));
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Launch(TestKernels.Increment, -1, KernelArgument.View(buffer, 0, 25)));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Allocate(-1));
        queue.Finish();
    }

    [Test]
    public void A_kernel_that_does_not_compile_is_named_with_the_line_that_is_wrong()
    {
        using OpenClDevice device = Open();
        using DeviceQueue queue = device.CreateQueue();
        string wrong = TestKernels.Increment.Source.Replace("+= 1", "+= unknown_name", StringComparison.Ordinal);
        DeviceFailureException error = Assert.Throws<DeviceFailureException>(() =>
            queue.Build(TestKernels.Increment with { Source = wrong }))!;
        Assert.That(error.Call, Is.EqualTo("clBuildProgram"));
        Assert.That(error.Message, Does.Contain("kernel Increment").And.Contain("unknown_name").And
            .Contain("CL_BUILD_PROGRAM_FAILURE (-11)"));
        queue.Build(TestKernels.Increment);
    }

    [Test]
    public void A_long_refusal_is_cut()
    {
        string said =
            OpenClFailures.Refusal("K", string.Join('\n', Enumerable.Range(0, 100).Select(i => $"line {i} {new string('x', 1000)}")));
        Assert.That(said, Does.Contain("line 19 ").And.Not.Contain("line 20 ").And.Contain("and 80 more lines"));
        Assert.That(said, Has.Length.Matches(Is.LessThan(7000)));
    }

    [Test]
    public void A_text_without_the_kernel_says_so()
    {
        using OpenClDevice device = Open();
        using DeviceQueue queue = device.CreateQueue();
        DeviceFailureException error =
            Assert.Throws<DeviceFailureException>(() => queue.Build(TestKernels.Increment with { Name = "Decrement" }))!;
        Assert.That(error.Message, Does.Contain("clCreateKernel returned CL_INVALID_KERNEL_NAME (-46)").And.Contain("Decrement"));
    }

    [Test]
    public void A_kernel_beyond_the_device_is_refused_before_it_is_compiled()
    {
        using OpenClDevice device = Open();
        using DeviceQueue queue = device.CreateQueue();
        Assert.That(Assert.Throws<DeviceFailureException>(() => queue.Build(TestKernels.Increment with { GroupSize = 1 << 20 }))!.Message,
            Does.Contain("1048576 lanes").And.Contain($"{device.Limits.MaximumGroupSize}"));
        Assert.That(Assert.Throws<DeviceFailureException>(() =>
            queue.Build(TestKernels.Increment with { SharedBytes = int.MaxValue }))!.Message,
            Does.Contain($"{device.Limits.SharedBytes}"));
    }

    [Test]
    public void More_memory_than_there_is_is_refused_with_the_bounds()
    {
        using OpenClDevice device = Open();
        long piece = device.Limits.MaximumAllocationBytes;
        Assert.That(Assert.Throws<DeviceFailureException>(() => device.Allocate(piece + 1))!.Message,
            Does.Contain($"at most {piece} bytes").And.Contain(Remedy.UseDevice.For("cpu")));
        List<DeviceBuffer> taken = [];
        try
        {
            DeviceFailureException error = Assert.Throws<DeviceFailureException>(() =>
            {
                while (taken.Count < 1000) taken.Add(device.Allocate(piece));
            })!;
            Assert.That(error.Message, Does.Contain($"opencl:0").And.Contain($"{piece} bytes"));
        }
        finally
        {
            foreach (DeviceBuffer buffer in taken) buffer.Dispose();
        }
        // What was given back can be had again, and giving it back twice counts once.
        foreach (DeviceBuffer buffer in taken) buffer.Dispose();
        using DeviceBuffer again = device.Allocate(piece);
        Assert.That(taken, Has.Count.EqualTo(device.Limits.MemoryBytes / piece));
    }

    [Test]
    public void Everything_may_be_given_back_in_any_order_and_twice()
    {
        OpenClDevice device = Open();
        DeviceQueue queue = device.CreateQueue();
        DeviceBuffer buffer = device.Allocate(1 << 20);
        StagingBuffer staging = device.AllocateStaging(1 << 20);
        queue.Write(buffer, 0, staging, 0, 1 << 20);
        queue.Launch(TestKernels.Increment, 1000, KernelArgument.View(buffer, 0, 1 << 18));
        queue.Read(staging, 0, buffer, 0, 1 << 20);
        device.Dispose();
        queue.Dispose();
        buffer.Dispose();
        staging.Dispose();
        staging.Dispose();
        buffer.Dispose();
        queue.Dispose();
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => queue.Finish());
        Assert.Throws<ObjectDisposedException>(() => _ = staging.Bytes.Length);
        Assert.Throws<ObjectDisposedException>(() => device.Allocate(4));
    }

    [Test]
    public void Compiled_kernels_are_kept_and_damaged_ones_compiled_again()
    {
        using TemporaryFolder folder = new();
        Assert.That(BuildIn(folder.Path), Is.EqualTo((1, 0)), "nothing is kept yet");
        Assert.That(BuildIn(folder.Path), Is.EqualTo((0, 1)), "kept by an earlier device");
        string file = Directory.GetFiles(folder.File("programs")).Single();
        byte[] whole = File.ReadAllBytes(file);

        foreach (byte[] damaged in (byte[][])[[], whole[..50], whole[..^1], [.. whole[..^1], (byte)~whole[^1]], [.. "junk"u8],
            [(byte)~whole[0], .. whole[1..]]])
        {
            File.WriteAllBytes(file, damaged);
            Assert.That(BuildIn(folder.Path), Is.EqualTo((1, 0)), "damaged");
            Assert.That(File.ReadAllBytes(file), Is.EqualTo(whole).Or.Length.Matches(Is.GreaterThan(72)), "replaced");
            Assert.That(BuildIn(folder.Path), Is.EqualTo((0, 1)), "whole again");
        }
        Assert.That(Directory.GetFiles(folder.File("programs")), Is.EqualTo(new[] { file }), "no temporary file stays");
    }

    [Test]
    public void A_binary_that_the_driver_does_not_take_is_compiled_again()
    {
        using TemporaryFolder folder = new();
        BuildIn(folder.Path);
        string key = Path.GetFileNameWithoutExtension(Directory.GetFiles(folder.File("programs")).Single());
        Assert.That(new ProgramCache(folder.Path).Keep(key, [1, 2, 3, 4]), Is.Null);
        Assert.That(BuildIn(folder.Path), Is.EqualTo((1, 0)));
        Assert.That(BuildIn(folder.Path), Is.EqualTo((0, 1)));
    }

    [Test]
    public void Without_a_cache_every_kernel_is_compiled()
    {
        Assert.That(BuildIn(null), Is.EqualTo((1, 0)));
        Assert.That(BuildIn(null), Is.EqualTo((1, 0)));
    }

    [Test]
    public void A_cache_that_cannot_be_written_is_no_failure()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("programs"), "a file where the folder should be");
        Assert.That(BuildIn(folder.Path), Is.EqualTo((1, 0)));
        Assert.That(BuildIn(folder.Path), Is.EqualTo((1, 0)));
    }

    private static (int Compiled, int Cached) BuildIn(string? folder)
    {
        using OpenClDevice device = Open(new ProgramCache(folder));
        using DeviceQueue queue = device.CreateQueue();
        using DeviceBuffer buffer = device.Allocate(256);
        using StagingBuffer staging = device.AllocateStaging(256);
        queue.Clear(buffer, 0, 256);
        queue.Launch(TestKernels.Increment, 1, KernelArgument.View(buffer, 0, 64));
        queue.Read(staging, 0, buffer, 0, 256);
        queue.Finish();
        Assert.That(MemoryMarshal.Cast<byte, int>(staging.Bytes).ToArray(), Is.All.EqualTo(1));
        return device.Builds;
    }

    /// <summary>Opens the first OpenCL device, whichever it is; without one the test is skipped.</summary>
    internal static OpenClDevice Open(ProgramCache? cache = null)
    {
        (IReadOnlyList<OpenClPlatform> platforms, _, _) = OpenClInterop.Instance.IsLoaded ? OpenClInterop.Instance.Examine()
            : ([], null, 0);
        OpenClDeviceFacts? facts = platforms.SelectMany(p => p.Devices).FirstOrDefault();
        if (facts is null || OpenClProvider.WhyNot(facts).Reason is not null)
        {
            DeviceInfo missing = new OpenClProvider().Probe()[0];
            Assert.Ignore($"{missing.Reason}. {missing.NextStep}.");
        }
        return new(OpenClInterop.Instance, TestDevices.OpenCl, facts!, cache ?? new ProgramCache(null));
    }
}
