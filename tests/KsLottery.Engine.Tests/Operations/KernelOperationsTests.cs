using System.Runtime.InteropServices;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Devices;
using KsLottery.Kernels;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>Every kernel as plain C#, its lanes in both orders.</summary>
internal sealed class KernelOperationsTests
{
    private readonly Dictionary<string, float[][]> _results = [];
    private readonly HashSet<string> _launched = [];

    [TestCaseSource(typeof(OperationCases), nameof(OperationCases.Small))]
    public void Results_lie_as_near_the_reference_as_single_precision_allows_and_do_not_depend_on_the_order_of_lanes(
        OperationCase operation)
    {
        using KernelOperations reversed = Open(new SimulatedDevice(isReversed: true));
        float[][] one = Run(operation), other = operation.On(reversed);
        Assert.That(operation.Difference(one), Is.Null);
        for (int r = 0; r < one.Length; r++)
            Assert.That(MemoryMarshal.AsBytes<float>(one[r]).SequenceEqual(MemoryMarshal.AsBytes<float>(other[r])), Is.True, $"result {r}");
    }

    /// <summary>Elements that F32 stores are copied by the device itself.</summary>
    [Test]
    public void Small_operations_run_every_kernel()
    {
        foreach (OperationCase operation in OperationCases.Small) Run(operation);
        Assert.That(KernelOperations.Kernels.Select(k => k.Name).Except(_launched), Is.EqualTo(["Widen_F32"]));
    }

    [Test]
    public void Products_of_many_rows_go_to_a_native_library_where_it_takes_their_type()
    {
        using RecordingDevice device = new(hasGemm: true);
        using KernelOperations operations = Open(device);
        foreach (OperationCase operation in OperationCases.Small.Where(c => c.Name.StartsWith("matmul", StringComparison.Ordinal)))
            Assert.That(operation.Difference(operations), Is.Null, operation.Name);
        Assert.That(device.Launched,
            Is.EquivalentTo(["plain", "MatMulForward_F16_Tile64", "MatMulForward_F16_Tile128", "MatMulBackwardInput_F16_Tile64",
            "MatMulBackwardInput_F16_Tile128", "MatMulForwardRows_F32", "MatMulForwardRows_F16", "MatMulForwardRows_BF16",
            // Sampled products are taken from whole ones.
            "EmbeddingForward_F32", "ScatterRows"]));
    }

    [Test]
    public void Products_take_small_tiles_where_large_ones_do_not_fit()
    {
        using RecordingDevice recorded = new(hasGemm: false);
        using LimitedDevice device = new(recorded, isTooLarge: k => k.Name.EndsWith(nameof(Tile128), StringComparison.Ordinal));
        using KernelOperations operations = new(device);
        foreach (OperationCase operation in OperationCases.Small.Where(c => c.Name.StartsWith("matmul F32", StringComparison.Ordinal)))
            Assert.That(operation.Difference(operations), Is.Null, operation.Name);
        Assert.That(recorded.Launched, Does.Contain("MatMulForward_F32_Tile64").And.None.Contains(nameof(Tile128)));
    }

    [Test]
    public void A_lost_device_tells_its_first_failure_and_is_given_back()
    {
        RecordingDevice device = new();
        void Work()
        {
            using KernelOperations operations = new(device, ownsDevice: true);
            using DeviceMemory values = operations.Allocate(4);
            device.IsLost = true;
            operations.SumOfSquares(values);
        }

        Assert.That(Work, Throws.InstanceOf<DeviceFailureException>().With.Property(nameof(DeviceFailureException.Call)).EqualTo("Launch"));
        Assert.That(device.IsGivenBack, Is.True);
    }

    [Test]
    public void The_loss_of_a_model_is_that_of_the_reference()
    {
        using IOperations device = Open(new SimulatedDevice()), oracle = new ReferenceOperations();
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(), device, null),
            expected = TinyModels.Weights(TinyModels.Config(), oracle, null);
        using LlamaModel model = new(weights, device), reference = new(expected, oracle);
        Assert.That(model.Loss(TinyModels.Batch()), Is.EqualTo(reference.Loss(TinyModels.Batch())).Within(1e-4));
    }

    [Test]
    public void Numbers_of_many_operations_pass_through_a_small_ring()
    {
        using SimulatedDevice device = new();
        using DeviceQueue queue = device.CreateQueue();
        using OperandRing ring = new(device, queue);
        int[] few = [3, 1, 2], first = [.. Enumerable.Range(0, 150_000)], second = [.. first.Reverse()],
            large = [.. Enumerable.Range(5, 300_000)];
        ring.Put(few);
        KernelArgument a = ring.Put(first), again = ring.Put(first), b = ring.Put(second);
        Assert.That((a.Start, again.Start, b.Start), Is.EqualTo((16L, 16L, 0L)),
            "the same numbers are sent once; others start over at the ring's end");
        KernelArgument c = ring.Put(large);
        Assert.That((c.Start, c.Length, c.Buffer!.ByteLength >= 300_000 * sizeof(int)), Is.EqualTo((0L, 300_000L, true)));
        Assert.That(ring.Put([]).Buffer, Is.Null);
    }

    [Test]
    public void Ranges_that_do_not_fit_and_memory_of_others_are_named()
    {
        using KernelOperations device = Open(new SimulatedDevice()), other = Open(new SimulatedDevice());
        using DeviceMemory six = device.Allocate(6), four = device.Allocate(4), there = other.Allocate(4);
        Assert.That(() => device.SwiGluForward(six, six, four),
            Throws.ArgumentException.With.Message.Contains("up holds 4 elements").And.Message.Contains("6"));
        Assert.That(() => device.Copy(four, there), Throws.ArgumentException.With.Message.Contains("another device"));
        Assert.That(() => device.Copy(there, four), Throws.ArgumentException.With.Message.Contains("cannot be written to"));
        Assert.That(() => device.Allocate(-1), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("simulated"));
        Assert.That(() => device.Allocate(1L << 40), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message
            .Contains("in one piece"));
        using DeviceBench bench = new(device);
        DeviceMemory weight = bench.Weight(ElementType.BF16, 4);
        Assert.That(() => device.Clear(weight), Throws.ArgumentException.With.Message.Contains("cannot be written to"));
        Assert.That(() => device.Sum(weight), Throws.InvalidOperationException.With.Message.Contains("BF16"));
    }

    /// <summary>What an operation writes; each runs once for all tests.</summary>
    private float[][] Run(OperationCase operation)
    {
        if (_results.TryGetValue(operation.Name, out float[][]? known)) return known;
        using RecordingDevice device = new();
        using KernelOperations operations = Open(device);
        float[][] results = operation.On(operations);
        _results.Add(operation.Name, results);
        _launched.UnionWith(device.Launched);
        return results;
    }

    private static KernelOperations Open(KernelDevice device)
    {
        if (KernelOperations.WhyNot(device) is { } reason) Assert.Ignore(reason);
        return new(device, ownsDevice: true);
    }
}
