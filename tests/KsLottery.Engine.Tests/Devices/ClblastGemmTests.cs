using System.Runtime.InteropServices;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tests.Devices;

/// <summary>Products by CLBlast against a plain loop, where the library and a device are installed.</summary>
[NonParallelizable]
public sealed class ClblastGemmTests
{
    private OpenClDevice _device = null!;
    private ClblastGemm _gemm = null!;
    private DeviceQueue _queue = null!;

    [OneTimeSetUp]
    public void Open()
    {
        if (!ClblastInterop.Instance.IsAvailable) Assert.Ignore($"no CLBlast: {string.Join("; ", ClblastInterop.Instance.Attempts)}");
        _device = OpenClDeviceTests.Open();
        (_gemm, _queue) = (new(ClblastInterop.Instance, _device), _device.CreateQueue());
    }

    [OneTimeTearDown]
    public void Close()
    {
        _gemm?.Dispose();
        _queue?.Dispose();
        _device?.Dispose();
    }

    [Test]
    public void Products_are_row_major_in_every_form(
        [Values] bool transposeA, [Values] bool transposeB, [Values] bool accumulate,
            [Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType type,
        [Values("1 1 1", "5 7 11", "66 70 130")] string size)
    {
        int[] sizes = [.. size.Split(' ').Select(int.Parse)];
        (int m, int n, int k) = (sizes[0], sizes[1], sizes[2]);
        float[] a = Numbers(m * k, 0), b = Numbers(n * k, 1), c = Numbers(m * n, 2);
        float[] actual = Multiply(c, a, b, type, m, n, k, transposeA, transposeB, accumulate);
        float[] weights = Array.ConvertAll(b, x => Stored(x, type));
        double worst = 0;
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++)
            {
                double expected = accumulate ? c[(i * n) + j] : 0;
                for (int p = 0; p < k; p++)
                    expected += (double)a[transposeA ? (p * m) + i : (i * k) + p] * weights[transposeB ? (j * k) + p : (p * n) + j];
                worst = Math.Max(worst, Math.Abs(actual[(i * n) + j] - expected));
            }
        Assert.That(worst, Is.LessThan(5e-7 * k));
    }

    [Test]
    public void The_same_product_has_the_same_bytes()
    {
        float[] a = Numbers(64 * 200, 3), b = Numbers(200 * 48, 4);
        float[] first = Multiply(new float[64 * 48], a, b, ElementType.F32, 64, 48, 200, false, false, false);
        for (int i = 0; i < 3; i++)
            Assert.That(Multiply(new float[64 * 48], a, b, ElementType.F32, 64, 48, 200, false, false, false), Is.EqualTo(first));
    }

    [Test]
    public void A_product_without_terms_clears_or_keeps_its_target()
    {
        Assert.That(Multiply([1, 2], [], [], ElementType.F32, 1, 2, 0, false, false, true), Is.EqualTo(new float[] { 1, 2 }));
        Assert.That(Multiply([1, 2], [], [], ElementType.F32, 1, 2, 0, false, false, false), Is.EqualTo(new float[2]));
    }

    [Test]
    public void Factors_of_other_types_are_refused()
    {
        using DeviceBuffer buffer = _device.Allocate(16);
        DeviceMatrix single = new(buffer, 0, ElementType.F32), half = new(buffer, 0, ElementType.F16),
            integer = new(buffer, 0, ElementType.I32);
        Assert.Throws<ArgumentException>(() => _gemm.Multiply(_queue, single, half, single, 1, 1, 1, false, false, false));
        Assert.Throws<ArgumentException>(() => _gemm.Multiply(_queue, single, single, integer, 1, 1, 1, false, false, false));
    }

    [TestCase("own", false), TestCase("clblast", true), TestCase("cublas", false)]
    public void The_environment_chooses_who_multiplies(string choice, bool isThere)
    {
        string? before = Environment.GetEnvironmentVariable("KSLOTTERY_GEMM");
        Environment.SetEnvironmentVariable("KSLOTTERY_GEMM", choice);
        try
        {
            using OpenClDevice device = OpenClDeviceTests.Open();
            Assert.That(device.Gemm?.Name, Is.EqualTo(isThere ? "clblast" : null));
        }
        finally
        {
            Environment.SetEnvironmentVariable("KSLOTTERY_GEMM", before);
        }
    }

    [Test]
    public void By_itself_it_is_taken_on_graphics_processors_alone()
    {
        string? before = Environment.GetEnvironmentVariable("KSLOTTERY_GEMM");
        Environment.SetEnvironmentVariable("KSLOTTERY_GEMM", null);
        try
        {
            using OpenClDevice device = OpenClDeviceTests.Open();
            Assert.That(device.Gemm is not null, Is.EqualTo(device.Facts.Type.HasFlag(OpenClDeviceType.Gpu)));
        }
        finally
        {
            Environment.SetEnvironmentVariable("KSLOTTERY_GEMM", before);
        }
    }

    private static float Stored(float value, ElementType type) => type switch
    {
        ElementType.F16 => (float)(Half)value,
        ElementType.BF16 => HalfPrecision.FromBFloat16(HalfPrecision.ToBFloat16(value)),
        _ => value,
    };

    private static float[] Numbers(int count, int seed)
    {
        System.Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }

    private float[] Multiply(float[] c, float[] a, float[] b, ElementType type, int m, int n, int k, bool transposeA, bool transposeB,
        bool accumulate)
    {
        // Each matrix lies behind three elements that are not its own.
        const int Gap = 3;
        byte[] weights = RowRounding.ToBytes(b, type);
        using DeviceBuffer left = Put(MemoryMarshal.AsBytes(a.AsSpan()), Gap * 4), right = Put(weights, Gap * type.ByteSize()),
            target = Put(MemoryMarshal.AsBytes(c.AsSpan()), Gap * 4);
        _gemm.Multiply(_queue, new(target, Gap, ElementType.F32), new(left, Gap, ElementType.F32), new(right, Gap, type), m, n, k,
            transposeA, transposeB, accumulate);
        using StagingBuffer staging = _device.AllocateStaging((c.Length + Gap) * sizeof(float));
        _queue.Read(staging, 0, target, 0, staging.ByteLength);
        _queue.Finish();
        return MemoryMarshal.Cast<byte, float>(staging.Bytes)[Gap..].ToArray();
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
}
