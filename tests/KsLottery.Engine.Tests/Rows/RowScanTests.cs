using System.Globalization;
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Rows;

[Category("instructions")]
public sealed class RowScanTests
{
    private static readonly string[] EmbeddingNames = ["model.embed_tokens.weight"];

    /// <summary>Every D of a real tuned pair, as SciPy computed it.</summary>
    [TestCase("en-da_input_embedding_hot_seed1"), TestCase("en-da_input_embedding_seed1")]
    public void Real_pair_has_the_statistics_that_SciPy_found(string pair)
    {
        using Checkpoint before = Checkpoint.Open(SharedData.Path("models", "hf", "stories260K_hf"));
        using Checkpoint after = Checkpoint.Open(SharedData.Path("models", "tuned-pairs", pair));
        RowScanResult scan = RowScan.Run(Matrix(before), Matrix(after));

        string[] lines = File.ReadAllLines(SharedData.Path("models", "tuned-pairs", pair, "ks_rows.tsv"));
        Assert.That(scan.Rows, Has.Count.EqualTo(512).And.Count.EqualTo(lines.Length - 1));
        foreach (string line in lines.Skip(1))
        {
            string[] fields = line.Split('\t');
            RowResult row = scan.Rows[int.Parse(fields[0], CultureInfo.InvariantCulture)];
            Assert.That((double)row.Count / scan.Width, Is.EqualTo(double.Parse(fields[5], CultureInfo.InvariantCulture)), line);
            Assert.That(row.L2Delta, Is.EqualTo(double.Parse(fields[8], CultureInfo.InvariantCulture)).Within(1e-6).Percent, line);
            Assert.That(row.State == RowState.Unchanged, Is.EqualTo(fields[4] == "0"), line);
        }
    }

    /// <summary>The half-precision forms of a model differ from its F32 form by rounding alone: mixed pairs are compared as F32.</summary>
    [TestCase("model.bf16.safetensors"), TestCase("model.f16.safetensors")]
    public void Types_may_differ(string file)
    {
        using Checkpoint half = Checkpoint.Open(SharedData.Path("models", "hf", "stories260K_hf", file));
        using Checkpoint full = Checkpoint.Open(SharedData.Path("models", "hf", "stories260K_hf", "model.safetensors"));
        RowScanResult scan = RowScan.Run(Matrix(half), Matrix(full));
        Assert.That(scan.BaseType, Is.Not.EqualTo(scan.TunedType));

        float[] widened = Widen(half.GetTensor(EmbeddingNames[0]));
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(full.GetTensor(EmbeddingNames[0])
            .GetBytes(0, widened.Length * 4, new byte[widened.Length * 4]));
        IKsRowKernel reference = KsRowKernels.Create(64, "reference");
        for (int row = 0; row < 512; row++)
        {
            KsRowOutcome expected = reference.Test(widened.AsSpan(row * 64, 64), values.Slice(row * 64, 64));
            Assert.That((scan.Rows[row].Count, (int)scan.Rows[row].Sign, scan.Rows[row].Location),
                Is.EqualTo((expected.Count, expected.Sign, expected.Location)), $"row {row}");
        }
        Assert.That(scan.LargestCount, Is.GreaterThan(0));
    }

    [Test]
    public void Results_do_not_depend_on_threads_kernel_or_mapping(
        [Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType type, [Values(60, 64, 1000)] int width)
    {
        const int Rows = 300;
        (byte[] before, byte[] after) = MixedRows(Rows, width, type);
        RowMatrix a = RowMatrix.FromMemory(before, type, Rows, width), b = RowMatrix.FromMemory(after, type, Rows, width);
        RowScanResult expected = RowScan.Run(a, b, new() { Threads = 1, Kernel = "reference" });
        Assert.That(expected.Changed, Is.GreaterThan(50));
        Assert.That(expected.Unchanged, Is.GreaterThan(5));
        Assert.That(expected.NonFinite, Is.GreaterThan(5));

        foreach (string kernel in KsRowKernels.Known.Where(k => k.IsSupported).Select(k => k.Name))
            foreach (int threads in new[] { 1, 2, 5 })
                Assert.That(RowScan.Run(a, b, new() { Threads = threads, Kernel = kernel }).Rows, Is.EqualTo(expected.Rows),
                    $"{kernel}, {threads} threads");

        using TemporaryFolder folder = new();
        foreach ((string name, byte[] bytes) in new[] { ("a", before), ("b", after) })
            SafetensorsWriter.Write(folder.File(name + ".safetensors"),
                [TensorSource.FromBytes("odd", ElementType.U8, [3], new byte[3]),
                    TensorSource.FromBytes("rows", type, [Rows, width], bytes)], null, CancellationToken.None);
        foreach (bool map in new[] { true, false })
        {
            using Checkpoint x = Checkpoint.Open(folder.File("a.safetensors"), new() { UseMemoryMap = map });
            using Checkpoint y = Checkpoint.Open(folder.File("b.safetensors"), new() { UseMemoryMap = map });
            RowScanResult scan = RowScan.Run(RowMatrix.FromTensor(x.GetTensor("rows")), RowMatrix.FromTensor(y.GetTensor("rows")),
                new() { Threads = 2 });
            Assert.That(scan.Rows, Is.EqualTo(expected.Rows), map ? "mapped" : "read");
        }
    }

    [Test]
    public void States_tell_what_became_of_a_row()
    {
        const int Width = 64;
        float[,] before = new float[8, Width], after = new float[8, Width];
        for (int row = 0; row < 8; row++)
            for (int i = 0; i < Width; i++) after[row, i] = before[row, i] = MathF.Sin(row * 100 + i);
        after[1, 3] += 0.5f;                                                    // changed
        for (int i = 0; i < Width; i++) (before[2, i], after[2, i]) = (0, -0f); // zeros of either sign are one value
        for (int i = 0; i < Width; i++) before[3, i] = 0.125f;                  // constant before
        for (int i = 0; i < Width; i++) (before[4, i], after[4, i]) = (1e-9f * i, -1e-9f * i);  // nearly zero before
        after[5, 0] = float.NaN;
        before[6, 0] = after[6, 0] = float.NaN;
        after[7, 0] = float.PositiveInfinity;

        RowScanResult scan = RowScan.Run(Matrix(before), Matrix(after));
        Assert.That(scan.Rows.Select(r => r.State), Is.EqualTo(new[]
        {
            RowState.Unchanged, RowState.Changed, RowState.Unchanged, RowState.Degenerate, RowState.Degenerate,
            RowState.NonFinite, RowState.NonFinite, RowState.NonFinite,
        }));
        Assert.That((scan.Unchanged, scan.Changed, scan.Degenerate, scan.NonFinite), Is.EqualTo((2, 1, 2, 3)));
        Assert.That(scan.Rows.Select(r => r.HasCount), Is.EqualTo(new[] { true, true, true, true, true, false, false, true }));
        Assert.That(scan.Rows[7].Count, Is.EqualTo(1), "an infinity is an ordinary value of the test");
        Assert.That(scan.Rows[1].L2Delta, Is.EqualTo(0.5).Within(1e-6));
        Assert.That(scan.Rows[0].Cosine, Is.EqualTo(1));
        Assert.That(scan.Rows[2].Cosine, Is.NaN);
        Assert.That(scan.Rows[0].RelativeDelta, Is.Zero);
    }

    [Test]
    public void Moments_equal_plain_sums()
    {
        float[] before = new float[1003], after = new float[1003];
        RowRegimes.Fill("cauchy", 5, before, after);
        RowScanResult scan = RowScan.Run(
            RowMatrix.FromMemory(MemoryMarshal.AsBytes(before.AsSpan()).ToArray(), ElementType.F32, 1, 1003),
            RowMatrix.FromMemory(MemoryMarshal.AsBytes(after.AsSpan()).ToArray(), ElementType.F32, 1, 1003));
        double a = Math.Sqrt(before.Sum(x => (double)x * x)), b = Math.Sqrt(after.Sum(x => (double)x * x));
        RowResult row = scan.Rows[0];
        Assert.That(row.BaseNorm, Is.EqualTo(a).Within(1e-10).Percent);
        Assert.That(row.TunedNorm, Is.EqualTo(b).Within(1e-10).Percent);
        Assert.That(row.L2Delta, Is.EqualTo(Math.Sqrt(before.Zip(after, (x, y) => ((double)y - x) * ((double)y - x)).Sum()))
            .Within(1e-10).Percent);
        Assert.That(row.Cosine, Is.EqualTo(before.Zip(after, (x, y) => (double)x * y).Sum() / a / b).Within(1e-12));
    }

    [Test]
    public void Shapes_that_differ_are_refused_with_both_named()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => RowScan.Run(Matrix(new float[3, 4]), Matrix(new float[4, 4])))!;
        Assert.That(error.Message, Does.Contain("3 rows of 4").And.Contain("4 of 4"));
        Assert.Throws<ArgumentOutOfRangeException>(() => RowScan.Run(Matrix(new float[1, 65_537]), Matrix(new float[1, 65_537])));
        Assert.Throws<ArgumentException>(() => RowMatrix.FromMemory(new byte[15], ElementType.F32, 2, 2));
        Assert.Throws<NotSupportedException>(() => RowMatrix.FromMemory(new byte[32], ElementType.I32, 2, 4));
    }

    [Test]
    public void No_rows_give_an_empty_result() =>
        Assert.That(RowScan.Run(Matrix(new float[0, 4]), Matrix(new float[0, 4])).Rows, Is.Empty);

    [Test]
    public void A_cancelled_scan_ends_and_an_error_in_a_worker_comes_out_as_it_is()
    {
        RowMatrix rows = Matrix(new float[1000, 1000]);
        using CancellationTokenSource source = new();
        Assert.That(() => RowScan.Run(rows, rows, new() { Threads = 2, Progress = new Now(_ => source.Cancel()) }, source.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.Throws<InvalidOperationException>(() =>
            RowScan.Run(rows, rows, new() { Threads = 2, Progress = new Now(_ => throw new InvalidOperationException()) }));
    }

    [Test]
    public void Progress_ends_at_all_rows()
    {
        long last = 0;
        RowScan.Run(Matrix(new float[1000, 1000]), Matrix(new float[1000, 1000]),
            new() { Threads = 2, Progress = new Now(p => last = Math.Max(last, p.RowsDone)) });
        Assert.That(last, Is.EqualTo(1000));
    }

    private sealed class Now(Action<RowScanProgress> report) : IProgress<RowScanProgress>
    {
        public void Report(RowScanProgress value)
        {
            lock (this) report(value);
        }
    }

    private static RowMatrix Matrix(Checkpoint checkpoint) => RowMatrix.FromTensor(checkpoint.GetTensor(EmbeddingNames[0]));

    private static RowMatrix Matrix(float[,] values) =>
        RowMatrix.FromMemory(MemoryMarshal.AsBytes(values.Cast<float>().ToArray().AsSpan()).ToArray(), ElementType.F32, values.GetLength(0),
            values.GetLength(1));

    private static float[] Widen(Tensor tensor)
    {
        float[] values = new float[tensor.ElementCount];
        RowRounding.Convert(tensor.GetBytes(0, (int)tensor.ByteLength, new byte[tensor.ByteLength]), tensor.ElementType,
            MemoryMarshal.AsBytes(values.AsSpan()), ElementType.F32);
        return values;
    }

    /// <summary>Rows of every regime, every fifth unchanged, some with NaN.</summary>
    private static (byte[] Before, byte[] After) MixedRows(int rows, int width, ElementType type)
    {
        List<byte> before = [], after = [];
        float[] a = new float[width], b = new float[width];
        for (int row = 0; row < rows; row++)
        {
            RowRegimes.Fill(RowRegimes.Names[row % RowRegimes.Names.Length], row, a, b);
            if (row % 5 == 0) a.CopyTo(b, 0);
            if (row % 29 == 0) b[row % width] = float.NaN;
            before.AddRange(RowRounding.ToBytes(a, type));
            after.AddRange(RowRounding.ToBytes(b, type));
        }
        return ([.. before], [.. after]);
    }
}
