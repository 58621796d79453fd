using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>Every backward of the reference against differences of its forward, so that all other devices have an oracle.</summary>
internal sealed class ReferenceGradientTests : IDisposable
{
    private readonly ReferenceOperations _operations = new();
    private SplitMix64 _random = new(11);

    public void Dispose() => _operations.Dispose();

    [TestCase(1, 1), TestCase(4, 7)]
    public void RmsNorm(int rows, int width) => Check(
        [Normal(rows * width), Normal(width)],
        x => Forward(rows * width, out _, x, rows, width),
        (x, dy) =>
        {
            Forward(rows * width, out DeviceMemory roots, x, rows, width);
            DeviceMemory dx = Put(new double[rows * width]), dw = Put(new double[width]);
            _operations.RmsNormBackward(dx, dw, Put(dy), Put(x[0]), roots, Put(x[1]), width);
            return [Get(dx), Get(dw)];
        });

    private double[] Forward(int length, out DeviceMemory roots, double[][] x, int rows, int width)
    {
        DeviceMemory output = Put(new double[length]);
        roots = Put(new double[rows]);
        _operations.RmsNormForward(output, roots, Put(x[0]), Put(x[1]), width, 1e-3);
        return Get(output);
    }

    [TestCase(1, 1, 1), TestCase(3, 5, 4)]
    public void MatMul(int m, int n, int k) => Check(
        [Normal(m * k), Normal(n * k)],
        x =>
        {
            DeviceMemory output = Put(new double[m * n]);
            _operations.MatMulForward(output, Put(x[0]), Put(x[1]), n, k);
            return Get(output);
        },
        (x, dy) =>
        {
            DeviceMemory dx = Put(new double[m * k]), dw = Put(new double[n * k]);
            _operations.MatMulBackwardInput(dx, Put(dy), Put(x[1]), n, k);
            _operations.MatMulBackwardWeight(dw, Put(dy), Put(x[0]), n, k);
            return [Get(dx), Get(dw)];
        });

    [Test]
    public void Embedding() => Check(
        [Normal(5 * 3)],
        x =>
        {
            DeviceMemory output = Put(new double[7 * 3]);
            _operations.EmbeddingForward(output, Put(x[0]), (int[])[4, 0, 4, -1, 1, 4, 0], 3);
            return Get(output);
        },
        (_, dy) =>
        {
            DeviceMemory gradient = Put(new double[5 * 3]);
            _operations.EmbeddingBackward(gradient, Put(dy), (int[])[4, 0, 4, -1, 1, 4, 0], 3);
            return [Get(gradient)];
        });

    [Test]
    public void Rope()
    {
        double[] angles = Normal(9 * 3);
        DeviceMemory cosines = Put(Array.ConvertAll(angles, Math.Cos)), sines = Put(Array.ConvertAll(angles, Math.Sin));
        int[] positions = [0, 8, 3];
        Check(
            [Normal(3 * 12)],
            x =>
            {
                DeviceMemory values = Put(x[0]);
                _operations.RopeForward(values, cosines, sines, positions, 6);
                return Get(values);
            },
            (_, dy) =>
            {
                DeviceMemory gradient = Put(dy);
                _operations.RopeBackward(gradient, cosines, sines, positions, 6);
                return [Get(gradient)];
            });
    }

    [TestCase(1, 1, 2, new[] { 0, 1 }), TestCase(4, 2, 4, new[] { 0, 3, 4, 9 }), TestCase(3, 1, 6, new[] { 0, 6 })]
    public void Attention(int heads, int keyHeads, int headWidth, int[] starts)
    {
        AttentionShape shape = new(heads, keyHeads, headWidth);
        int wide = starts[^1] * shape.QueryWidth, narrow = starts[^1] * shape.KeyWidth;
        DeviceMemory output = Put(new double[wide]), sums = Put(new double[starts[^1] * heads]);
        Check(
            [Normal(wide), Normal(narrow), Normal(narrow)],
            x =>
            {
                _operations.AttentionForward(output, sums, Put(x[0]), Put(x[1]), Put(x[2]), shape, starts);
                return Get(output);
            },
            (x, dy) =>
            {
                DeviceMemory dq = Put(new double[wide]), dk = Put(new double[narrow]), dv = Put(new double[narrow]);
                _operations.AttentionForward(output, sums, Put(x[0]), Put(x[1]), Put(x[2]), shape, starts);
                _operations.AttentionBackward(dq, dk, dv, Put(dy), output, sums, Put(x[0]), Put(x[1]), Put(x[2]), shape, starts);
                return [Get(dq), Get(dk), Get(dv)];
            });
    }

    [Test]
    public void SwiGlu() => Check(
        [Normal(20), Normal(20)],
        x =>
        {
            DeviceMemory output = Put(new double[20]);
            _operations.SwiGluForward(output, Put(x[0]), Put(x[1]));
            return Get(output);
        },
        (x, dy) =>
        {
            DeviceMemory gate = Put(x[0]), up = Put(x[1]);
            _operations.SwiGluBackward(gate, up, Put(dy), gate, up);
            return [Get(gate), Get(up)];
        });

    /// <summary>The gradient is that of the sum of all losses times the scale, so all weights of the outputs are one.</summary>
    [TestCase(1, 2), TestCase(5, 11)]
    public void CrossEntropy(int rows, int vocabulary)
    {
        int[] targets = [.. Enumerable.Range(0, rows).Select(i => i == 3 ? -1 : (i * 7) % vocabulary)];
        DeviceMemory losses = Put(new double[rows]), sums = Put(new double[rows]);
        Check(
            [Normal(rows * vocabulary)],
            x =>
            {
                _operations.CrossEntropyForward(losses, sums, Put(x[0]), targets, vocabulary);
                return Get(losses);
            },
            (x, _) =>
            {
                DeviceMemory logits = Put(x[0]);
                _operations.CrossEntropyForward(losses, sums, logits, targets, vocabulary);
                _operations.CrossEntropyBackward(logits, sums, targets, vocabulary, 0.25);
                return [Get(logits)];
            },
            weight: 0.25);
    }

    /// <summary>Compares the gradient of Σ weights · outputs with fourth-order differences, for every element of every input.</summary>
    private void Check(double[][] inputs, Func<double[][], double[]> forward, Func<double[][], double[], double[][]> backward,
        double? weight = null)
    {
        const double Step = 1e-3;
        double[] weights = Normal(forward(inputs).Length);
        if (weight is { } same) Array.Fill(weights, same);
        double[][] gradients = backward(inputs, weights);
        Assert.That(gradients, Has.Length.EqualTo(inputs.Length));
        for (int n = 0; n < inputs.Length; n++)
            for (int i = 0; i < inputs[n].Length; i++)
            {
                double at = inputs[n][i];
                double Difference(double step) => Value(at + step) - Value(at - step);
                double Value(double x)
                {
                    inputs[n][i] = x;
                    double sum = forward(inputs).Zip(weights, (y, w) => y * w).Sum();
                    inputs[n][i] = at;
                    return sum;
                }
                double expected = ((8 * Difference(Step)) - Difference(2 * Step)) / (12 * Step);
                Assert.That(gradients[n][i], Is.EqualTo(expected).Within(1e-8 * (1 + Math.Abs(expected))), $"input {n}, element {i}");
            }
    }

    private double[] Normal(int length) => [.. Enumerable.Range(0, length).Select(_ => _random.NextNormal())];

    private DeviceMemory Put(double[] values)
    {
        DeviceMemory memory = _operations.Allocate(values.Length);
        values.CopyTo(ReferenceOperations.Values(memory));
        return memory;
    }

    private static double[] Get(DeviceMemory memory) => ReferenceOperations.Values(memory).ToArray();
}
