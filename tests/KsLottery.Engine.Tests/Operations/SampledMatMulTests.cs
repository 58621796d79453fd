using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>Gradients of some elements of a weight alone against those of the whole weight.</summary>
[Category("instructions")]
public sealed class SampledMatMulTests
{
    /// <summary>One block and several, whole ones and a shorter last one, more blocks than lanes.</summary>
    private static readonly int[] Rows = [1, 3, 8, 100, 287, 288, 289, 300, 577, 800, 1001, 1152, 1153, 1500, 2500];

    private static readonly (int Outputs, int Inputs, int Width)[] Shapes =
        [(1, 1, 1), (1, 40, 1), (40, 1, 1), (17, 33, 1), (35, 20, 5), (16, 16, 16), (50, 48, 3)];

    [Test]
    public void They_are_equal_bit_for_bit([ValueSource(nameof(Rows))] int rows, [Values(1, 3)] int threads)
    {
        foreach ((int outputs, int inputs, int width) in Shapes)
            foreach (double share in (double[])[0.02, 0.3, 1])
            {
                int[] runs = Runs(outputs * inputs / width, share);
                AssertEqual(threads, Random(1, rows * outputs), Random(2, rows * inputs), Random(3, runs.Length * width), runs, width,
                    outputs, inputs, $"{rows} rows of {outputs}×{inputs}, {runs.Length} runs of {width}");
            }
    }

    [Test]
    public void First_and_last_elements_alone_are_right()
    {
        const int Outputs = 33, Inputs = 18, Rows = 600;
        foreach (int element in (int[])[0, Inputs - 1, Inputs, (16 * Inputs) - 1, 16 * Inputs, (Outputs * Inputs) - 1])
            AssertEqual(2, Random(1, Rows * Outputs), Random(2, Rows * Inputs), [7], [element], 1, Outputs, Inputs, $"element {element}");
    }

    /// <summary>Sums that underflow to -0, which 0 in place of rows that a block lacks would turn into 0.</summary>
    [Test]
    public void The_sign_of_a_zero_is_kept([Values(1, 300, 1000)] int rows)
    {
        float[] tiny = [.. Enumerable.Repeat(1e-30f, rows * 4)], negative = [.. tiny.Select(x => -x)];
        float[] before = [-0f, -0f, 0f, 1f], sums = AssertEqual(1, tiny, negative, before, [0, 5, 6, 15], 1, 4, 4, "");
        // Without fused multiply-add a product is 0 before it is added.
        float sum = float.MultiplyAddEstimate(tiny[0], negative[0], 0);
        Assert.That(sums.Select(BitConverter.SingleToInt32Bits), Is.EqualTo(before.Select(x => BitConverter.SingleToInt32Bits(x + sum))));
    }

    [Test]
    public void What_is_not_finite_stays_in_its_row_and_column([Values(float.NaN, float.PositiveInfinity)] float value)
    {
        const int Size = 20, Rows = 500;
        float[] input = Random(2, Rows * Size);
        input[(499 * Size) + 7] = value;
        int[] all = [.. Enumerable.Range(0, Size * Size)];
        float[] sums = AssertEqual(1, Random(1, Rows * Size), input, new float[all.Length], all, 1, Size, Size, $"{value}");
        Assert.That(all.Where(i => !float.IsFinite(sums[i])), Is.EqualTo(all.Where(i => i % Size == 7)));
    }

    [Test]
    public void Few_elements_are_sampled_and_many_are_not()
    {
        Assert.That(SampledMatMul.IsFaster(1024, 829, 288, 288), Is.True);
        Assert.That(SampledMatMul.IsFaster(256, 5898, 768, 768), Is.True);
        Assert.That(SampledMatMul.IsFaster(1024, 288 * 288 / 2, 288, 288), Is.False);
        Assert.That(SampledMatMul.IsFaster(1024, 1, 8, 8), Is.False, "lines take longer than so small a product");
        Assert.That(SampledMatMul.IsFaster(0, 1, 288, 288), Is.False);
    }

    /// <summary>The device says whether it did the work, and the whole gradient holds what the reference has for the runs.</summary>
    [Test]
    public void A_device_samples_where_that_is_faster_and_as_often_as_asked()
    {
        const int Rows = 1024, Outputs = 96, Inputs = 96, Width = 3;
        int[] few = [0, 1, 70, 900, (Outputs * Inputs / Width) - 1], most = [.. Enumerable.Range(0, Outputs * Inputs / Width)];
        using CpuOperations device = new(1);
        using ReferenceOperations reference = new();
        float[] dy = Random(1, Rows * Outputs), x = Random(2, Rows * Inputs);
        for (int round = 0; round < 2; round++)
        {
            double[] expected = Sample(reference, dy, x, few), actual = Sample(device, dy, x, few);
            for (int i = 0; i < expected.Length; i++) Assert.That(actual[i], Is.EqualTo(expected[i]).Within(1e-3), $"{round}: {i}");
        }
        Assert.That(TrySample(device, dy, x, most, out _), Is.False, "all of them are a product as any other");

        double[] Sample(IOperations operations, float[] gradient, float[] input, int[] runs)
        {
            bool isSampled = TrySample(operations, gradient, input, runs, out float[] values);
            Assert.That(isSampled, Is.EqualTo(operations is ReferenceOperations || GemmAlgorithms.Default.SumsInBlocks));
            if (!isSampled) Assert.Ignore("the matrix products that were chosen do not sum in blocks");
            return [.. values.Select(v => (double)v)];
        }

        static bool TrySample(IOperations operations, float[] gradient, float[] input, int[] runs, out float[] values)
        {
            values = new float[runs.Length * Width];
            using DeviceMemory a = operations.Allocate(gradient.Length), b = operations.Allocate(input.Length),
                sums = operations.Allocate(values.Length);
            operations.Upload(a, gradient);
            operations.Upload(b, input);
            operations.Upload(sums, values);
            bool isSampled = operations.TryMatMulBackwardSampled(sums, a, b, runs, Width, Outputs, Inputs);
            operations.Download(values, sums);
            return isSampled;
        }
    }

    [Test]
    public void Runs_that_are_not_of_the_weight_are_named()
    {
        using CpuOperations device = new(1);
        using DeviceMemory six = device.Allocate(6), four = device.Allocate(4), two = device.Allocate(2);
        Assert.That(() => device.TryMatMulBackwardSampled(two, four, six, (int[])[5, 6], 1, 2, 3),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("from 0 to 5").And.Message.Contains("6 comes after 5"));
        Assert.That(() => device.TryMatMulBackwardSampled(two, four, six, (int[])[3, 3], 1, 2, 3),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("3 comes after 3"));
        Assert.That(() => device.TryMatMulBackwardSampled(two, four, six, (int[])[0], 2, 2, 3),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("a divisor of the 3 columns"));
        Assert.That(() => device.TryMatMulBackwardSampled(four, four, six, (int[])[0, 1], 1, 2, 3),
            Throws.ArgumentException.With.Message.Contains("gradient holds 4 elements"));
    }

    /// <summary>Each run with some probability, and at least one.</summary>
    private static int[] Runs(int count, double share)
    {
        SplitMix64 random = new(5);
        int[] runs = [.. Enumerable.Range(0, count).Where(_ => random.NextDouble() < share)];
        return runs.Length > 0 ? runs : [count - 1];
    }

    private static float[] AssertEqual(int threads, float[] outputGradient, float[] input, float[] before, int[] runs, int width,
        int outputs, int inputs, string name)
    {
        using WorkerPool pool = new(threads);
        using OwnedMemory dy = Owned(outputGradient), x = Owned(input), whole = new((long)outputs * inputs), some = Owned([.. before, 77]),
            scratch = new(SampledMatMul.ScratchLength(input.Length / inputs, inputs));
        scratch.Floats(0, (int)scratch.Length).Fill(float.NaN);
        using (OwnedMemory values = Owned(before)) Embedding.Scatter(pool, whole, values, runs, width);
        MatMul.BackwardWeight(GemmAlgorithms.Choose("own"), pool, whole, dy, x, outputs, inputs);
        SampledMatMul.BackwardWeight(pool, some.Span.Slice(0, before.Length), dy, x, runs, width, outputs, inputs, scratch);
        float[] expected = new float[before.Length], actual = some.Floats(0, before.Length).ToArray();
        for (int i = 0; i < expected.Length; i++) expected[i] = whole.Floats(((long)runs[i / width] * width) + (i % width), 1)[0];
        Assert.That(some.Floats(before.Length, 1)[0], Is.EqualTo(77), "behind the elements");
        Assert.That(Array.FindIndex(expected.Zip(actual).ToArray(), pair => !AreSame(pair.First, pair.Second)), Is.EqualTo(-1), name);
        return actual;

        static bool AreSame(float a, float b) => float.IsNaN(a) ? float.IsNaN(b)
            : BitConverter.SingleToInt32Bits(a) == BitConverter.SingleToInt32Bits(b);
    }

    private static float[] Random(ulong seed, int count)
    {
        SplitMix64 random = new(seed);
        return MatrixCase.Values(ref random, count);
    }

    private static OwnedMemory Owned(float[] values)
    {
        OwnedMemory memory = new(values.Length);
        values.CopyTo(memory.Floats(0, values.Length));
        return memory;
    }
}
