using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Checkpoints;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>The three products of a layer, weights read from a mapped file at an odd byte.</summary>
[Category("instructions")]
public sealed class MatMulTests
{
    private string _folder = null!;

    [OneTimeSetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("kslottery-matmul-").FullName;

    [OneTimeTearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Forward_is_right_for_every_stored_type_and_number_of_rows(
        [Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType type, [Values] bool accumulate)
    {
        foreach ((int outputs, int inputs) in ((int, int)[])[(1, 1), (5, 3), (64, 64), (172, 64), (70, 172), (515, 33), (9, 801)])
            foreach (int rows in (int[])[0, 1, 2, 7, 8, 9, 40])
                WithLayer(type, rows, outputs, inputs, layer =>
                {
                    float[] before = Random(3, rows * outputs);
                    float[] actual = Run(2, before, (pool, y) => MatMul.Forward(pool, y, layer.X, layer.W, outputs, inputs, accumulate));
                    AssertProduct(actual, rows, outputs, inputs, (i, p) => layer.Input[(i * inputs) + p],
                        (p, j) => layer.Weight[(j * inputs) + p], accumulate ? before : null);
                });
    }

    [Test]
    public void Backward_is_right_for_every_stored_type([Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType type,
        [Values] bool accumulate)
    {
        foreach ((int rows, int outputs, int inputs) in ((int, int, int)[])[(1, 1, 1), (3, 5, 7), (40, 64, 64), (33, 172, 64),
            (20, 64, 172), (11, 515, 33), (400, 9, 20)])
            WithLayer(type, rows, outputs, inputs, layer =>
            {
                float[] gradient = Random(4, rows * outputs), before = Random(5, rows * inputs), weightBefore = Random(6, outputs * inputs);
                using OwnedMemory dy = Owned(gradient);
                float[] dx = Run(2, before, (pool, c) => MatMul.BackwardInput(pool, c, dy, layer.W, outputs, inputs, accumulate));
                AssertProduct(dx, rows, inputs, outputs, (i, p) => gradient[(i * outputs) + p], (p, j) => layer.Weight[(p * inputs) + j],
                    accumulate ? before : null);
                float[] dw = Run(2, weightBefore, (pool, c) => MatMul.BackwardWeight(pool, c, dy, layer.X, outputs, inputs));
                AssertProduct(dw, outputs, inputs, rows, (i, p) => gradient[(p * outputs) + i], (p, j) => layer.Input[(p * inputs) + j],
                    weightBefore);
            });
    }

    [TestCase("own"), TestCase("openblas")]
    public void Bits_do_not_depend_on_the_number_of_threads(string name)
    {
        if (name == "openblas" && !OpenBlasInterop.Instance.IsAvailable)
            Assert.Ignore(string.Join("; ", OpenBlasInterop.Instance.Attempts));
        GemmAlgorithm algorithm = GemmAlgorithms.Choose(name);
        foreach ((int rows, int outputs, int inputs) in ((int, int, int)[])[(100, 700, 288), (600, 64, 172), (50, 5000, 40)])
            WithLayer(ElementType.BF16, rows, outputs, inputs, layer =>
            {
                using OwnedMemory dy = Owned(Random(4, rows * outputs));
                float[] y = new float[rows * outputs], dx = new float[rows * inputs], dw = new float[outputs * inputs];
                foreach (Func<int, float[]> product in (Func<int, float[]>[])
                [
                    threads => Run(threads, y, (pool, c) => MatMul.Forward(algorithm, pool, c, layer.X, layer.W, outputs, inputs, false)),
                    threads => Run(threads, dx, (pool, c) => MatMul.BackwardInput(algorithm, pool, c, dy, layer.W, outputs, inputs, false)),
                    threads => Run(threads, dw, (pool, c) => MatMul.BackwardWeight(algorithm, pool, c, dy, layer.X, outputs, inputs)),
                ])
                {
                    float[] expected = product(1);
                    foreach (int threads in (int[])[2, 3, 5])
                        Assert.That(product(threads), Is.EqualTo(expected), $"{rows}×{outputs}×{inputs}, {threads} threads");
                }
            });
    }

    [Test]
    public void A_row_generated_in_a_batch_of_up_to_eight_has_the_bits_of_one_alone(
        [Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType type, [Values(1, 2, 3, 5)] int threads)
    {
        foreach ((int outputs, int inputs) in ((int, int)[])[(64, 64), (515, 172), (3001, 33)])
            WithLayer(type, 8, outputs, inputs, layer =>
            {
                float[][] alone = [.. Enumerable.Range(0, 8).Select(i =>
                    Run(1, new float[outputs],
                        (pool, y) => MatMul.Forward(pool, y, layer.X.Slice(i * inputs, inputs), layer.W, outputs, inputs, false)))];
                for (int rows = 1; rows <= 8; rows++)
                {
                    float[] batch = Run(threads, new float[rows * outputs],
                        (pool, y) => MatMul.Forward(pool, y, layer.X.Slice(0, rows * inputs), layer.W, outputs, inputs, false));
                    Assert.That(batch, Is.EqualTo(alone.Take(rows).SelectMany(row => row)), $"{rows} rows of {outputs}×{inputs}");
                }
            });
    }

    [Test]
    public void A_16_bit_weight_gives_the_bits_of_its_values_in_F32([Values(ElementType.F16, ElementType.BF16)] ElementType type,
        [Values] bool accumulate)
    {
        foreach ((int outputs, int inputs) in ((int, int)[])[(64, 64), (515, 288), (70, 172)])
            WithLayer(type, 12, outputs, inputs, layer =>
            {
                using OwnedMemory widened = Owned(layer.Weight);
                foreach (int rows in (int[])[1, 3, 12])
                {
                    float[] before = Random(3, rows * outputs);
                    float[] Product(DeviceSpan weight) => Run(1, before, (pool, y) =>
                        MatMul.Forward(pool, y, layer.X.Slice(0, rows * inputs), weight, outputs, inputs, accumulate));
                    Assert.That(Product(layer.W), Is.EqualTo(Product(widened)), $"{rows} rows of {outputs}×{inputs}");
                }
            });
    }

    private static float[] Run(int threads, float[] before, Action<WorkerPool, DeviceSpan> multiply)
    {
        using WorkerPool pool = new(threads);
        using OwnedMemory c = Owned([.. before, 77, 78]);
        multiply(pool, c.Span.Slice(0, before.Length));
        Assert.That(c.Floats(before.Length, 2).ToArray(), Is.EqualTo(new float[] { 77, 78 }), "behind C");
        return c.Floats(0, before.Length).ToArray();
    }

    private static void AssertProduct(float[] actual, int m, int n, int k, Func<int, int, double> a, Func<int, int, double> b,
        float[]? before)
    {
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++)
            {
                double sum = before?[(i * n) + j] ?? 0, magnitude = Math.Abs(sum);
                for (int p = 0; p < k; p++) (sum, magnitude) = (sum + (a(i, p) * b(p, j)), magnitude + Math.Abs(a(i, p) * b(p, j)));
                double bound = (k + 2) * Math.Pow(2, -24) * 1.01 * magnitude;  // as in MatrixCase
                Assert.That(actual[(i * n) + j], Is.EqualTo(sum).Within(bound), $"row {i}, column {j} of {m}×{n}×{k}");
            }
    }

    private void WithLayer(ElementType type, int rows, int outputs, int inputs, Action<Layer> test)
    {
        float[] x = Random(1, rows * inputs), w = Random(2, outputs * inputs);
        byte[] bytes = RowRounding.ToBytes(w, type);
        string path = Path.Combine(_folder, "w.safetensors");
        string json = SafetensorsBytes.Json(("a", "U8", "[3]", 0, 3), ("w", type.ToString(), $"[{outputs},{inputs}]", 3, 3 + bytes.Length));
        File.WriteAllBytes(path, SafetensorsBytes.File(json.PadRight((json.Length + 7) & ~7), [1, 2, 3, .. bytes]));
        using Checkpoint checkpoint = Checkpoint.Open(path);
        Tensor tensor = checkpoint.GetTensor("w");
        Assert.That(tensor.FileOffset % 2, Is.EqualTo(1), "the weight starts at an odd byte");
        using StoredMemory weight = new(tensor);
        using OwnedMemory input = Owned(x);
        Assert.That(weight.OwnedBytes, Is.Zero, "the weight is read where it lies");
        float[] widened = new float[w.Length];
        weight.Widen(0, widened);
        test(new(input, weight, x, widened));
        File.Delete(path);
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

    private sealed record Layer(DeviceSpan X, DeviceSpan W, float[] Input, float[] Weight);
}
