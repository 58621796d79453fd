using System.Runtime.InteropServices;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Tests.Operations;

internal sealed class CpuOperationsTests
{
    [TestCaseSource(typeof(OperationCases), nameof(OperationCases.Awkward))]
    public void The_bytes_are_the_same_with_any_number_of_threads(OperationCase operation)
    {
        using CpuOperations one = new(1), two = new(2), three = new(3);
        float[][] expected = operation.On(one);
        foreach (CpuOperations device in (CpuOperations[])[two, three])
        {
            float[][] actual = operation.On(device);
            for (int r = 0; r < expected.Length; r++)
                Assert.That(MemoryMarshal.AsBytes<float>(actual[r]).SequenceEqual(MemoryMarshal.AsBytes<float>(expected[r])), Is.True,
                    $"result {r} with {device.ThreadCount} threads");
        }
    }

    [Test, Category("instructions")]
    public void Exponentials_are_within_two_units_in_the_last_place()
    {
        float[] x = new float[Lanes.Count], y = new float[Lanes.Count];
        for (float from = -87.3f; from < 88.7f; from += 0.0137f)
        {
            for (int i = 0; i < x.Length; i++) x[i] = from + (i * 0.00083f);
            Lanes.Exp(Lanes.Load(x, 0)).Store(y, 0);
            for (int i = 0; i < x.Length; i++)
            {
                float expected = (float)Math.Exp(x[i]);
                Assert.That(Math.Abs(BitConverter.SingleToInt32Bits(y[i]) - BitConverter.SingleToInt32Bits(expected)),
                    Is.LessThanOrEqualTo(2), $"e^{x[i]:r}");
            }
        }
    }

    [TestCase(float.NegativeInfinity, 0f), TestCase(-1000f, 0f), TestCase(-88f, 0f), TestCase(0f, 1f), TestCase(-0f, 1f),
        TestCase(89f, float.PositiveInfinity),
        TestCase(1e30f, float.PositiveInfinity), TestCase(float.PositiveInfinity, float.PositiveInfinity), TestCase(float.NaN, float.NaN)]
    [Category("instructions")]
    public void Exponentials_of_extreme_numbers_are_what_they_should_be(float x, float expected)
    {
        float[] y = new float[Lanes.Count];
        Lanes.Exp(System.Runtime.Intrinsics.Vector256.Create(x)).Store(y, 0);
        Assert.That(y, Is.All.EqualTo(expected));
    }

    [Test]
    public void Ranges_that_do_not_fit_their_shapes_are_named()
    {
        using CpuOperations device = new(1);
        using DeviceMemory six = device.Allocate(6), four = device.Allocate(4);
        Assert.That(() => device.SwiGluForward(six, six, four),
            Throws.ArgumentException.With.Message.Contains("up holds 4 elements").And.Message.Contains("6"));
        Assert.That(() => device.MatMulForward(six, six, four, 2, 3),
            Throws.ArgumentException.With.Message.Contains("output holds 6 elements").And.Message.Contains("2 × 2 = 4"));
        Assert.That(() => device.RmsNormForward(six, four, six, four, 4, 0),
            Throws.ArgumentException.With.Message.Contains("not a number of rows of 4"));
        Assert.That(() => device.EmbeddingForward(six, four, (int[])[0, 1, 2], 2),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("rows[2]"));
        Assert.That(() => device.AttentionForward(four, four, four, four, four, new(1, 1, 1), (int[])[0, 3]),
            Throws.ArgumentException.With.Message.Contains("starts must go from 0"));
        Assert.That(() => new CpuOperations(-1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Memory_of_another_device_is_refused()
    {
        using CpuOperations device = new(1);
        using ReferenceOperations reference = new();
        using DeviceMemory here = device.Allocate(4), there = reference.Allocate(4);
        Assert.That(() => device.Copy(here, there), Throws.ArgumentException.With.Message.Contains("another device"));
        Assert.That(() => reference.Copy(there, here), Throws.ArgumentException.With.Message.Contains("another device"));
    }
}
